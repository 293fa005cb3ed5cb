"""What the gate uses of Great Expectations, imported once, whatever the process's environment.

Its import takes seconds, asks for a home directory, where it would look for settings that a check
doesn't need, and warns its developers: without a home, or with warnings that are errors, it fails.
So it gets a home where nothing is, and its warnings are not raised.
Of what it imports for expectations that aren't ours, the modules in `_UNUSED` take half of the
time: they are loaded once somebody uses them, so here never.
All of it is the process's, and other threads see it, for as long as the import lasts: once, since
Python imports a module in one thread at a time, and no longer.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from pathlib import Path
from typing import Final

_UNUSED: Final = frozenset({"altair", "boto3", "jsonschema", "scipy.stats"})
"""What draws charts, reads buckets, checks JSON and knows distributions."""


@contextmanager
def _home() -> Iterator[None]:
    """Have a home directory: the user's, or one that holds nothing and can't.

    Great Expectations asks `Path.home()` in a class's body; no setting of its own avoids that.
    """
    try:
        Path.home()
    except RuntimeError:
        before = os.environ.get("HOME")
        os.environ["HOME"] = os.devnull
        try:
            yield
        finally:
            if before is None:
                del os.environ["HOME"]
            else:
                os.environ["HOME"] = before
    else:
        yield


class _LaterFinder:
    """Finds modules that are loaded when something of them is used."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _: object = None) -> ModuleSpec | None:
        """Return how such a module is loaded; None for all others, and where it isn't there."""
        spec = PathFinder.find_spec(name, path) if name in _UNUSED else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def _unused_left_out() -> Iterator[None]:
    sys.meta_path.insert(0, _LaterFinder)
    try:
        yield
    finally:
        sys.meta_path.remove(_LaterFinder)


with warnings.catch_warnings(), _home(), _unused_left_out():
    warnings.simplefilter("ignore")
    import great_expectations
    from great_expectations.compatibility.pydantic import validator
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.core.unexpected_rows_expectation import (
        UnexpectedRowsExpectation,
    )

__all__ = [
    "Batch",
    "DataContextConfig",
    "ExpectationValidationResult",
    "InMemoryStoreBackendDefaults",
    "ProgressBarsConfig",
    "UnexpectedRowsExpectation",
    "great_expectations",
    "validator",
]
