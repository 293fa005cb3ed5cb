"""Periods: names, spans and the calendar (SPEC §6)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.royalties.periods import Cadence, Period

cadences = st.sampled_from(Cadence)
instants = st.datetimes(
    datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31T23:59:59.999999")
)


@given(instants, cadences)
def test_an_instant_lies_in_its_period(instant: datetime, cadence: Cadence) -> None:
    """A period is half-open: its start is in it, its end is not."""
    period = Period.containing(instant, cadence)
    assert period.starts_at <= instant < period.ends_at


@given(instants, cadences)
def test_a_name_is_read_back(instant: datetime, cadence: Cadence) -> None:
    """Parsing a name gives the period that has it."""
    period = Period.containing(instant, cadence)
    assert period == Period.parse(period.name, cadence)


@given(instants, cadences, st.integers(-40, 400))
def test_steps_add_up(instant: datetime, cadence: Cadence, count: int) -> None:
    """`plus` goes as far as that many `next` would, and back."""
    period = Period.containing(instant, cadence)
    assert period == period.plus(count).plus(-count)
    assert period.plus(count + 1) == period.plus(count).next()


@given(instants, cadences)
def test_periods_leave_no_gap(instant: datetime, cadence: Cadence) -> None:
    """The next period starts where this one ends, the day after its last."""
    period = Period.containing(instant, cadence)
    assert period.ends_at == period.next().starts_at
    assert period.ends_at.date() == period.last_on + timedelta(days=1)


@given(instants, instants, cadences)
def test_names_sort_by_time(one: datetime, other: datetime, cadence: Cadence) -> None:
    """Of one cadence, periods and their names sort as their starts do."""
    first, second = Period.containing(one, cadence), Period.containing(other, cadence)
    assert (first.starts_at < second.starts_at) == (first < second) == (first.name < second.name)


@given(instants, cadences)
def test_months_cover_the_period(instant: datetime, cadence: Cadence) -> None:
    """The calendar months of a period are those whose first day lies in it."""
    period = Period.containing(instant, cadence)
    months = period.months()
    assert cadence.months == len(months)
    assert period.starts_at.date() == months[0]
    assert {period} == {
        Period.containing(datetime.fromisoformat(month.isoformat()), cadence) for month in months
    }


@pytest.mark.parametrize(
    ("cadence", "name", "last_on"),
    [
        (Cadence.MONTH, "2026-10", date(2026, 10, 31)),
        (Cadence.MONTH, "2028-02", date(2028, 2, 29)),
        (Cadence.QUARTER, "2026-Q4", date(2026, 12, 31)),
        (Cadence.HALF, "2026-H1", date(2026, 6, 30)),
        (Cadence.YEAR, "2026", date(2026, 12, 31)),
    ],
)
def test_a_period_is_named_as_specified(cadence: Cadence, name: str, last_on: date) -> None:
    """Each cadence has its own way to name periods."""
    period = Period.parse(name, cadence)
    assert name == period.name
    assert last_on == period.last_on


def test_a_reserve_may_be_due_after_2099() -> None:
    """Periods go on after the last year that an event may have."""
    assert "2123" == Period.parse("2099", Cadence.YEAR).plus(24).name


@pytest.mark.parametrize("cadence", Cadence)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-1",
        "2026-Q5",
        "2026-q4",
        "2026-H3",
        "26",
        "2026-10\n",
        "٢٠٢٦",
    ],
)
def test_what_is_no_period_is_refused(text: str, cadence: Cadence) -> None:
    """The message says what was expected and how to write it."""
    with pytest.raises(ValueError, match=rf"not a {cadence}: .*write it as 2026"):
        Period.parse(text, cadence)


def test_a_period_of_another_cadence_is_refused() -> None:
    """A quarter is no month, however well it is written."""
    with pytest.raises(ValueError, match="not a month: '2026-Q4'"):
        Period.parse("2026-Q4", Cadence.MONTH)
