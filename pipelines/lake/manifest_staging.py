"""Stages the rows of the manifests that a batch is the first to name: to be copied, or as files."""

from collections.abc import Sequence
from typing import Final

import duckdb

from pipelines.lake import parquet, sql
from pipelines.lake.manifest import kept, rows_path
from pipelines.lake.staging import stage_input
from pipelines.lake.warehouse import Warehouse

LEAST_ADDED: Final = 100_000
"""The file of a manifest of so many rows becomes a data file as it is."""


def stage_manifests(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, named: Sequence[str]
) -> None:
    """Stage `manifest_file`, and let the rows of the other manifests be read as `manifest_row`."""
    files = {sha256: _file_to_add(warehouse, sha256) for sha256 in named}
    stage_input(connection, "manifest_file", filter(None, files.values()))
    _view_rows(connection, warehouse, [sha256 for sha256, file in files.items() if not file])


def _file_to_add(warehouse: Warehouse, sha256: str) -> tuple[str, str, int, int] | None:
    """Return what `manifest_file` says of a manifest; None where its rows are to be copied.

    So are few, which are merged with others, and those of a warehouse in an object store.
    """
    if warehouse.place is not None:
        return None
    file = kept(warehouse, sha256)
    if file is None or file.md5_sum is None or file.rows < LEAST_ADDED:
        return None
    return sha256, str(file.path), file.rows, file.md5_sum


def _view_rows(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, named: Sequence[str]
) -> None:
    rows = [
        parquet.select(
            rows_path(warehouse, sha256),
            f"'{sha256}' AS manifest_sha256",
            "image_id",
            "weight_milli",
        )
        for sha256 in named
    ]
    columns = sql.relation("inputs", "manifest_row").columns
    nulls = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in columns)
    query = " UNION ALL ".join([f"SELECT {nulls} WHERE false", *rows])
    connection.execute(f"CREATE OR REPLACE VIEW manifest_row AS {query}")
