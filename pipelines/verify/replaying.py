"""Replays the log into a warehouse of its own, as far as anybody can say what the log holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue
from pipelines.close.compute import compute
from pipelines.close.seal import close_digest, log_digest, seal
from pipelines.errors import ManyhandsError
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.lake import closes, log, rebuilding, staged, tree, verifying
from pipelines.lake.closes import PeriodClose
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.merging import merge_small_files
from pipelines.lake.rebuilding import Logged, Stored
from pipelines.lake.setting import Setting
from pipelines.lake.verifying import Bounds
from pipelines.lake.warehouse import Warehouse
from pipelines.verify.finding import Code, Coverage, Finding
from pipelines.verify.reading_again import read_all_again
from schemas.record import Event

MERGED_EVERY: Final = 64
"""After so many batches small files are merged, which each batch has to look into."""

Report = Callable[[str], None]


class StoppedError(ManyhandsError):
    """What comes next can't be made again, since nobody can say what the log holds there."""


@dataclass
class Replay:
    """The log of a warehouse, replayed into another one."""

    source: Stored
    target: Warehouse
    new: duckdb.DuckDBPyConnection
    setting: Setting
    since: str | None
    """The first period whose close is computed again; None: all are."""
    coverage: Coverage
    report: Report
    reported: set[int] = field(default_factory=set)
    """Positions of events of which it is said already that they aren't as received."""
    bounds: Bounds = field(default_factory=partial(Bounds, 0, 0, ""))
    batches: int = 0

    def run(self) -> Iterator[Finding]:
        """Replay the log, and yield what isn't as it was received.

        Raises StoppedError where what comes next can't be made again, and ManyhandsError or the
        engine's error where it fails.
        """
        for batch_id, events in rebuilding.batches(self.source.events()):
            self._insist_on_all(events)
            if batch_id is None:
                yield from self._close(events[0])
            else:
                yield from self._append(batch_id, events)
                self.report(f"replayed the log up to event {events[-1].seq}")

    def _insist_on_all(self, events: Sequence[Logged]) -> None:
        for seq, event in enumerate(events, self.bounds.head + 1):
            if event.seq != seq:
                message = f"event {seq} isn't there"
                raise StoppedError(message)

    def _append(self, batch_id: str, events: Sequence[Logged]) -> Iterator[Finding]:
        recorded_at = verifying.recorded_at(self.source.connection, batch_id)
        recorded_at = recorded_at or events[0].recorded_at
        if recorded_at is None:
            message = f"nobody can say when event {events[0].seq} was recorded"
            raise StoppedError(message)
        again: list[Event] = []
        for event, one, found in read_all_again(events, recorded_at):
            yield from found
            if found:
                self.reported.add(event.seq)
            if one is None:
                message = f"nobody can say what event {event.seq} is"
                raise StoppedError(message)
            yield from self._keep_manifest(one, event)
            again.append(one)
        batch = log.StagedBatch(
            batch_id, recorded_at, events_table(again), refusals_table([], recorded_at)
        )
        counts = log.append(self.new, self.target, batch)
        if (counts.accepted, counts.head) != (len(events), events[-1].seq):
            message = (
                f"of the events from {events[0].seq} to {events[-1].seq} the log has some already"
            )
            raise StoppedError(message)
        self._merge_now_and_then()
        self.coverage.events += len(events)
        self.bounds = Bounds(events[-1].seq, self.bounds.log_seq, self.bounds.period)

    def _merge_now_and_then(self) -> None:
        self.batches += 1
        if self.batches % MERGED_EVERY == 0:
            merge_small_files(self.new, self.target, MERGED_EVERY)

    def _keep_manifest(self, one: Event, event: Logged) -> Iterator[Finding]:
        if one.manifest is None:
            return
        _, sha256, rows = one.manifest
        code, fault = Code.FILE_MISSING, "none"
        try:
            if rebuilding.keep_manifest(self.source, self.target, sha256, rows):
                return
        except ManifestError as error:
            code, fault = Code.FILE_CHANGED, error.message
        expected = f"the manifest of event {event.seq}"
        yield Finding(code, "model_trained", f"manifests/{sha256}", expected, fault)
        message = f"the manifest of event {event.seq} can't be read again"
        raise StoppedError(message)

    def _close(self, event: Logged) -> Iterator[Finding]:
        """Compute a close again at its position in the log, and store it."""
        told = event.told(self.setting.cadence)
        if told is None:
            yield Finding(
                Code.CONTENT, "event", f"seq={event.seq} content", "an event of ours", "another"
            )
            message = f"nobody can say what event {event.seq} is"
            raise StoppedError(message)
        named, log_seq = told
        period = named.name
        stored = closes.find_close(self.source.connection, period)
        if stored is None:
            message = f"event {event.seq} says that {period} was closed, and it isn't"
            raise StoppedError(message)
        closing = Closing(named, log_seq, closes.last_close(self.new))
        if self.since is not None and period < self.since:
            verifying.copy_close(self.source.connection, self.new, self.target, period, log_seq)
            yield from self._seal_again(closing, stored)
        else:
            self.report(f"computing the close of {period} again")
            compute(self.new, closing)
            issue(self.new, self.target, closing, seal(self.new, closing), event.recorded_at)
            self.coverage.closes += 1
        self.bounds = Bounds(event.seq, log_seq, period)

    def _seal_again(self, closing: Closing, stored: PeriodClose) -> Iterator[Finding]:
        """Yield whose digests of a close that isn't computed aren't of what it sealed."""
        period = closing.period.name
        statements = tree.stored_digests(self.source.connection.cursor(), period)
        again = {
            "digest": close_digest(closing.previous_digest, period, statements),
            "log_digest": log_digest(staged.block_digests(self.new)),
        }
        for field_, digest in again.items():
            found = getattr(stored, field_)
            if digest != found:
                yield Finding(Code.SEAL, "period_close", f"period={period} {field_}", digest, found)
