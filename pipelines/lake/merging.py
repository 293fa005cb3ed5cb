"""Merges small data files, which every look-up of identity reads one by one (SPEC §4)."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

import duckdb

from pipelines.lake import file_digests
from pipelines.lake.cataloged import CatalogFile, catalog_files, digests_said
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.transaction import commit_once
from pipelines.lake.warehouse import SCHEMA, Warehouse

SMALL_BYTES: Final = 4 << 20
"""A file of fewer bytes is small. What is merged is merged again until it isn't small any more, so
a merge rewrites little, however large the log is."""

_CROWDED: Final = """
    SELECT relation.table_name
    FROM {catalog}.ducklake_data_file AS file
    INNER JOIN {catalog}.ducklake_table AS relation
        ON file.table_id = relation.table_id AND relation.end_snapshot IS NULL
    LEFT JOIN {catalog}.ducklake_delete_file AS deletion
        ON file.data_file_id = deletion.data_file_id AND deletion.end_snapshot IS NULL
    WHERE
        file.end_snapshot IS NULL
        AND file.file_size_bytes < $small
        AND deletion.data_file_id IS NULL
    GROUP BY relation.table_name
    HAVING count(*) >= $files
    ORDER BY relation.table_name
"""
"""A file that rows were deleted from can't be merged, so it doesn't count."""

_MERGE: Final = (
    "CALL ducklake_merge_adjacent_files"
    f"('warehouse', $relation, schema => '{SCHEMA}', max_file_size => $small)"
)


def merge_small_files(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, files: int
) -> list[str]:
    """Merge the small files of each relation that has `files` or more; return those relations.

    Each merge is a transaction of its own, since DuckLake lets none both change rows and merge.
    It isn't committed where anybody else committed since it began, as no commit is. Rows keep
    their ids and the snapshots that they came with; the old files stay, for whoever reads them.

    A relation with a file that isn't as it was written stays as it is: in the merged one nobody
    would find what was changed. A merge that loses the race, or fails (a full disk, say), changes
    nothing and is tried again the next time: only speed depends on it, and who needs a file says
    what is wrong with it.
    """
    try:
        found = crowded(connection, warehouse, files)
        unsealed = {file.relation for file in unsealed_files(connection, warehouse, found)}
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, OSError):
        return []
    whole = (name for name in found if name not in unsealed)
    return [name for name in whole if _is_merged(connection, warehouse, name)]


def _is_merged(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, relation: str) -> bool:
    try:
        with catalog_of(warehouse).committing(warehouse):
            commit_once(connection, warehouse, partial(merge, connection, relation))
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, OSError):
        return False
    return True


def crowded(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, files: int) -> list[str]:
    """Return the relations that have so many small files."""
    query = _CROWDED.format(catalog=catalog_of(warehouse).metadata(warehouse))
    found = connection.execute(query, {"files": files, "small": SMALL_BYTES}).fetchall()
    return [name for (name,) in found]


def unsealed_files(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, relations: Collection[str]
) -> Iterator[CatalogFile]:
    """Yield the files of relations that aren't as a commit of ours wrote them.

    Only files that can be merged are looked at: small ones, and those of deleted rows.
    """
    if not relations:
        return
    # the files first: a commit that comes in between has its digests by then
    files = [one for one in catalog_files(connection, warehouse) if one.relation in relations]
    said = digests_said(connection, warehouse)
    for file in files:
        is_large = file.number is not None and file.size >= SMALL_BYTES
        if is_large or not file.is_read:
            continue
        found = None if file.is_elsewhere else file_digests.digest(warehouse, file.path)
        if found is None or found not in said.get(file.path, set()):
            yield file


def merge(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Merge a relation's small files, in a transaction that changes nothing else."""
    given = {"relation": relation, "small": SMALL_BYTES}
    connection.execute(_MERGE, given).fetchall()
