"""Commit a batch: the driver appends the parts that a pipeline staged to the log (SPEC §4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake import scratch
from pipelines.lake.disk import make_folder
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS, Counts, StagedBatch, append, head
from pipelines.lake.paths import for_engine
from pipelines.lake.warehouse import Warehouse


@contextmanager
def parts_folder(warehouse: Warehouse) -> Iterator[Path]:
    """Make a folder for the parts of one batch, which is there as long as the context lasts."""
    make_folder(warehouse.staged)
    with scratch.within(warehouse.staged) as made:
        yield for_engine(made)


def append_parts(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    parts: Path,
    batch_id: str,
    recorded_at: datetime,
) -> Counts:
    """Append the parts in the folder `parts` to the log, and return what became of the batch.

    Of a batch in which nothing was received there is nothing to append.

    Raises TryAgainError where the catalog stays busy.
    """
    batch = read_batch(parts, batch_id, recorded_at)
    if not len(batch.events) + len(batch.refusals):
        return Counts(head=head(connection))
    return append(connection, warehouse, batch)


def read_batch(
    parts: Path, batch_id: str, recorded_at: datetime, origin: str | None = None
) -> StagedBatch:
    """Return the parts in the folder `parts` as a batch."""
    from pipelines.ingest.stage import EVENTS, REFUSALS, read_parts

    events = read_parts(parts, EVENTS, EVENT_COLUMNS)
    refusals = read_parts(parts, REFUSALS, REFUSAL_COLUMNS)
    _insist_on_each_once(events, refusals)
    return StagedBatch(batch_id, recorded_at, events, refusals, origin)


def _insist_on_each_once(events: pa.Table, refusals: pa.Table) -> None:
    """Raise RuntimeError where something received is in the parts twice, which no name allows."""
    positions = pa.chunked_array([*events["position"].chunks, *refusals["position"].chunks])
    if pc.count_distinct(positions).as_py() != len(positions):
        message = "a position of the batch is staged twice; nothing of the batch was committed"
        raise RuntimeError(message)
