"""Appends batches to the log: events, facts, refusals and counts in one transaction (SPEC §4)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.errors import ManyhandsError
from pipelines.lake import arrow, identity_index, letter_changes, sql
from pipelines.lake.added_files import adding
from pipelines.lake.manifest_staging import stage_manifests
from pipelines.lake.staging import (
    stage,
    stage_currencies,
    stage_input,
    stage_nothing,
    stage_view,
    view_stored,
)
from pipelines.lake.transaction import LostRaceError, commit_once, patiently
from pipelines.lake.warehouse import Warehouse
from schemas.rejection import KEPT_BYTES

DEADLETTER: Final = "deadletter"
"""The origin of a batch that replays dead letters."""

EVENT_COLUMNS = arrow.schema("inputs", "received_event")
"""A valid event of a batch."""

_ACCEPTED_COLUMNS = arrow.schema("inputs", "accepted_event")

REFUSAL_COLUMNS = arrow.schema("inputs", "received_refusal")
"""Something of a batch that a step refused: what a dead letter keeps of it."""


@dataclass(frozen=True)
class StagedBatch:
    """What one run of the pipeline staged for the log."""

    batch_id: str
    """Chosen before the batch is read, so that it counts once however often it is tried."""
    recorded_at: datetime
    """Naive, in UTC."""
    events: pa.Table
    """Of EVENT_COLUMNS."""
    refusals: pa.Table
    """Of REFUSAL_COLUMNS."""
    origin: str | None = None
    """DEADLETTER where it replays dead letters; None where it was ingested."""


@dataclass(frozen=True)
class Counts:
    """What became of a batch or of several: received = accepted + duplicate + conflict + rejected.

    Counts of batches add up, in the order of the batches.
    """

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    """By reason."""
    head: int = 0
    """Of the log, after the last batch."""

    def __add__(self, later: "Counts") -> "Counts":
        """Return what became of these and of later ones."""
        return Counts(
            self.received + later.received,
            self.accepted + later.accepted,
            self.duplicate + later.duplicate,
            self.conflict + later.conflict,
            Counter(self.rejected) + Counter(later.rejected),
            later.head,
        )


@dataclass(frozen=True)
class OwnEvent:
    """An event that manyhands itself adds to the log, with columns of `event`."""

    source: str
    id: str
    type: str
    occurred_at: datetime
    """Naive, in UTC."""
    content: str
    content_sha256: str
    body: bytes


def head(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the position of the log's last event, 0 where there is none."""
    rows = connection.execute("SELECT seq FROM warehouse.head").fetchall()
    if len(rows) != 1:
        message = f"the warehouse's relation head has {len(rows)} rows, not 1; restore a backup"
        raise ManyhandsError(message)
    return int(rows[0][0])


def overlook(_: duckdb.DuckDBPyConnection) -> None:
    """Do nothing with what is staged."""


def append(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    batch: StagedBatch,
    look: Callable[[duckdb.DuckDBPyConnection], None] = overlook,
) -> Counts:
    """Append a batch to the log, once, and return what became of it.

    `look` is called once it is committed, while what was staged of it can still be read.

    Raises TryAgainError where the catalog stays busy.
    """
    identity_index.keep_up(connection, warehouse)
    _stage_batch(connection, warehouse, batch)

    def attempt() -> None:
        # a commit whose answer was lost looks like one that lost the race
        if not is_committed(connection, batch.batch_id):
            view_stored(connection, ("dead_letter",))
            identity_index.view_known(connection, warehouse)
            _judge(connection, batch)
            with adding(connection, warehouse) as add:
                commit_once(connection, warehouse, partial(_write_and_add, connection, add))

    patiently(warehouse, attempt)
    look(connection)
    _drop_staged(connection)
    return _counts(connection, batch.batch_id)


def append_own(
    connection: duckdb.DuckDBPyConnection, event: OwnEvent, recorded_at: datetime
) -> None:
    """Add an event of our own to the log, within a transaction."""
    seq = head(connection) + 1
    connection.execute("UPDATE warehouse.head SET seq = $seq", {"seq": seq})
    columns = {"seq": seq, **asdict(event), "recorded_at": recorded_at}
    values = ", ".join(f"${name} AS {name}" for name in columns)
    connection.execute(f"INSERT INTO warehouse.event BY NAME SELECT {values}", columns)


def is_committed(connection: duckdb.DuckDBPyConnection, batch_id: str) -> bool:
    """Return whether a batch is in the log."""
    query = "SELECT 1 FROM warehouse.ingest_batch WHERE batch_id = $batch_id"
    return connection.execute(query, {"batch_id": batch_id}).fetchone() is not None


def _counts(connection: duckdb.DuckDBPyConnection, batch_id: str) -> Counts:
    ((received, accepted, duplicate, conflict, by_reason, after),) = connection.execute(
        "SELECT received, accepted, duplicate, conflict, rejected_by_reason, head"
        " FROM warehouse.ingest_batch WHERE batch_id = $batch_id",
        {"batch_id": batch_id},
    ).fetchall()
    rejected = {part["reason"]: part["events"] for part in by_reason}
    return Counts(received, accepted, duplicate, conflict, rejected, after)


