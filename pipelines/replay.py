"""Replays dead letters: what is kept of them goes the way of an ingest again (SPEC §3.4)."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Final, NamedTuple, TypeAlias
from uuid import uuid4

import duckdb

from pipelines.errors import UsageError
from pipelines.ingest.commit import parts_folder, read_batch
from pipelines.ingest.manifests import Manifests
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.read import hand_over
from pipelines.ingest.roots import Root
from pipelines.ingest.session import begun
from pipelines.ingest.work import Checks, Work, stage
from pipelines.lake import dead_letters as letters
from pipelines.lake import reading, scratch
from pipelines.lake.catalogs import located
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import progress
from pipelines.lake.dead_letters import Choice, Letter
from pipelines.lake.log import DEADLETTER
from pipelines.lake.outcomes import Outcome, foresee, outcomes
from pipelines.lake.paths import for_engine
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.batch import Portion
from pipelines.sources.limits import DEFAULT_LIMITS, Limits
from schemas.record import Received
from schemas.rejection import Reason

__all__ = ["Choice", "Reason", "Replayed", "Terms", "replay"]

IN_PART: Final = "in_part"
RESOLVED: Final = "resolved"
_PORTION: Final = 5_000
"""Letters of one element of a pipeline."""


class Replayed(NamedTuple):
    """What became of one dead letter, or would."""

    id: str
    origin: str
    """As a list shows it."""
    outcome: str
    """What it is by SPEC §3.4, `in_part` where all of it isn't kept, `resolved` where it was."""
    reason: str | None = None
    """Why it is refused again; None where it isn't, as the two below."""
    path: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Terms:
    """What letters are held against, and how many at once."""

    clock: Callable[[], datetime]
    """Returns the time that a batch is recorded at, naive in UTC."""
    by_clock: bool
    """Whether that is a real one, which can be wrong."""
    manifest_roots: tuple[Root, ...] = ()
    policy: Policy = EVERYONE
    limits: Limits = DEFAULT_LIMITS
    note: Callable[[str], None] = lambda _: None
    """Called with what the user should know afterwards too."""

    def checks(self, warehouse: Warehouse, aside: Warehouse | None = None) -> Checks:
        """Return what each event is held against.

        The policy looks at what a letter came over first. Nobody knows any more what the name of
        a file was relative to, so such a name fits no path.
        """
        size = self.limits.manifest_size
        manifests = Manifests(warehouse, self.manifest_roots, size, aside)
        return Checks(replace(self.policy, folder=""), manifests)


@dataclass
class _Batch:
    """Letters that are replayed at once."""

    letters: list[Letter] = field(default_factory=list)
    size: int = 0

    def has_room(self, letter: Letter, limits: Limits) -> bool:
        return not self.letters or (
            len(self.letters) < limits.lines and self.size + len(letter.payload) <= limits.size
        )

    def add(self, letter: Letter) -> None:
        self.letters.append(letter)
        self.size += len(letter.payload)

    @property
    def portions(self) -> Iterator[Portion]:
        """The letters as they were received, by their place in the batch."""
        received = [_received(*numbered) for numbered in enumerate(self.letters)]
        return (received[at : at + _PORTION] for at in range(0, len(received), _PORTION))


_Take: TypeAlias = Callable[[_Batch], Sequence[Outcome]]


@contextmanager
def replay(
    warehouse: Warehouse,
    choice: Choice,
    terms: Terms,
    *,
    dry_run: bool = False,
    short_ids: bool = False,
) -> Iterator[Iterator[Replayed]]:
    """Replay dead letters in batches of their own, and yield what becomes of each, once it did.

    They are those that stand open as this begins, or those that are named, and are replayed in the
    order in which they were refused; what can't be is yielded before the batch that it would be in.
    A dry run says what would become of them, and writes nothing.

    Raises NotFoundError where a letter that is named isn't there, UsageError where it isn't named
    well, or where a source policy refused some and none is configured, TryAgainError where the log
    speaks against the clock.
    """
    warehouse = located(warehouse)
    with reading.connect(warehouse) as connection:
        chosen = letters.named(connection, choice)
        _refuse_without_policy(letters.reasons(connection, chosen), terms.policy)
        terms.note(f"source policy: {terms.policy.summary}")
        digits = letters.length_of_ids(connection) if short_ids else None
        way = _foreseeing(connection, warehouse, terms) if dry_run else _taking(warehouse, terms)
        with way as take, connection.cursor() as cursor:
            found = letters.letters(cursor, chosen)
            done = _replayed(found, take, terms.limits)
            yield (one._replace(id=one.id[:digits]) for one in done)


def _replayed(found: Iterable[Letter], take: _Take, limits: Limits) -> Iterator[Replayed]:
    batch = _Batch()
    for letter in found:
        if letter.is_resolved or not letter.is_whole:
            yield Replayed(letter.id, letter.place, RESOLVED if letter.is_resolved else IN_PART)
            continue
        if not batch.has_room(letter, limits):
            yield from _told(batch, take)
            batch = _Batch()
        batch.add(letter)
    if batch.letters:
        yield from _told(batch, take)


def _told(batch: _Batch, take: _Take) -> Iterator[Replayed]:
    for letter, became in zip(batch.letters, take(batch), strict=True):
        _, outcome, reason, path, message = became
        yield Replayed(letter.id, letter.place, outcome, reason, path, message)


@contextmanager
def _taking(warehouse: Warehouse, terms: Terms) -> Iterator[_Take]:
    """Yield what commits a batch."""
    with begun(warehouse, terms.clock, by_clock=terms.by_clock) as session:
        checks = terms.checks(warehouse)
        work = Work(session, terms.clock, terms.by_clock, checks, terms.limits.merge_files)

        def take(batch: _Batch) -> Sequence[Outcome]:
            became: list[Outcome] = []
            begun_at, now = monotonic(), work.now()
            with session.connection(), parts_folder(warehouse) as parts:
                stage(hand_over(batch.portions, parts), now, checks)
                staged = read_batch(parts, str(uuid4()), now, DEADLETTER)
                work.append(staged, begun_at, lambda staging: became.extend(outcomes(staging)))
            work.merge()
            return became

        yield take


@contextmanager
def _foreseeing(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, terms: Terms
) -> Iterator[_Take]:
    """Yield what says what would become of a batch; all that it writes is among temporary files."""
    now = terms.clock()
    if terms.by_clock:
        check_clock(connection, progress(connection), now)
    with scratch.temporary() as made:
        checks = terms.checks(warehouse, Warehouse(made, warehouse.memory_bytes))

        def take(batch: _Batch) -> Sequence[Outcome]:
            with scratch.within(made) as folder:
                parts = for_engine(folder)
                stage(hand_over(batch.portions, parts), now, checks)
                return foresee(connection, read_batch(parts, str(uuid4()), now, DEADLETTER))

        yield take


def _received(position: int, letter: Letter) -> Received:
    """Return a letter as it was received, from the place that it came from first."""
    attributes = None if letter.attributes is None else json.loads(letter.attributes)
    return Received(position, letter.origin, letter.origin_item, letter.payload, attributes)


def _refuse_without_policy(reasons: set[str], policy: Policy) -> None:
    if Reason.SOURCE_NOT_ALLOWED in reasons and not policy.is_configured:
        message = (
            "some of these dead letters were refused by a source policy, and none is configured"
            " here; name it by --source-policy, or run the command where its setting holds"
        )
        raise UsageError(message)
