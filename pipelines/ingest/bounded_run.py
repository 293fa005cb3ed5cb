"""Runs a bounded pipeline in this process, and fails as its step failed (SPEC §4, §7.3)."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

_MARK = "[while running '"
"""Stands in what Beam makes of the error of a step."""


@contextmanager
def bounded_run() -> Iterator[beam.Pipeline]:
    """Return a pipeline that is run to its end when the context ends.

    Raises what a step raised, as the step raised it: Beam wraps it, and logs it with a traceback.
    """
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    options = PipelineOptions([], save_main_session=False)
    _keep_from_collector()
    try:
        with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
            yield pipeline
    except Exception as error:
        if _MARK in str(error) and error.__context__ is not None:
            raise error.__context__ from None
        raise


def _keep_from_collector() -> None:
    """Collect what the run before left in cycles; keep what was there before the first from it.

    A batch makes millions of records; going over all modules with each of the collector's rounds
    takes a twentieth of the time. What a run leaves can hold a whole batch, in a few objects that
    the collector would be long in coming to.
    """
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()
