"""Makes a warehouse again from a log: the same facts, results and digests.

The log is another warehouse's, which is the way from a catalog in SQLite to one in PostgreSQL, and
back; or it is in an archive.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue
from pipelines.close.compute import compute
from pipelines.close.seal import Seal, seal
from pipelines.errors import GateError, ManyhandsError
from pipelines.ingest.prove import read_events
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.ingest.validate import read_event
from pipelines.lake import closes, log, reading, rebuilding
from pipelines.lake.catalogs import located
from pipelines.lake.closes import PeriodClose
from pipelines.lake.connection import opened
from pipelines.lake.creation import create
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.rebuilding import Logged, Source, Stored
from pipelines.lake.setting import UNFINISHED, setting
from pipelines.lake.warehouse import Warehouse
from schemas.record import Event, Received, Rejected

Report = Callable[[str], None]

_OF_BYTES: Final = ("source", "id", "type", "occurred_at", "content", "content_sha256")
"""What of an event of the log follows from its bytes."""


@dataclass(frozen=True)
class Rebuilt:
    """What was made again."""

    events: int
    closes: int
    digest: str | None
    """Of the last close; None before any."""


def rebuild(source: Warehouse, target: Warehouse, report: Report) -> Rebuilt:
    """Make a warehouse again from the log of another one, in a place where there is none.

    Raises NotFoundError where there is no warehouse to read, and as `make_again` does.
    """
    source = located(source)
    with reading.connect(source) as old:
        return make_again(Stored(source, old), target, report)


def make_again(source: Source, target: Warehouse, report: Report) -> Rebuilt:
    """Make a warehouse from a log, in a place where there is none.

    Batches, dead letters, publications, checkpoints, cosignatures, manifests and the gate's
    verdicts are carried over, and each close is computed again at its position in the log. Until
    it is whole no other command opens the new warehouse. Where it fails nothing is left in a
    folder; in PostgreSQL what was made stays, and the next one says what to remove.

    Raises ConflictError where the place is taken, ManyhandsError where an event of the log is none
    any more, GateError where a close comes out with another digest or tree, or a relation with
    other rows.
    """
    old = source.connection
    create(
        target,
        setting(old),
        number=UNFINISHED,
        go_on=lambda place: _Rebuilding(source, place, report).replay(),
    )
    last = closes.last_close(old)
    count = rebuilding.count_rows(old, "period_close")
    return Rebuilt(log.head(old), count, last.digest if last else None)


@dataclass(frozen=True)
class _Rebuilding:
    source: Source
    target: Warehouse
    report: Report

    @property
    def old(self) -> duckdb.DuckDBPyConnection:
        return self.source.connection

    def replay(self) -> None:
        for batch_id, events in rebuilding.batches(self.source.events()):
            with self._named(events):
                if batch_id is None:
                    self._close(events[0])
                else:
                    self._append(batch_id, events)
                    self.report(f"replayed the log up to event {events[-1].seq}")
        self.report("carrying over batches, dead letters and publications")
        with opened(self.target) as new:
            for name, before, after in rebuilding.differing(self.source, new):
                message = (
                    f"{name} has {after} rows made again, and {before} in {self.source.what}, or"
                    f" other ones; restore {self.source.what} from a backup"
                )
                raise GateError(message)
            rebuilding.carry_over(self.old, new, self.target)

    def _name(self, event: Logged) -> str:
        """Return what an event is called in messages."""
        place = self.source.place(event.seq)
        return f"event {event.seq} of {place} ({event.type} {event.id} of {event.source})"

    @contextmanager
    def _named(self, events: Sequence[Logged]) -> Iterator[None]:
        """Name events of the log that can't be made again, whatever is wrong with them."""
        try:
            yield
        except rebuilding.UNEXPECTED as error:
            first, last = events[0], events[-1]
            name = self._name(first)
            if first != last:
                name = f"events {first.seq} to {last.seq} of {self.source.place(first.seq)}"
            message = (
                f"{name} can't be made again ({error}); restore {self.source.what} from a backup"
            )
            raise ManyhandsError(message) from error

    def _append(self, batch_id: str, events: Sequence[Logged]) -> None:
        again = list(self._read(events))
        for one, event in zip(again, events, strict=True):
            self._keep_manifest(one, event)
        recorded_at = events[0].recorded_at
        batch = log.StagedBatch(
            batch_id, recorded_at, events_table(again), refusals_table([], recorded_at)
        )
        with opened(self.target) as new:
            counts = log.append(new, self.target, batch)
        if (counts.accepted, counts.head) != (len(events), events[-1].seq):
            message = (
                f"events {events[0].seq} to {events[-1].seq} of {self.source.place(events[0].seq)}"
                " are not what a log holds:"
                f" {counts.accepted} of them were taken, up to event {counts.head}; restore"
                f" {self.source.what} from a backup"
            )
            raise ManyhandsError(message)

    def _read(self, events: Sequence[Logged]) -> Iterator[Event]:
        """Yield events read from the bytes that were received, as an ingest reads them.

        Raises ManyhandsError where one is refused now, or has become another one.
        """
        for at, some in groupby(enumerate(events), lambda one: one[1].recorded_at):
            group = dict(some)
            for event, again in zip(group.values(), self._again(group, at), strict=True):
                yield self._as_it_says(event, again)

    def _again(self, group: Mapping[int, Logged], at: datetime) -> list[Event | Rejected]:
        """Read events that were recorded at one time, by their places in the batch."""
        try:
            return read_events([_received(*one) for one in group.items()], at)
        except rebuilding.UNEXPECTED:  # of one of them: which, reading each by itself says
            return [self._read_one(*one) for one in group.items()]

    def _read_one(self, place: int, event: Logged) -> Event | Rejected:
        with self._named([event]):
            return read_event(_received(place, event), event.recorded_at)

    def _as_it_says(self, event: Logged, again: Event | Rejected) -> Event:
        if isinstance(again, Rejected):
            reason = f"{again.reason} ({again.message})"
            message = f"{self._name(event)} is refused now: {reason}; restore a backup"
            raise ManyhandsError(message)
        if any(getattr(again, name) != getattr(event, name) for name in _OF_BYTES):
            message = f"{self._name(event)}: its bytes are not what it says; restore a backup"
            raise ManyhandsError(message)
        return again

    def _keep_manifest(self, one: Event, event: Logged) -> None:
        if one.manifest is None:
            return
        _, sha256, rows = one.manifest
        try:
            is_kept = rebuilding.keep_manifest(self.source, self.target, sha256, rows)
        except ManifestError as error:
            message = (
                f"{self._name(event)}: the copy of its manifest isn't what it was"
                f" ({error.message}); restore it from a backup"
            )
            raise ManyhandsError(message) from error
        if not is_kept:
            message = (
                f"{self._name(event)}: the copy of its manifest {sha256} isn't in"
                f" {self.source.what};"
                " restore it from a backup"
            )
            raise ManyhandsError(message)

    def _close(self, event: Logged) -> None:
        """Compute a close again at its position in the log, and commit it where it stood."""
        told = event.told(setting(self.old).cadence)
        stored = closes.find_close(self.old, event.id)
        if told is None or stored is None:
            what = "an event of ours" if told is None else f"of a close in {self.source.what}"
            message = f"{self._name(event)} isn't {what}; restore {self.source.what} from a backup"
            raise ManyhandsError(message)
        self.report(f"computing the close of {event.id} again")
        with opened(self.target) as new:
            last = closes.last_close(new)
            closing = Closing(*told, last, known_seq=closes.known_seq(new, last))
            compute(new, closing)
            sealed = seal(new, closing)
            _refuse_unless_equal(sealed, stored, self.source.what)
            signed = replace(sealed, checkpoint=stored.checkpoint, verifier_key=stored.verifier_key)
            issue(new, self.target, closing, signed, rebuilding.closed_at(self.old, event.id))
            if [event] != list(rebuilding.logged(new, event.seq)):
                message = (
                    f"{self._name(event)} isn't the event that its close makes; restore"
                    f" {self.source.what} from a backup"
                )
                raise ManyhandsError(message)
        rebuilding.copy_verdict(self.source, self.target, event.id)


def _received(place: int, event: Logged) -> Received:
    attributes = event.received_attributes()
    return Received(place, "log", str(event.seq), event.body, attributes)


def _refuse_unless_equal(sealed: Seal, stored: PeriodClose, what: str) -> None:
    """Raise GateError where a close comes out with other digests, or another tree."""
    if (sealed.digest, sealed.log_digest) != (stored.digest, stored.log_digest):
        message = (
            f"{stored.period} comes out with the digests {sealed.digest} and {sealed.log_digest},"
            f" and was closed with {stored.digest} and {stored.log_digest}: {what} was edited, or"
            " damaged; restore it from a backup"
        )
        raise GateError(message)
    if (sealed.tree_size, sealed.tree_root) != (stored.tree_size, stored.tree_root):
        message = (
            f"{stored.period} comes out with a tree of {sealed.tree_size} leaves and the root"
            f" {sealed.tree_root}, and was closed with {stored.tree_size} and {stored.tree_root}:"
            f" {what} was edited, or damaged; restore it from a backup"
        )
        raise GateError(message)
