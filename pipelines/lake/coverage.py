"""Reads how complete the sources of a staged close are: what they reported, and what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import duckdb

from pipelines.lake.refused import refused_of
from pipelines.royalties.money import from_micros
from schemas.instants import written


@dataclass(frozen=True)
class Difference:
    """Something that a report says otherwise than the log."""

    reported_from: datetime
    """The first instant that the report covers, naive in UTC."""
    reported_until: datetime
    """The first instant that it doesn't cover any more."""
    unit: str
    """A type, of which events are counted, or a currency, whose micros are added."""
    is_money: bool
    reported: int
    logged: int

    @property
    def numbers(self) -> tuple[str, str]:
        """What is reported and what is in the log, money in major units."""
        if self.is_money:
            return from_micros(self.reported), from_micros(self.logged)
        return str(self.reported), str(self.logged)

    @property
    def in_words(self) -> str:
        """Of which time, and in what, the report and the log differ."""
        reported, logged = self.numbers
        return (
            f"{written(self.reported_from)} to {written(self.reported_until)}: {self.unit}:"
            f" {reported} reported, {logged} in the log"
        )

    def as_json(self) -> dict[str, str]:
        """Return it as JSON shows it."""
        reported, logged = self.numbers
        return {
            "from": written(self.reported_from),
            "until": written(self.reported_until),
            "unit": self.unit,
            "reported": reported,
            "logged": logged,
        }


@dataclass(frozen=True)
class ClosedDifference:
    """Something that a report of a closed period says otherwise than the log now."""

    period: str
    """The closed period."""
    source: str
    difference: Difference

    def as_json(self) -> dict[str, str]:
        """Return it as JSON shows it."""
        return {"period": self.period, "source": self.source, **self.difference.as_json()}


@dataclass(frozen=True)
class ClosedGap:
    """A time of a closed period that no report covers, though its source had to report."""

    period: str
    source: str
    uncovered_from: datetime
    """The first such instant, naive in UTC."""

    def as_json(self) -> dict[str, str]:
        """Return it as JSON shows it."""
        return {
            "period": self.period,
            "source": self.source,
            "uncovered_from": written(self.uncovered_from),
        }


@dataclass(frozen=True)
class Coverage:
    """How complete a source is at a close."""

    source: str
    closed_without: bool
    """Whether the period is closed whatever the source reported."""
    uncovered_from: datetime | None
    """The first instant of the period that no report covers; None where all are covered."""
    differences: Sequence[Difference]
    refused: Mapping[str, int]
    """Open dead letters of the source and of the time of its reports that differ, by reason."""

    @property
    def is_complete(self) -> bool:
        """Whether all of the period is reported, and the log has what is reported."""
        return self.uncovered_from is None and not self.differences

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {
            "source": self.source,
            "closed_without": self.closed_without,
            "uncovered_from": written(self.uncovered_from) if self.uncovered_from else None,
            "differences": [difference.as_json() for difference in self.differences],
            "refused": dict(self.refused),
        }


def reporting_sources(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the sources that any report of the log is of."""
    rows = connection.execute(
        "SELECT DISTINCT reported_source FROM warehouse.source_report ORDER BY ALL"
    ).fetchall()
    return [source for (source,) in rows]


def sources_ever_asked(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the sources that had to report before any period was closed."""
    rows = connection.execute(
        "SELECT DISTINCT source FROM warehouse.close_coverage ORDER BY ALL"
    ).fetchall()
    return [source for (source,) in rows]


def sources_asked(connection: duckdb.DuckDBPyConnection, period: str) -> list[str]:
    """Return the sources that had to report before a period was closed."""
    rows = connection.execute(
        "SELECT source FROM warehouse.close_coverage WHERE period = $period ORDER BY source",
        {"period": period},
    ).fetchall()
    return [source for (source,) in rows]


def reported_until(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return by source how far the reports go without a gap, from the period's start on."""
    return dict(
        connection.execute(
            "SELECT source, reported_until FROM source_coverage ORDER BY source"
        ).fetchall()
    )


def closed_differences(connection: duckdb.DuckDBPyConnection) -> list[ClosedDifference]:
    """Return what reports of closed periods say otherwise than the log, by period and source."""
    rows = connection.execute(
        "SELECT period, source, reported_from, reported_until, unit, is_money, reported, logged"
        " FROM closed_difference ORDER BY period, source, reported_from, is_money, unit"
    ).fetchall()
    return [ClosedDifference(period, source, Difference(*rest)) for period, source, *rest in rows]


def closed_gaps(connection: duckdb.DuckDBPyConnection) -> list[ClosedGap]:
    """Return what was never reported of closed periods, by period and source."""
    rows = connection.execute(
        "SELECT period, source, uncovered_from FROM closed_gap ORDER BY period, source"
    ).fetchall()
    return [ClosedGap(*row) for row in rows]


def coverages(connection: duckdb.DuckDBPyConnection) -> list[Coverage]:
    """Return how complete each source of a staged close is, by its name."""
    differing = connection.execute(
        "SELECT source, reported_from, reported_until, unit, is_money, reported, logged"
        " FROM report_difference ORDER BY source, reported_from, is_money, unit"
    ).fetchall()
    differences = {
        source: [Difference(*values) for _, *values in rows]
        for source, rows in groupby(differing, key=lambda row: row[0])
    }
    sources = connection.execute(
        "SELECT source, closed_without, uncovered_from FROM close_coverage ORDER BY source"
    ).fetchall()
    return [
        Coverage(
            source,
            closed_without,
            uncovered_from,
            found := differences.get(source, []),
            _refused(connection, source, found),
        )
        for source, closed_without, uncovered_from in sources
    ]


def _refused(
    connection: duckdb.DuckDBPyConnection, source: str, differences: Sequence[Difference]
) -> dict[str, int]:
    if not differences:
        return {}
    since = min(difference.reported_from for difference in differences)
    until = max(difference.reported_until for difference in differences)
    return refused_of(connection, source, since, until)
