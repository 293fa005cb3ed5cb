"""Commits a close: results, seal and `period-closed` event in one transaction (SPEC §6, Commit)."""

import json
from dataclasses import astuple
from datetime import datetime

import duckdb

from pipelines.errors import ConflictError
from pipelines.lake import sql
from pipelines.lake.closes import FIRST_PREVIOUS_DIGEST, find_close, last_close
from pipelines.lake.log import head
from pipelines.lake.seal import Seal
from pipelines.lake.staging import stage_input
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from schemas.canonical import canonical_json, content_sha256
from schemas.instants import written

SOURCE = "manyhands"
TYPE = "period-closed"
_STAGED = ("pool", "allocation", "held", "statement_line", "statement", "log_block")


def commit_close(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    period: Period,
    seal: Seal,
    closed_at: datetime,
) -> None:
    """Move the staged close into the warehouse; exactly one closer of a period wins.

    Raises ConflictError where another closer won, naming its digest.
    """
    stage_input(connection, "seal", [[*astuple(seal), closed_at]])

    def write() -> None:
        refuse_if_closed(connection, period, seal.previous_digest)
        seq = head(connection) + 1
        connection.execute("UPDATE warehouse.head SET seq = $seq", {"seq": seq})
        _write_row_sum(connection, period, seq)
        for name in _STAGED:
            columns = ", ".join(column.name for column in sql.relation("results", name).columns)
            connection.execute(f"INSERT INTO warehouse.{name} SELECT {columns} FROM {name}")
        query = sql.relation("results", "period_close").query
        connection.execute(f"INSERT INTO warehouse.period_close {query}")
        _write_event(connection, period, seal.digest, seq, closed_at)

    commit(connection, warehouse, write)


def _write_row_sum(connection: duckdb.DuckDBPyConnection, period: Period, seq: int) -> None:
    connection.execute(
        "INSERT INTO warehouse.row_sum"
        " SELECT $period, $seq, 'statement', count(*), sum(row_md5(issued))"
        " FROM (SELECT * EXCLUDE (sealed) FROM statement) AS issued HAVING count(*) > 0",
        {"period": period.name, "seq": seq},
    )


def refuse_if_closed(
    connection: duckdb.DuckDBPyConnection, period: Period, previous_digest: str
) -> None:
    """Raise ConflictError where the period was closed since, or the close before it is another."""
    winner = find_close(connection, period.name)
    if winner is not None:
        message = f"{period.name} was closed by another closer; its digest is {winner.digest}"
        raise ConflictError(message)
    latest = last_close(connection)
    if (latest.digest if latest else FIRST_PREVIOUS_DIGEST) != previous_digest:
        message = f"another period was closed before {period.name}; run the command again"
        raise ConflictError(message)


def _write_event(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    digest: str,
    seq: int,
    closed_at: datetime,
) -> None:
    time = written(period.ends_at)
    (log_seq,) = connection.execute("SELECT log_seq FROM close_input").fetchall()[0]
    data = {"digest": digest, "log_seq": log_seq, "period": period.name}
    content = canonical_json({"data": data, "time": time, "type": TYPE})
    envelope = {"specversion": "1.0", "id": period.name, "source": SOURCE, "type": TYPE}
    connection.execute(
        "INSERT INTO warehouse.event BY NAME SELECT $seq AS seq, $source AS source, $id AS id,"
        " $type AS type, $occurred_at AS occurred_at, $recorded_at AS recorded_at,"
        " NULL AS batch_id, $content AS content, $sha256 AS content_sha256,"
        " NULL AS attributes, $body AS body",
        {
            "seq": seq,
            "source": SOURCE,
            "id": period.name,
            "type": TYPE,
            "occurred_at": period.ends_at,
            "recorded_at": closed_at,
            "content": content,
            "sha256": content_sha256(content),
            "body": json.dumps({**envelope, "time": time, "data": data}).encode(),
        },
    )
