"""What is done with each batch: it is staged, committed, and only then acknowledged (SPEC §4)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import uuid4

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.ingest.bounded_run import EMBEDDED, Engine, bounded_run
from pipelines.ingest.commit import append_parts, parts_folder
from pipelines.ingest.manifests import Manifests
from pipelines.ingest.outages import through_outages
from pipelines.ingest.policy import Policy
from pipelines.ingest.read import hand_over
from pipelines.ingest.session import Session
from pipelines.lake.clock import refuse_if_behind
from pipelines.lake.log import Counts, StagedBatch, append, overlook
from pipelines.lake.merging import merge_small_files
from pipelines.sources.batch import Batch
from pipelines.sources.watch import Watch


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


@dataclass(frozen=True)
class Work:
    """What is done with each batch."""

    session: Session
    clock: Callable[[], datetime]
    by_clock: bool
    """Whether that is a real one, which can be wrong."""
    checks: Checks
    merge_files: int

    def take(self, batch: Batch, watch: Watch | None = None) -> Ingested | None:
        """Stage a batch, commit it, and acknowledge it only then; with a watch through outages.

        Returns None where it was to stop within an outage: the batch is released.
        """
        attempt, done = partial(self.attempt, batch, str(uuid4())), None
        try:
            done = through_outages(attempt, watch) if watch else attempt()
        finally:
            if done is None:
                batch.release()
        if done is not None:
            batch.acknowledge()
            self.merge()
        return done

    def attempt(self, batch: Batch, batch_id: str) -> Ingested:
        """Stage a batch and commit it, once however often it is tried under one id."""
        begun_at, now = monotonic(), self.now()
        with (
            self.session.connection(),  # a warehouse that is gone needs no staging
            parts_folder(self.session.warehouse) as parts,
        ):
            stage(hand_over(batch.events, parts), now, self.checks)
            return self.append_folder(parts, batch_id, now, begun_at)

    def now(self) -> datetime:
        """Return the time that a batch is recorded at.

        Raises TryAgainError where the log speaks against the clock.
        """
        now = self.clock()
        if self.by_clock and self.session.newest:
            refuse_if_behind(self.session.newest, now)
        return now

    def append_folder(self, parts: Path, batch_id: str, now: datetime, begun_at: float) -> Ingested:
        """Append the parts in a folder as a batch, which was taken up at `begun_at`."""

        def act(connection: duckdb.DuckDBPyConnection) -> Counts:
            return append_parts(connection, self.session.warehouse, parts, batch_id, now)

        return self._appended(act, batch_id, now, begun_at)

    def append(
        self,
        batch: StagedBatch,
        begun_at: float,
        look: Callable[[duckdb.DuckDBPyConnection], None] = overlook,
    ) -> Ingested:
        """Append what was staged, once however often it is tried under one id.

        `look` is called as `log.append` calls it.
        """

        def act(connection: duckdb.DuckDBPyConnection) -> Counts:
            return append(connection, self.session.warehouse, batch, look)

        return self._appended(act, batch.batch_id, batch.recorded_at, begun_at)

    def _appended(
        self,
        act: Callable[[duckdb.DuckDBPyConnection], Counts],
        batch_id: str,
        now: datetime,
        begun_at: float,
    ) -> Ingested:
        staged_at = monotonic()
        with self.session.connection() as connection:
            counts = act(connection)
            self.session.head, self.session.newest = counts.head, now
        ended_at = monotonic()
        return Ingested(batch_id, counts, ended_at - begun_at, ended_at - staged_at)

    def merge(self) -> None:
        """Merge small files; where that fails, the next batch says what is wrong."""
        with suppress(ManyhandsError, OSError), self.session.connection() as connection:
            merge_small_files(connection, self.session.warehouse, self.merge_files)


def stage(
    portions: Sequence[Path], now: datetime, checks: Checks, engine: Engine = EMBEDDED
) -> None:
    """Run the pipeline over portions; the parts of each go to the folder that it is in."""
    # with Beam, which nobody waits for who has nothing to ingest
    from pipelines.ingest.stage import Stage
    from pipelines.ingest.transforms import Decode, FetchManifests, Prove, Read, Validate

    with bounded_run(engine) as pipeline:
        received = pipeline | Read(portions) | Prove(now, checks.policy) | Decode()
        valid = received | Validate(now, checks.policy) | FetchManifests(checks.manifests)
        valid | Stage(now)
