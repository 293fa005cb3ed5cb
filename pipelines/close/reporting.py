"""Lets a period close only where its sources reported what they sent, and it is there (SPEC §6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from pipelines.errors import GateError, TryAgainError
from pipelines.lake.coverage import ClosedDifference, ClosedGap, Coverage
from schemas.instants import written


@dataclass(frozen=True)
class Reporting:
    """Which sources have to report before a period closes."""

    sources: Sequence[str] = ()
    without: Sequence[str] = ()
    """Those of them that a period is closed without, whatever they reported."""
    policy: str = ""
    """In words the source policy that says so; empty where none was asked."""

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


def who_is_complete(period: str, coverages: Sequence[Coverage]) -> str:
    """Return in words which sources reported all of a period, and which it is closed without."""
    if not coverages:
        return f"{period}: no source has to report what it sent"
    complete = [coverage.source for coverage in coverages if coverage.is_complete]
    others = [coverage.source for coverage in coverages if not coverage.is_complete]
    parts = [f"complete sources: {', '.join(complete) or 'none'}"]
    if others:
        parts.append(f"without {', '.join(others)}")
    return f"{period}: {'; '.join(parts)}"


def no_longer_asked(period: str, asked: Iterable[str], reporting: Reporting) -> Iterator[str]:
    """Yield a warning where sources that had to report before the last close needn't now.

    `period` is that of the last close, and `asked` are the sources that it asked.
    """
    missing = [source for source in asked if source not in reporting.sources]
    if missing:
        yield (
            f"warning: {', '.join(missing)} had to report before {period} was closed, and needn't"
            " by the source policy that holds now; if that isn't wanted, name the file of the"
            " right one with --source-policy FILE"
        )


def differences_in_words(differences: Iterable[ClosedDifference]) -> Iterator[str]:
    """Yield warnings, in lines, of closed periods of which reports and the log differ."""
    found = False
    for period, of_period in groupby(differences, key=lambda one: one.period):
        found = True
        yield f"warning: {period} is closed, and the log isn't what was reported of it"
        for one in of_period:
            yield f"  {one.source}, {one.difference.in_words}"
    if found:
        yield (
            "send what is missing, or a later report that is right; what the log has more by now"
            " is an adjustment of the next close"
        )


def gaps_in_words(gaps: Iterable[ClosedGap]) -> Iterator[str]:
    """Yield a warning for each closed period and source that wasn't reported whole."""
    for gap in gaps:
        yield (
            f"warning: {gap.period} is closed, and {gap.source} has not reported all of it:"
            f" no report that counts from {written(gap.uncovered_from)} on"
        )


def _silence(period: str, silent: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    yield f"{period} isn't closed: not all of it was reported"
    for source, since in silent:
        yield f"  {source}: no report from {written(since)} on"
    yield (
        "wait for these reports, or close --without SOURCE; `manyhands deadletter list` shows"
        " whether one came and was refused"
    )


def _letters(refused: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in refused.items()) or "none"


def _differences(period: str, differing: Iterable[Coverage]) -> Iterator[str]:
    yield f"{period} isn't closed: the log isn't what was reported"
    for coverage in differing:
        for difference in coverage.differences:
            yield f"  {coverage.source}, {difference.in_words}"
        yield f"  {coverage.source}: dead letters of this time: {_letters(coverage.refused)}"
    yield "send what is missing, or a later report that is right, or close --without SOURCE"
