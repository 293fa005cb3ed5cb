"""Money as text and as exact micros: 10^-6 of a currency's major unit (SPEC §3.2)."""

import re
from typing import Final

MICRO_DIGITS: Final = 6
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?")


def to_micros(text: str) -> int:
    """Read an amount in micros: `1.5` is 1,500,000.

    Raises ValueError where the text isn't an amount of SPEC §3.2: it has no sign, no exponent
    and no leading zeros, up to 12 digits before the point and up to 6 after it.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        message = f"not an amount: {text!r}; write up to 12 digits, and up to 6 after a point"
        raise ValueError(message)
    whole, fraction = match.groups(default="")
    return int(whole + fraction.ljust(MICRO_DIGITS, "0"))


def from_micros(micros: int) -> str:
    """Write micros with 6 decimals, and `-` before negatives, as statements do (SPEC §7.2)."""
    digits = str(abs(micros)).zfill(MICRO_DIGITS + 1)
    sign = "-" if micros < 0 else ""
    return f"{sign}{digits[:-MICRO_DIGITS]}.{digits[-MICRO_DIGITS:]}"
