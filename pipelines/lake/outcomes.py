"""Says what becomes of everything in a batch, while it is staged (SPEC §3.4)."""

from typing import NamedTuple

import duckdb

from pipelines.lake.log import StagedBatch, judge_events, register
from pipelines.lake.staging import foresee_accepted, view_foreseen


class Outcome(NamedTuple):
    """What becomes of one thing received."""

    position: int
    """In its batch."""
    outcome: str
    """`accepted`, `duplicate`, `conflict` or `rejected`."""
    reason: str | None = None
    """Why it is refused; None where it isn't, as the two below."""
    path: str | None = None
    message: str | None = None


def outcomes(connection: duckdb.DuckDBPyConnection) -> list[Outcome]:
    """Return what becomes of a staged batch, in the order received."""
    found = connection.execute("FROM outcome ORDER BY position").fetchall()
    return [Outcome._make(row) for row in found]


def foresee(connection: duckdb.DuckDBPyConnection, batch: StagedBatch) -> list[Outcome]:
    """Return what would become of a batch, and append nothing.

    The batches that were foreseen over this connection before count as appended.
    """
    register(connection, batch)
    view_foreseen(connection)
    judge_events(connection, batch)
    foresee_accepted(connection)
    return outcomes(connection)
