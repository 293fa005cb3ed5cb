"""Changes dead letters: as a batch is committed, and as somebody dismisses them (SPEC §3.4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import duckdb

from pipelines.lake.transaction import commit, one_at_a_time
from pipelines.lake.warehouse import Warehouse


def dismiss(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    ids: Sequence[str],
    note: str,
    dismissed_at: datetime,
) -> None:
    """Close letters by their whole ids, all or none, with why; what is resolved stays as it is.

    Raises TryAgainError where the catalog stays busy.
    """

    def write() -> None:
        one_at_a_time(connection)
        connection.execute(
            "UPDATE warehouse.dead_letter SET dismissed_at = $dismissed_at, note = $note"
            " WHERE list_contains($ids, id) AND resolved_at IS NULL",
            {"ids": list(ids), "note": note, "dismissed_at": dismissed_at},
        )

    commit(connection, warehouse, write)


def write_resolved(connection: duckdb.DuckDBPyConnection) -> None:
    """Write what `resolved` has staged, within a transaction."""
    _update(connection, "resolved", ("resolved_at", "attempts"))


def write_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """Write what `dead_letter` has staged, within a transaction.

    What was refused before is one letter, with the latest reason; whether it is dismissed isn't a
    batch's to say.
    """
    _update(connection, "dead_letter", _OF_REFUSAL)
    connection.execute(
        "INSERT INTO warehouse.dead_letter FROM dead_letter"
        " WHERE id NOT IN (SELECT id FROM warehouse.dead_letter)"
    )


_OF_REFUSAL: Final = (
    "batch_id",
    "received_at",
    "processor",
    "reason",
    "path",
    "message",
    "resolved_at",
    "attempts",
)


def _update(connection: duckdb.DuckDBPyConnection, staged: str, columns: Sequence[str]) -> None:
    given = ", ".join(f"{name} = staged.{name}" for name in columns)
    connection.execute(
        f"UPDATE warehouse.dead_letter AS letter SET {given}"
        f" FROM {staged} AS staged WHERE letter.id = staged.id"
    )
