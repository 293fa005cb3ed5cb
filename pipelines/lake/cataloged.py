"""Reads what a catalog says of its files, commits, views and columns, as `verify` checks it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.lake import file_digests, reading
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.transaction import AUTHOR
from pipelines.lake.verifying import AGAIN, shown
from pipelines.lake.warehouse import Warehouse

_CLEAN: Final = 'created_schema:"main"'
"""The one commit that isn't ours: DuckLake's own, of an empty catalog."""


@dataclass(frozen=True)
class CatalogFile:
    """A data file that the catalog names."""

    relation: str
    path: str
    """In the folder `data`; a whole path where it lies elsewhere."""
    number: int | None
    """Its own in the catalog; None for a file of deleted rows."""
    rows: int | None
    """How many the catalog says it has."""
    size: int
    """Of so many bytes, as the catalog says."""
    begun: int
    """The snapshot that it came with."""
    is_read: bool
    """Whether the present snapshot reads it."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it lies in another folder: no commit of ours names such a file."""
        return "://" in self.path or ".." in self.path or Path(self.path).is_absolute()


def catalog_files(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> Iterator[CatalogFile]:
    """Yield each data file that a snapshot names, those of deleted rows too, by their paths."""
    of = catalog_of(warehouse).metadata(warehouse)
    query = f"""
        SELECT DISTINCT
            relation.table_name,
            CASE
                WHEN file.path_is_relative
                    THEN concat(folder.path, relation.path, file.path)
                ELSE file.path
            END AS path,
            file.number,
            file.rows,
            file.file_size_bytes,
            file.begin_snapshot,
            file.end_snapshot IS NULL AS is_read
        FROM (
            SELECT
                table_id, path, path_is_relative, begin_snapshot, end_snapshot, file_size_bytes,
                data_file_id AS number, record_count AS rows
            FROM {of}.ducklake_data_file
            UNION ALL
            SELECT
                table_id, path, path_is_relative, begin_snapshot, end_snapshot, file_size_bytes,
                NULL AS number, NULL AS rows
            FROM {of}.ducklake_delete_file
        ) AS file
        INNER JOIN {of}.ducklake_table AS relation ON file.table_id = relation.table_id
        INNER JOIN {of}.ducklake_schema AS folder ON relation.schema_id = folder.schema_id
        ORDER BY path
    """
    for row in reading.rows(connection, query, {}):
        yield CatalogFile(*row)


def newest_snapshot(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> int:
    """Return the number of the last commit."""
    of = catalog_of(warehouse).metadata(warehouse)
    query = f"SELECT coalesce(max(snapshot_id), -1) FROM {of}.ducklake_snapshot"
    ((newest,),) = connection.execute(query).fetchall()
    return int(newest)


def forgotten_files(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> set[str]:
    """Return the paths of files that no snapshot names any more, since others took their place."""
    of = catalog_of(warehouse).metadata(warehouse)
    query = f"SELECT path FROM {of}.ducklake_files_scheduled_for_deletion"
    return {path for (path,) in connection.execute(query).fetchall()}


def digests_said(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    of: Callable[[int], bool] = lambda _: True,
) -> dict[str, set[str]]:
    """Return the digests that the commits, or those `of` some numbers, named for each data file.

    There is more than one where another committer was still writing the file.
    """
    digests: dict[str, set[str]] = {}
    for number, _, text, _ in _commits(connection, warehouse):
        said = file_digests.said(text) if of(number) else None
        for path, digest in (said or {}).items():
            digests.setdefault(path, set()).add(digest)
    return digests


def foreign_commits(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> Iterator[tuple[int, str]]:
    """Yield the commits that changed rows or relations and aren't ours: number, and what changed.

    Those before the first that names digests are bound by it.
    """
    begun = False
    for number, author, text, changes in _commits(connection, warehouse):
        is_ours = author == AUTHOR and file_digests.said(text) is not None
        begun = begun or is_ours
        if begun and not is_ours and changes != _CLEAN:
            yield number, changes or "it doesn't say what it changed"


def _commits(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    of = catalog_of(warehouse).metadata(warehouse)
    yield from connection.execute(
        "SELECT snapshot.snapshot_id, said.author, said.commit_extra_info, said.changes_made"
        f" FROM {of}.ducklake_snapshot AS snapshot"
        f" LEFT JOIN {of}.ducklake_snapshot_changes AS said USING (snapshot_id)"
        " ORDER BY snapshot.snapshot_id"
    ).fetchall()


def rows_in_catalog(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> list[str]:
    """Return the catalog's own relations for rows that are, or were, in no file; ours has none."""
    of = catalog_of(warehouse).metadata(warehouse)
    rows = connection.execute(
        f"SELECT table_name FROM {of}.ducklake_inlined_data_tables ORDER BY table_name"
    ).fetchall()
    tables = connection.execute(
        f"SELECT DISTINCT table_id FROM {of}.ducklake_table ORDER BY table_id"
    ).fetchall()
    deleted = (f"ducklake_inlined_delete_{int(number)}" for (number,) in tables)
    return [name for (name,) in rows] + [one for one in deleted if _is_there(connection, of, one)]


def _is_there(connection: duckdb.DuckDBPyConnection, of: str, name: str) -> bool:
    """Return whether a catalog has a relation of its own, which DuckDB lists none of."""
    try:
        connection.execute(f"SELECT 1 FROM {of}.{name} LIMIT 0")
    except duckdb.CatalogException:
        return False
    return True


_MADE: Final[Mapping[str, str]] = {
    "view": ("SELECT view_name, sql FROM {of}.ducklake_view WHERE end_snapshot IS NULL"),
    "macro": (
        "SELECT macro.macro_name, concat(made.type, ' ', made.sql)"
        " FROM {of}.ducklake_macro AS macro"
        " INNER JOIN {of}.ducklake_macro_impl AS made ON macro.macro_id = made.macro_id"
        " WHERE macro.end_snapshot IS NULL"
    ),
    "column": (
        "SELECT relation.table_name, string_agg(concat(place.column_name, ' ', place.column_type),"
        " ', ' ORDER BY place.column_order)"
        " FROM {of}.ducklake_column AS place INNER JOIN {of}.ducklake_table AS relation"
        " ON place.table_id = relation.table_id AND relation.end_snapshot IS NULL"
        " WHERE place.end_snapshot IS NULL GROUP BY relation.table_name"
    ),
}
"""What a catalog says of views, macros and columns: a name, and what goes by it."""


def made_otherwise(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, target: Warehouse
) -> Iterator[tuple[str, str, str, str]]:
    """Yield views, macros and columns that aren't as in a warehouse that this program makes.

    Others that somebody added are left out: nothing of ours reads them.
    """
    mine = catalog_of(warehouse).metadata(warehouse)
    fresh = catalog_of(target).metadata(target).replace("_warehouse.", f"_{AGAIN}.")
    for kind, query in _MADE.items():
        stored = dict(connection.execute(query.format(of=mine)).fetchall())
        for name, text in connection.execute(query.format(of=fresh)).fetchall():
            found = stored.get(name)
            if found != text:
                yield kind, name, shown(text), "none" if found is None else shown(found)
