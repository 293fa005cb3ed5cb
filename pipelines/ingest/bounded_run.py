"""Runs a bounded pipeline, and fails as its step failed (SPEC §4, §7.3).

Beam, whose import takes a second, is imported by the first run, or by what asks for its options.
"""

import argparse
import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from pipelines.errors import TryAgainError, UsageError
from pipelines.runners import Runner

if TYPE_CHECKING:
    import apache_beam as beam

_MARK = "[while running '"
"""Stands in what Beam makes of the error of a step."""


@dataclass(frozen=True)
class Engine:
    """What runs a pipeline, and Beam's options for it."""

    runner: Runner = Runner.EMBEDDED
    options: tuple[str, ...] = ()

    def refuse_unless_usable(self) -> None:
        """Raise UsageError where the runner isn't installed, or Beam has no such option."""
        if self == EMBEDDED:
            return
        from apache_beam.options.pipeline_options import PipelineOptions

        self.make()
        parser = argparse.ArgumentParser(
            exit_on_error=False, allow_abbrev=False, conflict_handler="resolve", add_help=False
        )
        for kind in PipelineOptions.__subclasses__():
            # as Beam has each kind add its own
            kind._add_argparse_args(cast("Any", parser))  # noqa: SLF001
        try:
            given, unknown = parser.parse_known_args(list(self.options))
        except (argparse.ArgumentError, SystemExit) as error:
            message = f"an option of Beam's, behind --, is off: {error}"
            raise UsageError(message) from error
        if unknown:
            message = f"{unknown[0]}: Beam has no such option; what stands behind -- is Beam's"
            raise UsageError(message)
        if given.runner:
            message = "name the runner before --, as in --runner dask"
            raise UsageError(message)
        self._refuse_unless_led(given)

    def _refuse_unless_led(self, given: argparse.Namespace) -> None:
        """Raise UsageError where Beam would start a cluster of its own, or download a program."""
        if self.runner is Runner.DASK and not (given.address or given.scheduler_file):
            message = "name the scheduler behind --, as in -- --dask_client_address=tcp://HOST:8786"
            raise UsageError(message)
        if self.runner is Runner.PRISM and not given.prism_location:
            message = "name the program behind --, as in -- --prism_location=/usr/local/bin/prism"
            raise UsageError(message)

    def make(self) -> Any:  # noqa: ANN401  Beam's
        """Return the runner.

        Raises UsageError where it isn't installed.
        """
        if self.runner is Runner.DASK:
            try:
                import dask.distributed  # noqa: F401  as Beam's runner does
                from apache_beam.runners.dask.dask_runner import DaskRunner
            except ImportError as error:
                message = f"Dask is not installed ({error}); install manyhands with its extra dask"
                raise UsageError(message) from error
            return DaskRunner()
        if self.runner is Runner.PRISM:
            from apache_beam.runners.portability.prism_runner import PrismRunner

            return PrismRunner()
        from apache_beam.runners.portability.fn_api_runner import FnApiRunner

        return FnApiRunner()

    @property
    def defaults(self) -> Sequence[str]:
        """Options that hold unless others are given."""
        if self.runner is Runner.DASK:
            return ["--dask_partition_size=1"]  # without, 128 elements go to one worker
        if self.runner is Runner.PRISM:
            return ["--environment_type=LOOPBACK"]
        return []


EMBEDDED: Final = Engine()


@contextmanager
def bounded_run(engine: Engine = EMBEDDED) -> "Iterator[beam.Pipeline]":
    """Return a pipeline that is run to its end when the context ends.

    Raises what a step raised, as the step raised it: Beam wraps it, and logs it with a traceback.
    """
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    options = PipelineOptions([*engine.defaults, *engine.options], save_main_session=False)
    _keep_from_collector()
    try:
        pipeline = beam.Pipeline(runner=engine.make(), options=options)
        yield pipeline
        _run(pipeline, engine)
    except Exception as error:
        if _MARK in str(error) and error.__context__ is not None:
            raise error.__context__ from None
        raise


def _run(pipeline: "beam.Pipeline", engine: Engine) -> None:
    try:
        result = pipeline.run()
    except OSError as error:
        if engine.runner is not Runner.DASK:
            raise
        message = f"Dask's scheduler can't be reached ({error}); run the command again later"
        raise TryAgainError(message) from error
    try:
        result.wait_until_finish()
    finally:
        if client := getattr(result, "client", None):  # Dask's, which Beam leaves open
            client.close()


def _keep_from_collector() -> None:
    """Collect what the run before left in cycles; keep what was there before the first from it.

    A batch makes millions of records; going over all modules with each of the collector's rounds
    takes a twentieth of the time. What a run leaves can hold a whole batch, in a few objects that
    the collector would be long in coming to.
    """
    gc.collect()
    _freeze_once()


@cache
def _freeze_once() -> None:
    """Freeze at the first call alone; asking the collector whether it did counts all objects."""
    gc.freeze()
