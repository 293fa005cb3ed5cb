"""Decimal strings: plain text and exact integers, never floats (SPEC §3.2, §4)."""


def plain(decimal: str) -> str:
    """Drop the zeros after the point that change nothing: `1.50` is `1.5`, `2.0` is `2`."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def scaled(decimal: str, digits: int) -> int:
    """Return a decimal as an exact integer of 10^-digits: `0.5` with 6 digits is 500,000.

    The decimal has no more than `digits` digits after its point.
    """
    whole, _, fraction = decimal.partition(".")
    return int(whole + fraction.ljust(digits, "0"))
