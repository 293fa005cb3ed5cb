"""Makes a warehouse again from the log of another one: the same facts, results and digests.

It is the way from a catalog in SQLite to one in PostgreSQL, and back.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue
from pipelines.close.compute import compute
from pipelines.close.seal import seal
from pipelines.errors import GateError, ManyhandsError
from pipelines.ingest.decode import decode
from pipelines.ingest.stage import events_table, refusals_table
from pipelines.ingest.validate import validate
from pipelines.lake import closes, log, manifest, reading, rebuilding, scratch
from pipelines.lake.catalogs import located
from pipelines.lake.connection import opened
from pipelines.lake.creation import create
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.rebuilding import Logged
from pipelines.lake.setting import UNFINISHED, setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from schemas.record import Event, Received, Rejected

Report = Callable[[str], None]


@dataclass(frozen=True)
class Rebuilt:
    """What was made again."""

    events: int
    closes: int
    digest: str | None
    """Of the last close; None before any."""


def rebuild(source: Warehouse, target: Warehouse, report: Report) -> Rebuilt:
    """Make a warehouse again from the log of another one, in a place where there is none.

    Batches, dead letters, publications, manifests and the gate's verdicts are carried over, and
    each close is computed again at its position in the log. Until it is whole no other command
    opens the new warehouse.

    Raises NotFoundError where there is no warehouse to read, ConflictError where the place is
    taken, ManyhandsError where an event of the log is none any more, GateError where a close comes
    out with another digest, or a relation with other rows.
    """
    source = located(source)
    with reading.connect(source) as old:
        create(target, setting(old), number=UNFINISHED)
        rebuilding_ = _Rebuilding(source, located(target), old, report)
        rebuilding_.replay()
        last = closes.last_close(old)
        count = rebuilding.closes_made(old)
        return Rebuilt(log.head(old), count, last.digest if last else None)


@dataclass(frozen=True)
class _Rebuilding:
    source: Warehouse
    target: Warehouse
    old: duckdb.DuckDBPyConnection
    """Reads the source."""
    report: Report

    def replay(self) -> None:
        for batch_id, events in rebuilding.batches(self.old.cursor()):
            if batch_id is None:
                self._close(events[0])
            else:
                self._append(batch_id, events)
                self.report(f"replayed the log up to event {events[-1].seq}")
        self.report("carrying over batches, dead letters and publications")
        with opened(self.target) as new:
            for name, before, after in rebuilding.differing(self.old, new):
                message = (
                    f"{name} has {after} rows made again, and {before} before, or other ones; the"
                    " new warehouse isn't whole: remove it, and see what `close --dry-run` says of"
                    " the old one"
                )
                raise GateError(message)
            rebuilding.carry_over(self.old, new, self.target)

    def _append(self, batch_id: str, events: Sequence[Logged]) -> None:
        again = [_read(event, place) for place, event in enumerate(events)]
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
                f"events {events[0].seq} to {events[-1].seq} of the log are not what a log holds:"
                f" {counts.accepted} of them were taken, up to event {counts.head}; restore a"
                " backup of the old warehouse"
            )
            raise ManyhandsError(message)

    def _keep_manifest(self, one: Event, event: Logged) -> None:
        if one.manifest is None:
            return
        _, sha256, rows = one.manifest
        if manifest.kept_rows(self.target, sha256) is not None:
            return
        with scratch.temporary() as made:
            kept = rebuilding.kept_manifest(self.source, sha256, made)
            if kept is None:
                message = (
                    f"{_named(event)}: the copy of its manifest {sha256} isn't in the warehouse;"
                    " restore it from a backup"
                )
                raise ManyhandsError(message)
            try:
                with kept.open("rb") as file:
                    manifest.keep(self.target, file, kept.stat().st_size, sha256, rows)
            except ManifestError as error:
                message = (
                    f"{_named(event)}: the copy of its manifest isn't what it was"
                    f" ({error.message}); restore it from a backup"
                )
                raise ManyhandsError(message) from error

    def _close(self, event: Logged) -> None:
        """Compute a close again at its position in the log, and commit it where it stood."""
        stored = closes.closed_or_not_found(self.old, event.id)
        self.report(f"computing the close of {event.id} again")
        with opened(self.target) as new:
            named = Period.parse(event.id, setting(new).cadence)
            closing = Closing(named, rebuilding.position_read(event), closes.last_close(new))
            compute(new, closing)
            sealed = seal(new, closing)
            if (sealed.digest, sealed.log_digest) != (stored.digest, stored.log_digest):
                message = (
                    f"{event.id} comes out with the digests {sealed.digest} and"
                    f" {sealed.log_digest}, and was closed with {stored.digest} and"
                    f" {stored.log_digest}: the old warehouse was edited, or damaged; restore it"
                    " from a backup"
                )
                raise GateError(message)
            issue(new, self.target, closing, sealed, rebuilding.closed_at(self.old, event.id))
            if log.head(new) != event.seq:
                message = f"{_named(event)} stands at event {log.head(new)} of the new log"
                raise ManyhandsError(message)
        rebuilding.copy_verdict(self.source, self.target, event.id)


def _read(event: Logged, position: int) -> Event:
    """Return an event read from the bytes that were received, as an ingest reads it.

    Raises ManyhandsError where it is refused now, or has become another one.
    """
    attributes = None if event.attributes is None else json.loads(event.attributes)
    received = Received(position, "log", str(event.seq), event.body, attributes)
    decoded = decode(received)
    again = decoded if isinstance(decoded, Rejected) else validate(decoded, event.recorded_at)
    if isinstance(again, Rejected):
        message = f"{_named(event)} is refused now: {again.reason} ({again.message})"
        raise ManyhandsError(message)
    before = (event.source, event.id, event.content_sha256)
    if (again.source, again.id, again.content_sha256) != before:
        message = f"{_named(event)}: its bytes are not what it says; restore a backup"
        raise ManyhandsError(message)
    return again


def _named(event: Logged) -> str:
    return f"event {event.seq} of the log ({event.type} {event.id} of {event.source})"
