"""Of many tests of one kind `make test` has some, and `make faults` all."""

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def one_of(every: int, values: Sequence[object]) -> list[ParameterSet]:
    """Mark as long all of the values of a test but one of so many, beginning with the first."""
    return [
        pytest.param(value, marks=[pytest.mark.long] if place % every else [])
        for place, value in enumerate(values)
    ]
