"""Of many tests of one kind the everyday groups have some, and `make faults` the others."""

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def one_of(every: int, values: Sequence[object]) -> list[ParameterSet]:
    """Mark as long all of the values of a test but one of so many, beginning with the first."""
    return [
        pytest.param(value, marks=[pytest.mark.long] if place % every else [])
        for place, value in enumerate(values)
    ]


def some_of(chosen: Sequence[object], values: Sequence[object]) -> list[ParameterSet]:
    """Mark as long all of the values of a test but those that are chosen."""
    assert set(chosen) <= set(values)
    return [
        pytest.param(value, marks=[] if value in chosen else [pytest.mark.long]) for value in values
    ]
