"""Appends batches to the log: events, facts, refusals and counts in one transaction (SPEC §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.lake import parquet, sql
from pipelines.lake.closes import head
from pipelines.lake.manifest import Manifests
from pipelines.lake.staging import stage, stage_currencies, stage_input
from pipelines.lake.transaction import commit

_ORIGIN = [("origin", pa.string()), ("origin_item", pa.string()), ("attributes", pa.string())]
EVENT_COLUMNS = pa.schema(
    [
        ("position", pa.int64()),
        ("source", pa.string()),
        ("id", pa.string()),
        ("type", pa.string()),
        ("occurred_at", pa.timestamp("us")),
        ("content", pa.string()),
        ("content_sha256", pa.string()),
        ("body", pa.binary()),
        ("processor", pa.string()),
        ("fault_reason", pa.string()),
        ("fault_message", pa.string()),
        ("manifest_sha256", pa.string()),
        *_ORIGIN,
    ]
)
"""A valid event of a batch; `fault_…` say why its manifest can't be used."""

REFUSAL_COLUMNS = pa.schema(
    [
        ("processor", pa.string()),
        ("reason", pa.string()),
        ("path", pa.string()),
        ("message", pa.string()),
        ("payload", pa.binary()),
        ("payload_size", pa.int64()),
        ("payload_sha256", pa.string()),
        *_ORIGIN,
    ]
)
"""Something received that a step refused."""


@dataclass(frozen=True)
class Batch:
    """What one run of the pipeline hands to the log."""

    batch_id: str
    """Given before the batch is read, so that it counts once however often it is tried."""
    recorded_at: datetime
    """Naive, in UTC."""
    events: pa.Table
    """Of EVENT_COLUMNS."""
    refusals: pa.Table
    """Of REFUSAL_COLUMNS."""


@dataclass(frozen=True)
class BatchCounts:
    """What became of a batch: received = accepted + duplicate + conflict + all rejected."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    """By reason."""
    head: int = 0
    """Of the log, after the batch."""


class _StaleHeadError(Exception):
    """Another committer moved the head after the batch was judged."""


def append(
    connection: duckdb.DuckDBPyConnection, folder: Path, batch: Batch, manifests: Manifests
) -> None:
    """Append a batch to the log, once.

    Raises TryAgainError where the catalog stays busy.
    """
    _stage_batch(connection, batch, manifests)
    while not is_committed(connection, batch.batch_id):
        _judge(connection, batch)
        try:
            commit(connection, folder, lambda: _write(connection))
        except _StaleHeadError:
            continue


def is_committed(connection: duckdb.DuckDBPyConnection, batch_id: str) -> bool:
    """Tell whether a batch is in the log."""
    query = "SELECT 1 FROM warehouse.ingest_batch WHERE batch_id = $batch_id"
    return connection.execute(query, {"batch_id": batch_id}).fetchone() is not None


def batch_counts(connection: duckdb.DuckDBPyConnection, batch_id: str) -> BatchCounts:
    """Read what became of a batch; of one without a single event there is nothing to read."""
    row = connection.execute(
        "SELECT received, accepted, duplicate, conflict, rejected_by_reason, head"
        " FROM warehouse.ingest_batch WHERE batch_id = $batch_id",
        {"batch_id": batch_id},
    ).fetchone()
    if row is None:
        return BatchCounts()
    received, accepted, duplicate, conflict, by_reason, after = row
    rejected = {part["reason"]: part["events"] for part in by_reason}
    return BatchCounts(received, accepted, duplicate, conflict, rejected, after)


def _stage_batch(connection: duckdb.DuckDBPyConnection, batch: Batch, manifests: Manifests) -> None:
    connection.register("received_event", batch.events)
    connection.register("received_refusal", batch.refusals)
    stage_currencies(connection)
    named = connection.execute(
        "SELECT DISTINCT manifest_sha256 FROM received_event"
        " WHERE manifest_sha256 IS NOT NULL AND fault_reason IS NULL"
        " AND manifest_sha256 NOT IN (SELECT manifest_sha256 FROM warehouse.model_trained)"
    ).fetchall()
    _view_manifests(connection, manifests, [sha256 for (sha256,) in named])


def _view_manifests(
    connection: duckdb.DuckDBPyConnection, manifests: Manifests, named: Sequence[str]
) -> None:
    rows = [
        parquet.select(
            manifests.rows_path(sha256),
            f"'{sha256}' AS manifest_sha256",
            "image_id",
            "weight_milli",
        )
        for sha256 in named
    ]
    none = "SELECT NULL AS manifest_sha256, NULL AS image_id, NULL AS weight_milli WHERE false"
    connection.execute(
        f"CREATE OR REPLACE VIEW manifest_row AS {' UNION ALL '.join(rows or [none])}"
    )


def _judge(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    given = [batch.batch_id, batch.recorded_at, head(connection)]
    stage_input(connection, "batch_input", [given])
    for name in ("judged_event", "accepted", "refused", "resolved", "counted"):
        stage(connection, "ingest", name)


def _write(connection: duckdb.DuckDBPyConnection) -> None:
    ((judged_at, after),) = connection.execute(
        "SELECT batch_input.head, counted.head FROM batch_input CROSS JOIN counted"
    ).fetchall()
    if head(connection) != judged_at:
        raise _StaleHeadError
    connection.execute("UPDATE warehouse.head SET seq = $head", {"head": after})
    # what is refused for another reason than before is one dead letter, with the new reason
    connection.execute("DELETE FROM warehouse.dead_letter WHERE id IN (SELECT id FROM refused)")
    connection.execute(
        "UPDATE warehouse.dead_letter AS letter SET resolved_at = resolved.resolved_at"
        " FROM resolved WHERE letter.id = resolved.id"
    )
    for name in ("ingest_batch", "dead_letter", "event"):
        _insert(connection, sql.relation("log", name))
    for fact in sql.relations("facts"):
        _insert(connection, fact)


def _insert(connection: duckdb.DuckDBPyConnection, relation: sql.Relation) -> None:
    columns = ", ".join(column.name for column in relation.columns)
    table = f"warehouse.{relation.name} ({columns})"
    connection.execute(f"INSERT INTO {table} SELECT {columns} FROM ({relation.query})")
