"""Lets a period close only where its sources reported what they sent, and it is there (SPEC §6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.errors import GateError, TryAgainError
from pipelines.lake.coverage import Coverage
from schemas.instants import written


@dataclass(frozen=True)
class Reporting:
    """Which sources have to report before a period closes."""

    sources: Sequence[str] = ()
    without: Sequence[str] = ()
    """Those of them that a period is closed without, whatever they reported."""

    def rows(self) -> list[tuple[str, bool]]:
        """Return each source, and whether the period is closed without it."""
        return [(source, source in self.without) for source in self.sources]


NOBODY: Final = Reporting()
"""No source has to."""


def refuse_unless_complete(period: str, coverages: Iterable[Coverage]) -> None:
    """Refuse to close where a source is silent, or where the log isn't what it reported.

    Raises TryAgainError where a part of the period isn't reported, GateError where a report and
    the log differ.
    """
    needed = [coverage for coverage in coverages if not coverage.closed_without]
    silent = [
        (coverage.source, coverage.uncovered_from) for coverage in needed if coverage.uncovered_from
    ]
    if silent:
        raise TryAgainError("\n".join(_silence(period, silent)))
    differing = [coverage for coverage in needed if coverage.differences]
    if differing:
        raise GateError("\n".join(_differences(period, differing)))


def _silence(period: str, silent: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    yield f"{period} isn't closed: not all of it was reported"
    for source, since in silent:
        yield f"  {source}: no report from {written(since)} on"
    yield "wait for these reports, or close --without SOURCE"


def _letters(refused: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in refused.items()) or "none"


def _differences(period: str, differing: Iterable[Coverage]) -> Iterator[str]:
    yield f"{period} isn't closed: the log isn't what was reported"
    for coverage in differing:
        for difference in coverage.differences:
            reported, logged = difference.numbers
            yield (
                f"  {coverage.source}, {written(difference.reported_from)} to"
                f" {written(difference.reported_until)}: {difference.unit}: {reported} reported,"
                f" {logged} in the log"
            )
        yield f"  {coverage.source}: dead letters of this time: {_letters(coverage.refused)}"
    yield "send what is missing, or a later report that is right, or close --without SOURCE"
