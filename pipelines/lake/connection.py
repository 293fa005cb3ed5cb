"""Opens a warehouse (SPEC §7.1).

It is attached as `warehouse`; the connection's own in-memory database, which spills to a temporary
folder, holds what is staged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.lake import engine, faults, object_store, rights, scratch, sql
from pipelines.lake.catalogs import catalog_of, located
from pipelines.lake.setting import refuse_other_format
from pipelines.lake.warehouse import SCHEMA, Warehouse

STORED = ("log", "facts", "results")


@contextmanager
def connect(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse for as long as the context lasts.

    Raises NotFoundError where there is none, ManyhandsError where a right is missing or
    the catalog is damaged.
    """
    warehouse = located(warehouse)
    if warehouse.place is None:
        rights.refuse_unless_writable(_written(warehouse))
        folder = warehouse.folder
        scratch.tidy(folder.parent, folder, warehouse.manifests, warehouse.gate, warehouse.staged)
    with faults.explained(warehouse):
        catalog_of(warehouse).refuse_unless_writable(warehouse)
        catalog_of(warehouse).recover(warehouse)
    with opened(warehouse) as connection:
        refuse_other_format(connection, warehouse)
        yield connection


def stored_relations() -> list[sql.Relation]:
    """Return the relations that a warehouse stores."""
    return [relation for folder in STORED for relation in sql.relations(folder)]


def _written(warehouse: Warehouse) -> Iterator[Path]:
    """Yield what a command that commits writes, or writes in."""
    yield warehouse.folder
    yield from catalog_of(warehouse).files(warehouse)
    yield from (
        warehouse.gate,
        warehouse.manifests,
        warehouse.staged,
        warehouse.data,
        warehouse.data / SCHEMA,
    )
    for relation in stored_relations():
        yield warehouse.data / SCHEMA / relation.name


@contextmanager
def opened(warehouse: Warehouse, attach: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse, which need not be there yet, unchecked; `attach` opens a snapshot of it."""
    catalog = catalog_of(warehouse)
    with (
        faults.explained(warehouse),
        engine.connect(warehouse.memory_bytes, *catalog.extensions(warehouse)) as connection,
    ):
        object_store.give_keys(connection, warehouse)
        make_functions(connection)
        connection.execute(attach or catalog.attach_statement(warehouse))
        yield connection


def make_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros that rules and relations call."""
    for macro in sql.names("functions"):
        connection.execute(sql.text("functions", macro))
