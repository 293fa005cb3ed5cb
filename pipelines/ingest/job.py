"""Reads events and appends them to the log, batch after batch (SPEC §3, §4)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import uuid4

import apache_beam as beam

from pipelines.errors import ManyhandsError, UsageError
from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.commit import append_parts, parts_folder
from pipelines.ingest.decode import Decode
from pipelines.ingest.manifests import FetchManifests, Manifests
from pipelines.ingest.outages import through_outages
from pipelines.ingest.outcome import REJECTED
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.read import Read, hand_over
from pipelines.ingest.session import Session
from pipelines.ingest.stage import Stage
from pipelines.ingest.validate import Validate
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import progress
from pipelines.lake.creation import make_unless_there
from pipelines.lake.log import Counts, head
from pipelines.lake.merging import merge_small_files
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.batch import Batch
from pipelines.sources.batches import batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import DEFAULT_LIMITS, DEFAULT_RECEIVING, Limits, Receiving
from pipelines.sources.receiving import received
from pipelines.sources.subscriptions import find_subscriptions, is_subscription
from pipelines.sources.watch import Watch

FOLLOWING_PATIENCE_S: Final = 5.0
"""Who follows tries a busy catalog again by itself, and looks in between whether it is to stop."""


@dataclass(frozen=True)
class Ingested:
    """What became of one batch, once it is committed."""

    batch_id: str
    counts: Counts
    seconds: float
    """From when it was taken up until it was committed."""
    commit_seconds: float


@dataclass(frozen=True)
class Checks:
    """What events are held against, beside their schemas and the log."""

    policy: Policy
    manifests: Manifests


def ingest(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    sources: Sequence[str],
    *,
    clock: Callable[[], datetime],
    by_clock: bool = False,
    manifest_roots: Sequence[Path],
    policy: Policy = EVERYONE,
    watch: Watch,
    limits: Limits = DEFAULT_LIMITS,
    receiving: Receiving = DEFAULT_RECEIVING,
) -> Iterator[Ingested]:
    """Ingest files, folders, `-` and subscriptions, and yield what became of each committed batch.

    Files come first. A warehouse is made with defaults where there is none. Where there is nothing
    to read, one empty batch is yielded, with the head of the log.

    `clock` returns the time that a batch is recorded at, naive in UTC. `by_clock` says that it is
    a real one, which can be wrong: it is held against the log once, before the first batch.
    Where it is set back later, what was recorded stays, and nothing depends on its order.
    `policy` says which sources may send what; what it doesn't allow is rejected.

    Raises, before anything is done, NotFoundError where a source isn't there, UsageError where it
    can't be NDJSON, and TryAgainError where the log speaks against the clock or a broker is out of
    reach; and ManyhandsError where a source couldn't be read to its end, after all others.
    """
    files, others = find_files([source for source in sources if not is_subscription(source)])
    subscriptions = find_subscriptions(sources)
    if receiving.follow and not subscriptions:
        message = "--follow waits for messages; name a subscription"
        raise UsageError(message)
    if receiving.follow:
        warehouse = replace(warehouse, patience_s=FOLLOWING_PATIENCE_S)
    read = batches(files, limits)
    with received(subscriptions, receiving, limits.size, watch) as messages:
        make_unless_there(warehouse)
        with closing(Session(warehouse)) as session:
            with session.connection() as connection:
                if by_clock:
                    check_clock(connection, progress(connection), clock())
                before = head(connection)
            watch.note(f"source policy: {policy.summary}")
            for other in others:
                watch.note(f"skipped {other}: not .ndjson or .jsonl (.gz, .zst)")
            manifests = Manifests(warehouse, tuple(manifest_roots), limits.manifest_size)
            work = _Work(session, clock, Checks(policy, manifests), limits.merge_files)
            done = None
            for batch in read:
                yield (done := work.take(batch))
            for batch in messages:
                yield (done := work.take(batch, watch if receiving.follow else None))
            if done is None:
                yield Ingested("", Counts(head=before), 0.0, 0.0)


@dataclass(frozen=True)
class _Work:
    """What is done with each batch."""

    session: Session
    clock: Callable[[], datetime]
    checks: Checks
    merge_files: int

    def take(self, batch: Batch, watch: Watch | None = None) -> Ingested:
        """Stage a batch, commit it, and acknowledge it only then; with a watch through outages."""
        attempt = partial(self._attempt, batch, str(uuid4()))
        try:
            done = through_outages(attempt, watch) if watch else attempt()
        except BaseException:
            batch.release()
            raise
        batch.acknowledge()
        with suppress(ManyhandsError, OSError):  # the next batch says what is wrong
            self._merge()
        return done

    def _attempt(self, batch: Batch, batch_id: str) -> Ingested:
        begun_at, now = monotonic(), self.clock()
        warehouse = self.session.warehouse
        with self.session.connection() as connection, parts_folder(warehouse) as parts:
            stage(batch, parts, now, self.checks)
            staged_at = monotonic()
            counts = append_parts(connection, warehouse, parts, batch_id, now)
        ended_at = monotonic()
        return Ingested(batch_id, counts, ended_at - begun_at, ended_at - staged_at)

    def _merge(self) -> None:
        with self.session.connection() as connection:
            merge_small_files(connection, self.session.warehouse, self.merge_files)


def stage(batch: Batch, parts: Path, now: datetime, checks: Checks) -> None:
    """Run the pipeline over one batch."""
    portions = hand_over(batch.events, parts)
    with bounded_run() as pipeline:
        received = pipeline | Read(portions)
        decoded = received | Decode()
        valid = decoded.decoded | Validate(now, checks.policy)
        events = valid.events | FetchManifests(checks.manifests)
        refusals = (decoded[REJECTED], valid[REJECTED]) | beam.Flatten()
        (events, refusals) | Stage(parts, now)
