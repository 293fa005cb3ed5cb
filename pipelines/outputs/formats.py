"""Names the forms that statements leave the warehouse in, and writes money as text."""

from enum import StrEnum

_DECIMALS = 6


class Format(StrEnum):
    """What statements can be exported as."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def money_text(micros: int) -> str:
    """Write micros as a decimal of the major unit, 6 decimals, `-` before negatives (SPEC §7.2)."""
    digits = str(abs(micros)).zfill(_DECIMALS + 1)
    return f"{'-' if micros < 0 else ''}{digits[:-_DECIMALS]}.{digits[-_DECIMALS:]}"
