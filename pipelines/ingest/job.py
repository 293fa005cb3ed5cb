"""Reads events and appends them to the log, batch after batch (SPEC §3, §4)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import apache_beam as beam
import duckdb

from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.commit import commit, parts_folder
from pipelines.ingest.decode import Decode
from pipelines.ingest.manifests import FetchManifests, Manifests
from pipelines.ingest.outcome import REJECTED
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.read import Read, hand_over
from pipelines.ingest.stage import Stage
from pipelines.ingest.validate import Validate
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import progress
from pipelines.lake.connection import connect
from pipelines.lake.creation import make_unless_there
from pipelines.lake.log import Counts, head
from pipelines.lake.merging import merge_small_files
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.batch import Batch
from pipelines.sources.batches import batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import DEFAULT_LIMITS, Limits


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
    note: Callable[[str], None],
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Counts]:
    """Ingest files, folders or `-`, and yield what became of each batch once it is committed.

    A warehouse is made with defaults where there is none. Where there is nothing to read, one
    empty batch is yielded, with the head of the log.

    `clock` returns the time that a batch is recorded at, naive in UTC. `by_clock` says that it is
    a real one, which can be wrong: it is held against the log once, before the first batch.
    Where it is set back later, what was recorded stays, and nothing depends on its order.
    `policy` says which sources may send what; what it doesn't allow is rejected.
    `note` is called with what the user should know afterwards too, with who is trusted first.

    Raises, before anything is done, NotFoundError where a source isn't there, UsageError where it
    can't be NDJSON, and TryAgainError where the log speaks against the clock; and ManyhandsError
    where a source couldn't be read to its end, after all others.
    """
    files, others = find_files(sources)
    read = batches(files, limits)
    make_unless_there(warehouse)
    manifests = Manifests(warehouse, tuple(manifest_roots), limits.manifest_size)
    checks = Checks(policy, manifests)
    with connect(warehouse) as connection:
        if by_clock:
            check_clock(connection, progress(connection), clock())
        note(f"source policy: {policy.summary}")
        for other in others:
            note(f"skipped {other}: not .ndjson or .jsonl (.gz, .zst)")
        batch = None
        for batch in read:
            yield _ingest_batch(connection, warehouse, batch, clock(), checks)
            merge_small_files(connection, warehouse, limits.merge_files)
        if batch is None:
            yield Counts(head=head(connection))


def _ingest_batch(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    batch: Batch,
    now: datetime,
    checks: Checks,
) -> Counts:
    """Stage a batch, commit it, and acknowledge it only then."""
    try:
        with parts_folder(warehouse) as parts:
            _stage(batch, parts, now, checks)
            counts = commit(connection, warehouse, parts, str(uuid4()), now)
    except BaseException:
        batch.release()
        raise
    batch.acknowledge()
    return counts


def _stage(batch: Batch, parts: Path, now: datetime, checks: Checks) -> None:
    """Run the pipeline over one batch."""
    portions = hand_over(batch.events, parts)
    with bounded_run() as pipeline:
        received = pipeline | Read(portions)
        decoded = received | Decode()
        valid = decoded.decoded | Validate(now, checks.policy)
        events = valid.events | FetchManifests(checks.manifests)
        refusals = (decoded[REJECTED], valid[REJECTED]) | beam.Flatten()
        (events, refusals) | Stage(parts, now)