def _drop_staged(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold nothing of a batch while the next one is waited for."""
    connection.execute("DROP VIEW IF EXISTS event")
    for name in (*_RECEIVED, "accepted_event"):
        connection.unregister(name)
    for _, name in (_JUDGED, _NUMBERED, _LETTERS, *_STAGED, ("log", "row_sum")):
        connection.execute(f"DROP TABLE IF EXISTS {name}")


_RECEIVED = ("received_event", "received_refusal")
_JUDGED = ("ingest", "judged_event")
_LETTERS = ("log", "dead_letter")
_NUMBERED = ("ingest", "numbered_event")
_VIEWED = (("ingest", "refusal"), ("ingest", "outcome"))
_STAGED = (
    ("log", "ingest_batch"),
    ("ingest", "resolved"),
    *(("facts", name) for name in sql.names("facts")),
    ("ingest", "added_file"),
)


def _stage_batch(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, batch: StagedBatch
) -> None:
    register(connection, batch)
    stage_currencies(connection)
    named = connection.execute(
        "SELECT DISTINCT manifest_sha256 FROM received_event"
        " WHERE manifest_sha256 IS NOT NULL AND fault_reason IS NULL"
        " AND manifest_sha256 NOT IN (SELECT manifest_sha256 FROM warehouse.model_trained)"
    ).fetchall()
    stage_manifests(connection, warehouse, [sha256 for (sha256,) in named])


def register(connection: duckdb.DuckDBPyConnection, batch: StagedBatch) -> None:
    """Let what the pipeline staged be read as `received_event` and `received_refusal`."""
    connection.register("received_event", batch.events)
    connection.register("received_refusal", batch.refusals)


def _judge(connection: duckdb.DuckDBPyConnection, batch: StagedBatch) -> None:
    judge_events(connection, batch)
    stage(connection, *_NUMBERED)
    numbered = connection.execute("SELECT position, seq FROM numbered_event").to_arrow_table()
    connection.register("accepted_event", accepted(batch.events, numbered))
    stage_view(connection, "log", "event")
    for folder, name in _STAGED:
        stage(connection, folder, name)
    _stage_letters(connection, batch)
    stage_view(connection, "ingest", "row_added")
    stage(connection, "log", "row_sum")


def _stage_letters(connection: duckdb.DuckDBPyConnection, batch: StagedBatch) -> None:
    """Stage what is refused; where nothing is, the texts of the batch aren't looked at for it."""
    late = "SELECT 1 FROM judged_event WHERE outcome IN ('conflict', 'rejected') LIMIT 1"
    if len(batch.refusals) or connection.execute(late).fetchone():
        stage(connection, *_LETTERS)
    else:
        stage_nothing(connection, *_LETTERS)


def accepted(events: pa.Table, numbered: pa.Table) -> pa.Table:
    """Return the events that have a position in the log as a table of `accepted_event`.

    Where all have one, none is copied; a join in SQL copies each of them, with its body.
    """
    positions = events["position"].to_numpy()
    seq_at = np.zeros(positions.max(initial=-1) + 1, np.int64)
    seq_at[numbered["position"].to_numpy()] = numbered["seq"].to_numpy()
    seqs = seq_at[positions]
    table = events.append_column("seq", pa.array(seqs)).select(_ACCEPTED_COLUMNS.names)
    return table if seqs.all() else table.filter(pa.array(seqs > 0))


def judge_events(connection: duckdb.DuckDBPyConnection, batch: StagedBatch) -> None:
    """Stage what becomes of each event and refusal, by the log in `stored`."""
    given = [batch.batch_id, batch.recorded_at, head(connection), KEPT_BYTES, batch.origin]
    stage_input(connection, "batch_input", [given])
    stage(connection, *_JUDGED)
    for folder, name in _VIEWED:
        stage_view(connection, folder, name)


def _write_and_add(connection: duckdb.DuckDBPyConnection, add: Callable[[str, Path], None]) -> None:
    _write(connection)
    for (path,) in connection.execute("SELECT path FROM added_file").fetchall():
        add("manifest_entry", Path(path))


def _write(connection: duckdb.DuckDBPyConnection) -> None:
    ((judged_at, after),) = connection.execute(
        "SELECT batch_input.head, ingest_batch.head FROM batch_input CROSS JOIN ingest_batch"
    ).fetchall()
    if head(connection) != judged_at:
        raise LostRaceError
    connection.execute("UPDATE warehouse.head SET seq = $head", {"head": after})
    if _has_rows(connection, "resolved"):
        letter_changes.write_resolved(connection)
    if _has_rows(connection, "dead_letter"):
        letter_changes.write_refused(connection)
    filled = connection.execute("SELECT relation FROM row_sum").fetchall()
    for name in ("ingest_batch", "event", "row_sum", *(name for (name,) in filled)):
        connection.execute(f"INSERT INTO warehouse.{name} FROM {name}")


def _has_rows(connection: duckdb.DuckDBPyConnection, staged: str) -> bool:
    """Return whether a change changes anything: to DuckLake one of nothing is as much work."""
    return connection.execute(f"SELECT 1 FROM {staged} LIMIT 1").fetchone() is not None
