"""Money as text, to the largest amount that a column holds."""

import pytest

from pipelines.royalties.money import from_micros


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        (0, "0.000000"),
        (1, "0.000001"),
        (-1, "-0.000001"),
        (1_000_000, "1.000000"),
        (-13_636_363_636, "-13636.363636"),
        (10**38 - 1, "99999999999999999999999999999999.999999"),
    ],
)
def test_money_has_six_decimals(micros: int, expected: str) -> None:
    """A `-` stands before negatives, no amount is rounded."""
    assert expected == from_micros(micros)
