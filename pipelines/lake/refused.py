"""Sums what was refused and stands open, as far as it can be read (SPEC §3.4)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from pipelines.lake import reading
from pipelines.lake.dead_letters import LETTERS_AT_ONCE, OPEN
from schemas.readable import Readable, readable

_OPEN = (
    "SELECT reason, coalesce(payload, ''::BLOB) AS kept, attributes,"
    " coalesce(payload_size > octet_length(kept), false) FROM warehouse.dead_letter"
    f" WHERE {OPEN}"
)


@dataclass(frozen=True)
class Refused:
    """Open dead letters, by reason: those of a time before an instant, and those without a time."""

    letters: dict[str, int] = field(default_factory=dict)
    """How many have a time before the instant."""
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Micros of their fees, training fees and revenues that can be read, by reason and currency."""
    undated: dict[str, int] = field(default_factory=dict)
    """How many have no time, or none that can be read."""


def refused(connection: duckdb.DuckDBPyConnection, before: datetime | None) -> Refused:
    """Return what stands open with a time before an instant, naive in UTC; None: of any time."""
    letters: Counter[str] = Counter()
    undated: Counter[str] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    for reason, letter in _open_letters(connection):
        if letter.occurred_at is None:
            undated[reason] += 1
        elif before is None or letter.occurred_at < before:
            letters[reason] += 1
            for currency, micros in letter.amounts:
                sums[reason, currency] += micros
    return Refused(_sorted(letters), _by_reason(sums), _sorted(undated))


def refused_of(
    connection: duckdb.DuckDBPyConnection, source: str, since: datetime, until: datetime
) -> dict[str, int]:
    """Return by reason how many open dead letters are of a source and of a time, naive in UTC."""
    letters = Counter(
        reason
        for reason, letter in _open_letters(connection)
        if letter.source == source
        and letter.occurred_at is not None
        and since <= letter.occurred_at < until
    )
    return _sorted(letters)


def _open_letters(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Readable]]:
    """Yield the reason of each open dead letter, and what can be read of it."""
    with reading.on_one_core(connection):
        for reason, *received, is_cut in reading.rows(connection, _OPEN, {}, LETTERS_AT_ONCE):
            yield reason, readable(*received, is_cut=is_cut)


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _by_reason(sums: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    amounts: dict[str, dict[str, int]] = {}
    for (reason, currency), micros in sorted(sums.items()):
        amounts.setdefault(reason, {})[currency] = micros
    return amounts
