"""What the gate uses of Great Expectations, imported once, whatever the process's environment.

Its import takes seconds, asks for a home directory, where it would look for settings that a check
doesn't need, and warns its developers: without a home, or with warnings that are errors, it fails.
So it gets a home where nothing is, and its warnings are not raised.
Both are the process's, and other threads see them, for as long as the import lasts: once, since
Python imports a module in one thread at a time, and no longer.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


with warnings.catch_warnings(), _home():
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
