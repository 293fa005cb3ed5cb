"""Periods: half-open spans of UTC that statements are made for (SPEC §6).

Instants are naive datetimes in UTC.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

_MONTHS_A_YEAR: Final = 12


class Cadence(StrEnum):
    """How long a warehouse's periods are."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many calendar months a period has."""
        return _MONTHS[self]


_MONTHS: Final = {Cadence.MONTH: 1, Cadence.QUARTER: 3, Cadence.HALF: 6, Cadence.YEAR: 12}
_MARK: Final = {Cadence.MONTH: "-", Cadence.QUARTER: "-Q", Cadence.HALF: "-H", Cadence.YEAR: ""}
_NAME: Final = {
    Cadence.MONTH: re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])"),
    Cadence.QUARTER: re.compile(r"(2[0-9]{3})-Q([1-4])"),
    Cadence.HALF: re.compile(r"(2[0-9]{3})-H([12])"),
    Cadence.YEAR: re.compile(r"(2[0-9]{3})"),
}
_EXAMPLE: Final = {
    Cadence.MONTH: "2026-10",
    Cadence.QUARTER: "2026-Q4",
    Cadence.HALF: "2026-H2",
    Cadence.YEAR: "2026",
}


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A month, quarter, half or year; of one cadence they sort by time.

    `index` counts from 1 within the year: October is 10, the last quarter is 4, a year is 1.
    """

    cadence: Cadence
    year: int
    index: int

    @classmethod
    def parse(cls, text: str, cadence: Cadence) -> Self:
        """Read a period's name: `2026-10`, `2026-Q4`, `2026-H2`, `2026`; years 2000 to 2999.

        Raises ValueError where the text isn't the name of a period of the cadence.
        """
        match = _NAME[cadence].fullmatch(text)
        if match is None:
            message = f"not a {cadence.value}: {text!r}; write it as {_EXAMPLE[cadence]}"
            raise ValueError(message)
        year, index = (*match.groups(), "1")[:2]
        return cls(cadence, int(year), int(index))

    @classmethod
    def containing(cls, instant: datetime, cadence: Cadence) -> Self:
        """Return the period of the cadence that an instant, naive and in UTC, lies in."""
        return cls(cadence, instant.year, (instant.month - 1) // cadence.months + 1)

    @property
    def name(self) -> str:
        """The period as it stands in statements and files; names of one cadence sort by time."""
        if self.cadence is Cadence.YEAR:
            return f"{self.year:04}"
        width = 2 if self.cadence is Cadence.MONTH else 1
        return f"{self.year:04}{_MARK[self.cadence]}{self.index:0{width}}"

    @property
    def starts_at(self) -> datetime:
        """The first instant in it."""
        month = (self.index - 1) * self.cadence.months + 1
        return datetime(self.year, month, 1)  # noqa: DTZ001  instants are naive and in UTC

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.next().starts_at

    @property
    def last_on(self) -> date:
        """The last day in it."""
        return (self.ends_at - timedelta(days=1)).date()

    def months(self) -> tuple[date, ...]:
        """Return the first day of each calendar month in it, in order."""
        first = self.starts_at.date()
        return tuple(
            first.replace(month=first.month + ahead) for ahead in range(self.cadence.months)
        )

    def next(self) -> Self:
        """Return the period that begins where this one ends."""
        return self.plus(1)

    def plus(self, count: int) -> Self:
        """Return the period `count` periods later, or earlier where `count` is below 0."""
        a_year = _MONTHS_A_YEAR // self.cadence.months
        year, index = divmod(self.year * a_year + self.index - 1 + count, a_year)
        return type(self)(self.cadence, year, index + 1)
