"""Writes a relation of `sql/reports` as one file, streamed by the engine.

Money is exact: DECIMAL in Parquet, the same digits as text in CSV and JSON.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import duckdb

from pipelines.lake import sql
from pipelines.lake.paths import for_engine

_OPTIONS: Final = {
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json",
    "parquet": "FORMAT parquet",
}


def write(connection: duckdb.DuckDBPyConnection, name: str, form: str, path: Path) -> None:
    """Write a report whose relations are staged: as `csv`, `json` or `parquet`.

    In CSV text that a spreadsheet would run is made harmless; JSON is one object a line, its keys
    sorted, its money text (SPEC §7.3).
    """
    relation = sql.relation("reports", name)
    columns = ", ".join(_written(relation.columns, form))
    connection.execute(
        f"COPY (SELECT {columns} FROM ({relation.query})) TO $path ({_OPTIONS[form]})",
        {"path": str(for_engine(path))},
    )


def _written(columns: Iterable[sql.Column], form: str) -> Iterable[str]:
    """Yield each column as a format has it."""
    if form == "json":
        columns = sorted(columns, key=lambda column: column.name)
    for column in columns:
        if form == "csv" and column.type == "VARCHAR":
            yield f"harmless_text({column.name}) AS {column.name}"
        elif form == "json" and column.type.startswith("DECIMAL"):
            yield f"CAST({column.name} AS VARCHAR) AS {column.name}"
        else:
            yield column.name
