"""Reads what was refused (SPEC §3.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

import duckdb

from pipelines.errors import ManyhandsError, NotFoundError, UsageError
from pipelines.lake.reading import rows
from schemas.rejection import Reason

SHORTEST_ID: Final = 8
LETTERS_AT_ONCE: Final = 64
"""Dead letters in memory at once, with up to 64 KiB of payload each."""

OPEN: Final = "resolved_at IS NULL AND dismissed_at IS NULL"
"""Nothing became of a letter, and nobody said that nothing will."""

_IN_ORDER: Final = "received_at, origin, TRY_CAST(origin_item AS BIGINT), origin_item, id"
"""By time, then by place: lines of a file in their order."""


class DeadLetter(NamedTuple):
    """One thing refused, as a list shows it."""

    id: str
    origin: str
    """`file:line`, or the subscription and the message's id."""
    reason: str
    received_at: datetime
    attempts: int
    """How often it was replayed."""
    resolved: bool
    dismissed: bool


class Detail(NamedTuple):
    """What was wrong with a dead letter, what it was, and what became of it."""

    path: str
    message: str
    processor: str
    payload: bytes
    """The bytes received, of larger ones the first 64 KiB."""
    payload_size: int
    payload_sha256: str
    resolved_at: datetime | None
    dismissed_at: datetime | None
    note: str | None
    """Why it was dismissed."""


class Letter(NamedTuple):
    """A dead letter with all that is kept of it."""

    id: str
    origin: str
    origin_item: str
    reason: str
    path: str
    message: str
    received_at: datetime
    attempts: int
    attributes: str | None
    """JSON of binary mode's; None in structured mode."""
    payload: bytes
    payload_size: int
    payload_sha256: str
    is_resolved: bool
    is_as_kept: bool
    """Whether its id is that of its place and of the payload that is kept."""

    @property
    def place(self) -> str:
        """Where it came from, as a list shows it."""
        return f"{self.origin}:{self.origin_item}"

    @property
    def is_whole(self) -> bool:
        """Whether all of it is kept.

        Raises ManyhandsError where its payload isn't what was refused.
        """
        if self.payload_size == len(self.payload) and not self.is_as_kept:
            message = (
                f"dead letter {self.id}: its payload isn't the one that was refused, so the"
                " warehouse was edited; restore a backup"
            )
            raise ManyhandsError(message)
        return self.payload_size == len(self.payload)


_LETTER: Final = (
    "id, origin, origin_item, reason, path, message, received_at, attempts, attributes,"
    " coalesce(payload, ''::BLOB) AS kept, payload_size, payload_sha256, resolved_at IS NOT NULL,"
    " id = letter_id(origin, origin_item, sha256(kept))"
)


@dataclass(frozen=True)
class Choice:
    """Which dead letters are asked for."""

    ids: tuple[str, ...] = ()
    """Those, whatever became of them; none: all that are open."""
    reason: str | None = None
    """Those of this reason alone."""


def dead_letters(
    connection: duckdb.DuckDBPyConnection, *, closed_too: bool = False
) -> Iterator[DeadLetter]:
    """Return what was refused and is open, or all of it, in order."""
    which = "true" if closed_too else OPEN
    query = f"SELECT {_COLUMNS} FROM warehouse.dead_letter WHERE {which} ORDER BY {_IN_ORDER}"
    return (DeadLetter(*row) for row in rows(connection, query, {}))


_COLUMNS = (
    "id, origin || ':' || origin_item AS place, reason, received_at, attempts,"
    " resolved_at IS NOT NULL, dismissed_at IS NOT NULL"
)


def length_of_ids(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many digits of their ids are enough to name each dead letter."""
    longest = 64
    for length in range(SHORTEST_ID, longest, 4):
        ((unique,),) = connection.execute(
            "SELECT count(DISTINCT id) = count(DISTINCT left(id, $length))"
            " FROM warehouse.dead_letter",
            {"length": length},
        ).fetchall()
        if unique:
            return length
    return longest


def find(connection: duckdb.DuckDBPyConnection, prefix: str) -> tuple[DeadLetter, Detail]:
    """Return the one dead letter whose id begins with `prefix`.

    Raises NotFoundError where none does, UsageError where several do.
    """
    found = connection.execute(
        f"SELECT {_COLUMNS}, path, message, processor, payload, payload_size, payload_sha256,"
        " resolved_at, dismissed_at, note"
        " FROM warehouse.dead_letter WHERE starts_with(id, $prefix) LIMIT 2",
        {"prefix": prefix},
    ).fetchall()
    if not found:
        message = f"no dead letter {prefix}; `manyhands deadletter list --all` names them"
        raise NotFoundError(message)
    if len(found) > 1:
        message = f"several dead letters begin with {prefix}; give more of the id"
        raise UsageError(message)
    fields = len(DeadLetter._fields)
    return DeadLetter(*found[0][:fields]), Detail(*found[0][fields:])


def named(connection: duckdb.DuckDBPyConnection, choice: Choice) -> Choice:
    """Return a choice with whole ids, each once.

    Raises NotFoundError where one names no letter, UsageError where it names several, or one of
    another reason than was asked for, or where there is no such reason.
    """
    if choice.reason is not None and choice.reason not in set(Reason):
        message = f"{choice.reason}: no reason to refuse an event; they are {', '.join(Reason)}"
        raise UsageError(message)
    found = {letter.id: letter for letter, _ in (find(connection, one) for one in choice.ids)}
    for letter in found.values():
        if choice.reason not in {None, letter.reason}:
            message = f"dead letter {letter.id} is {letter.reason}, not {choice.reason}"
            raise UsageError(message)
    return replace(choice, ids=tuple(found))


def letters(connection: duckdb.DuckDBPyConnection, choice: Choice) -> Iterator[Letter]:
    """Return the letters of a choice whose ids are whole, in order, a bounded number in memory."""
    where, given = _asked(choice)
    query = f"SELECT {_LETTER} FROM warehouse.dead_letter WHERE {where} ORDER BY {_IN_ORDER}"
    found = rows(connection, query, given, LETTERS_AT_ONCE)
    return (Letter._make(row) for row in found)


def reasons(connection: duckdb.DuckDBPyConnection, choice: Choice) -> set[str]:
    """Return the reasons of the letters of a choice whose ids are whole."""
    where, given = _asked(choice)
    query = f"SELECT DISTINCT reason FROM warehouse.dead_letter WHERE {where}"
    return {reason for (reason,) in connection.execute(query, given).fetchall()}


def _asked(choice: Choice) -> tuple[str, dict[str, object]]:
    if choice.ids:
        return "list_contains($ids, id)", {"ids": list(choice.ids)}
    if choice.reason is not None:
        return f"{OPEN} AND reason = $reason", {"reason": choice.reason}
    return OPEN, {}
