"""Keeps a warehouse small: few files, the snapshots of a day, and nothing that nobody reads.

DuckLake keeps each state that a warehouse ever had. Nothing of ours reads an earlier one: the log
has all that happened, and a close reads it up to its position. What goes with a snapshot is the
message of its commit, so the digests that it has of files that stay are carried on before.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import duckdb

from pipelines.errors import FindingsError
from pipelines.lake import file_digests
from pipelines.lake.cataloged import catalog_files, digests_said, foreign_commits
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.merging import crowded, merge, unsealed_files
from pipelines.lake.transaction import commit, one_at_a_time, patiently, transaction
from pipelines.lake.warehouse import SCHEMA, Warehouse

_REWRITE: Final = (
    f"CALL ducklake_rewrite_data_files('warehouse', $relation, schema => '{SCHEMA}',"
    " delete_threshold => 0)"
)
"""Write the files of a relation anew that rows were deleted from."""

_WITH_DELETED: Final = """
    SELECT DISTINCT relation.table_name
    FROM {of}.ducklake_delete_file AS deletion
    INNER JOIN {of}.ducklake_table AS relation
        ON deletion.table_id = relation.table_id AND relation.end_snapshot IS NULL
    WHERE deletion.end_snapshot IS NULL
    ORDER BY relation.table_name
"""

_OLD: Final = """
    SELECT snapshot_id
    FROM ducklake_snapshots('warehouse')
    WHERE snapshot_time < $before AND snapshot_id < (
        SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')
    )
    ORDER BY snapshot_id
"""

_FORGOTTEN: Final = """
    SELECT data_file_id, path
    FROM {of}.ducklake_files_scheduled_for_deletion
    WHERE CAST(schedule_start AS TIMESTAMPTZ) < $before
    ORDER BY data_file_id
"""


def merge_all(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> list[str]:
    """Merge the small files of each relation into one, and leave out rows that were deleted.

    Return the relations whose files are others now.

    Raises FindingsError where one of the files isn't as a commit of ours wrote it.
    """
    of = catalog_of(warehouse).metadata(warehouse)
    less = [name for (name,) in connection.execute(_WITH_DELETED.format(of=of)).fetchall()]
    _refuse_unsealed(connection, warehouse, less)
    for name in less:
        commit(connection, warehouse, partial(_rewrite, connection, name))
    many = crowded(connection, warehouse, 2)
    _refuse_unsealed(connection, warehouse, many)
    for name in many:
        commit(connection, warehouse, partial(merge, connection, name))
    return sorted({*less, *many})


def _refuse_unsealed(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, relations: Collection[str]
) -> None:
    for file in unsealed_files(connection, warehouse, relations):
        message = (
            f"data/{file.path} isn't as manyhands wrote it, so the files of {file.relation} were"
            " not merged: nobody would find what was changed; see `manyhands verify`"
        )
        raise FindingsError(message)


def _rewrite(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    connection.execute(_REWRITE, {"relation": relation}).fetchall()


def drop_snapshots(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    before: datetime,
    unnamed: Iterable[str],
) -> int:
    """Drop the snapshots of before an instant, but the last one, and return how many.

    `unnamed` are the files that stay though no snapshot names them.

    Raises FindingsError where one is of a commit that isn't ours: it is all that tells of it.
    """
    for number, changes in foreign_commits(connection, warehouse):
        message = (
            f"commit {number} isn't one of manyhands ({changes}), so no snapshot was dropped: what"
            " tells of it would be gone; see `manyhands verify`"
        )
        raise FindingsError(message)
    old = [number for (number,) in connection.execute(_OLD, {"before": before}).fetchall()]
    if not old:
        return 0
    carried = dict(_carried(connection, warehouse, set(old), unnamed))
    if carried:
        commit(connection, warehouse, partial(one_at_a_time, connection), carried=carried)
    patiently(warehouse, partial(_expire, connection, old))
    return len(old)


def _expire(connection: duckdb.DuckDBPyConnection, snapshots: Sequence[int]) -> None:
    with transaction(connection):
        connection.execute(
            "CALL ducklake_expire_snapshots('warehouse', versions => $versions)",
            {"versions": list(snapshots)},
        ).fetchall()


def _carried(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    dropped: set[int],
    unnamed: Iterable[str],
) -> Iterator[tuple[str, str]]:
    """Yield the files that stay whose digest only dropped commits say, with that digest.

    Raises FindingsError where they say several, and the file has none of them.
    """
    going = digests_said(connection, warehouse, dropped.__contains__)
    kept = digests_said(connection, warehouse, lambda number: number not in dropped)
    staying = {file.path for file in catalog_files(connection, warehouse)}.union(unnamed)
    for path in sorted(staying.intersection(going).difference(kept)):
        said = going[path]
        found = min(said) if len(said) == 1 else file_digests.digest(warehouse, path)
        if found is None or found not in said:
            message = f"data/{path} isn't what was written; see `manyhands verify`"
            raise FindingsError(message)
        yield path, found


def remove_forgotten(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, before: datetime
) -> int:
    """Remove the files that no snapshot names any more since an instant; return how many.

    The file goes first: where it ends in between, the next one finds it gone.

    Raises FindingsError, before any goes, where one isn't a data file, or is named all the same.
    """
    of = catalog_of(warehouse).metadata(warehouse)
    found = connection.execute(_FORGOTTEN.format(of=of), {"before": before}).fetchall()
    if not found:
        return 0
    named = {file.path for file in catalog_files(connection, warehouse)}
    for _, path in found:
        if path in named or not file_digests.is_of_data(path):
            message = (
                f"the catalog says that {path} is to be removed, and nothing of manyhands said so:"
                " no file was removed; restore the catalog from a backup"
            )
            raise FindingsError(message)
    for _, path in found:
        file_digests.remove(warehouse, path)
    forget = f"DELETE FROM {of}.ducklake_files_scheduled_for_deletion WHERE data_file_id IN $files"
    patiently(warehouse, partial(_forget, connection, forget, [number for number, _ in found]))
    return len(found)


def _forget(connection: duckdb.DuckDBPyConnection, forget: str, numbers: Sequence[int]) -> None:
    with transaction(connection):
        connection.execute(forget, {"files": list(numbers)}).fetchall()
