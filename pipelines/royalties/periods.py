"""Periods: UTC, half-open, by one cadence (SPEC §6)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

_MONTHS_PER_YEAR = 12


class Cadence(StrEnum):
    """How often a warehouse closes."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"

    @property
    def length(self) -> int:
        """Give the months of one period."""
        return {"month": 1, "quarter": 3, "half": 6, "year": 12}[self.value]


_FORMS = {
    Cadence.MONTH: (re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])"), "{year:04d}-{number:02d}"),
    Cadence.QUARTER: (re.compile(r"([0-9]{4})-Q([1-4])"), "{year:04d}-Q{number}"),
    Cadence.HALF: (re.compile(r"([0-9]{4})-H([12])"), "{year:04d}-H{number}"),
    Cadence.YEAR: (re.compile(r"([0-9]{4})()"), "{year:04d}"),
}


@dataclass(frozen=True, order=True)
class Period:
    """A period of a cadence; periods of one cadence are ordered by time."""

    cadence: Cadence
    index: int
    """How many periods of the cadence lie between the year 0 and this one."""

    @classmethod
    def parse(cls, text: str, cadence: Cadence) -> Self:
        """Read a name like `2026-10`, `2026-Q4`, `2026-H2` or `2026`.

        Raises ValueError where it isn't the name of a period of the cadence.
        """
        match = _FORMS[cadence][0].fullmatch(text)
        if match is None or int(match[1]) == 0:
            example = cls.containing(datetime(2026, 10, 1), cadence).name  # noqa: DTZ001  UTC
            message = f"{text!r} is no {cadence} such as {example}"
            raise ValueError(message)
        per_year = _MONTHS_PER_YEAR // cadence.length
        return cls(cadence, int(match[1]) * per_year + int(match[2] or 1) - 1)

    @classmethod
    def containing(cls, instant: datetime, cadence: Cadence) -> Self:
        """Give the period that an instant in UTC lies in."""
        months = instant.year * _MONTHS_PER_YEAR + instant.month - 1
        return cls(cadence, months // cadence.length)

    @property
    def name(self) -> str:
        """Give the period's name."""
        year, rest = divmod(self.index, _MONTHS_PER_YEAR // self.cadence.length)
        return _FORMS[self.cadence][1].format(year=year, number=rest + 1)

    @property
    def starts_at(self) -> datetime:
        """Give the first instant, in UTC."""
        year, month = divmod(self.index * self.cadence.length, _MONTHS_PER_YEAR)
        return datetime(year, month + 1, 1)  # noqa: DTZ001  naive is UTC here

    @property
    def ends_at(self) -> datetime:
        """Give the first instant after it, in UTC."""
        return self.next().starts_at

    @property
    def last_on(self) -> date:
        """Give the last day."""
        return (self.ends_at - timedelta(days=1)).date()

    def next(self) -> Self:
        """Give the period after this one."""
        return self.plus(1)

    def plus(self, count: int) -> Self:
        """Give the period `count` later."""
        return type(self)(self.cadence, self.index + count)

    def months(self) -> list[date]:
        """Give the first day of each calendar month in it."""
        start = self.index * self.cadence.length
        years_months = (divmod(start + n, _MONTHS_PER_YEAR) for n in range(self.cadence.length))
        return [date(year, month + 1, 1) for year, month in years_months]
