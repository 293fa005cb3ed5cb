"""Instants as canonical text: UTC, 6 decimals, `Z` (SPEC §3.1, §4)."""

from datetime import UTC, datetime
from typing import Final

PATTERN: Final = (
    r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339 with an offset, the year as written one of 2000 to 2099."""

_WHOLE_SECOND: Final = len("2026-10-01T08:00:00Z")
_YEARS: Final = range(2000, 2100)


def canonical(text: str) -> str:
    """Return an instant that matches `PATTERN` in UTC with 6 decimals and `Z`.

    Raises `ValueError` where there is no such day, or the year in UTC is none of 2000 to 2099.
    """
    if len(text) == _WHOLE_SECOND:  # nearly all are, and it is UTC already
        return datetime.fromisoformat(text[:-1]).isoformat() + ".000000Z"
    utc = datetime.fromisoformat(text.upper()).astimezone(UTC)
    if utc.year not in _YEARS:
        message = "the year in UTC is none of 2000 to 2099"
        raise ValueError(message)
    return written(utc.replace(tzinfo=None))


def written(moment: datetime) -> str:
    """Write a naive datetime in UTC as a canonical instant."""
    return moment.isoformat(timespec="microseconds") + "Z"


def read(instant: str) -> datetime:
    """Read a canonical instant as a naive datetime in UTC."""
    return datetime.fromisoformat(instant[:-1])
