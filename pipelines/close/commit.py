"""Commits a close: results, seal and `period-closed` event in one transaction (SPEC §6, Commit)."""

import json
from dataclasses import astuple
from datetime import datetime

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.seal import Seal
from pipelines.errors import ConflictError
from pipelines.lake import log, results
from pipelines.lake.closes import FIRST_PREVIOUS_DIGEST, find_close, last_close
from pipelines.lake.staging import stage, stage_input, stage_view
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse
from schemas.canonical import canonical_json, content_sha256
from schemas.envelope import OWN_SOURCE
from schemas.instants import written

TYPE = "period-closed"


def issue(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    closing: Closing,
    seal: Seal,
    closed_at: datetime,
) -> None:
    """Move the staged close into the warehouse; exactly one closer of a period wins.

    Raises ConflictError where another closer won, naming its digest.
    """
    stage_input(connection, "seal", [[*astuple(seal), closed_at]])
    stage_input(connection, "step_time", closing.times.milliseconds.items())
    stage(connection, "results", "close_step")
    stage_view(connection, "rules", "row_added")

    def write() -> None:
        refuse_if_closed(connection, closing)
        log.append_own(connection, _event(closing, seal), closed_at)
        results.store(connection)

    commit(connection, warehouse, write)


def refuse_if_closed(connection: duckdb.DuckDBPyConnection, closing: Closing) -> None:
    """Raise ConflictError where the period was closed since, or the close before it is another."""
    period = closing.period.name
    winner = find_close(connection, period)
    if winner is not None:
        message = f"{period} was closed by another closer; its digest is {winner.digest}"
        raise ConflictError(message)
    latest = last_close(connection)
    if (latest.digest if latest else FIRST_PREVIOUS_DIGEST) != closing.previous_digest:
        message = f"another period was closed before {period}; run the command again"
        raise ConflictError(message)


def _event(closing: Closing, seal: Seal) -> log.OwnEvent:
    """Return the event that says that the period is closed."""
    period, time = closing.period, written(closing.period.ends_at)
    data = {"digest": seal.digest, "log_seq": closing.log_seq, "period": period.name}
    content = canonical_json({"data": data, "time": time, "type": TYPE})
    envelope = {"specversion": "1.0", "id": period.name, "source": OWN_SOURCE, "type": TYPE}
    return log.OwnEvent(
        source=OWN_SOURCE,
        id=period.name,
        type=TYPE,
        occurred_at=period.ends_at,
        content=content,
        content_sha256=content_sha256(content),
        body=json.dumps({**envelope, "time": time, "data": data}).encode(),
    )
