"""Money: text to micros and back (SPEC §3.2, §7.2)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.royalties.money import from_micros, to_micros


@given(
    st.from_regex(
        r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?",
        fullmatch=True,
        alphabet=st.characters(codec="ascii"),
    )
)
def test_an_amount_is_read_exactly(text: str) -> None:
    """Micros are a million times the decimal that the text stands for."""
    assert Decimal(text) * 10**6 == to_micros(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "01",
        "1.",
        ".5",
        "1.0000000",
        "1000000000000",
        "1e3",
        " 1",
        "1\n",
        "\u0661",
        "1,5",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """A sign, an exponent, a leading zero, a 7th decimal, a 13th digit: none is an amount."""
    with pytest.raises(ValueError, match="not an amount"):
        to_micros(text)


@given(st.integers(0, 10**18 - 1))
def test_micros_survive_being_written(micros: int) -> None:
    """What is written is read back as it was."""
    assert micros == to_micros(from_micros(micros))


@given(st.integers(-(10**38) + 1, 10**38 - 1))
def test_money_is_written_with_six_decimals(micros: int) -> None:
    """The text is the exact decimal, with 6 decimals, and `-` only before what is below 0."""
    text = from_micros(micros)
    sign, digits, exponent = Decimal(text).as_tuple()
    assert -6 == exponent
    assert abs(micros) == int("".join(map(str, digits)))
    assert (micros < 0) == bool(sign)


def test_a_part_of_a_unit_keeps_its_zeros() -> None:
    """Below one unit there is a zero before the point, and 0 has no sign."""
    assert ["0.000000", "0.000001", "-0.050000"] == [from_micros(n) for n in (0, 1, -50_000)]
