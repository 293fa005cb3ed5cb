"""Ingests events: read, decode, validate, commit, a bounded batch at a time (SPEC §3, §4)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import apache_beam as beam

from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.decode import Decode
from pipelines.ingest.manifests import FetchManifests
from pipelines.ingest.outcome import REJECTED
from pipelines.ingest.read import Read
from pipelines.ingest.stage import Commit
from pipelines.ingest.validate import Validate
from pipelines.lake import closes
from pipelines.lake.clock import check_clock
from pipelines.lake.creation import create
from pipelines.lake.log import BatchCounts, batch_counts
from pipelines.lake.manifest import Manifests
from pipelines.lake.warehouse import Setting, connect, exists
from pipelines.sources.batches import Portion, batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import DEFAULT_LIMITS, Limits


@dataclass
class Counts:
    """What became of what was received, and the head of the log after it."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    head: int = 0

    def add(self, batch: BatchCounts) -> None:
        """Count a batch too."""
        self.received += batch.received
        self.accepted += batch.accepted
        self.duplicate += batch.duplicate
        self.conflict += batch.conflict
        self.rejected.update(batch.rejected)
        self.head = batch.head


def ingest(  # noqa: PLR0913  two of them only listen
    folder: Path,
    sources: Sequence[str],
    *,
    clock: Callable[[], datetime],
    by_clock: bool = False,
    manifest_roots: Sequence[Path],
    report: Callable[[str], None],
    note: Callable[[str], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Counts:
    """Ingest files, folders or `-`; a warehouse is made with defaults where there is none.

    `clock` gives the time that a batch is recorded at, naive in UTC. `by_clock` says that it is
    a real one, which can be wrong: it is held against the log once, before the first batch.
    Where it is set back later, what was recorded stays, and nothing depends on its order.
    `report` is told what is going on, `note` what is worth keeping; else `report` is told that too.

    Raises, before anything is done, NotFoundError where a source isn't there, UsageError where it
    can't be NDJSON, and TryAgainError where the log speaks against the clock; and ManyhandsError
    where a source couldn't be read to its end, after all others.
    """
    files, others = find_files(sources)
    for other in others:
        (note or report)(f"left out {other}: no *.ndjson or *.jsonl file, compressed or not")
    read = batches(files, limits)
    if not exists(folder):
        create(folder, Setting())
    if by_clock:
        with connect(folder) as connection:
            check_clock(connection, clock())
    manifests = Manifests(folder, tuple(manifest_roots))
    counts = Counts()
    for batch in read:
        counts.add(_run(folder, batch, clock(), manifests))
        report(f"{counts.received} events received, the log is at {counts.head}")
    with connect(folder) as connection:
        counts.head = closes.head(connection)
    return counts


def _run(folder: Path, batch: list[Portion], now: datetime, manifests: Manifests) -> BatchCounts:
    """Run the pipeline over one batch, and give what the log says of it."""
    batch_id = str(uuid4())
    with bounded_run() as pipeline:
        received = pipeline | Read(batch)
        decoded = received | Decode()
        valid = decoded.decoded | Validate(now)
        events = valid.events | FetchManifests(manifests)
        refusals = (decoded[REJECTED], valid[REJECTED]) | beam.Flatten()
        (events, refusals) | Commit(folder, batch_id, now, manifests)
    with connect(folder) as connection:
        return batch_counts(connection, batch_id)
