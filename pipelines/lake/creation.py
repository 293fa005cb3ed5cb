"""Makes a warehouse: an empty log, its relations and views, its setting (SPEC §7.1)."""

from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from typing import Final

import duckdb

from pipelines.errors import ConflictError, UsageError
from pipelines.lake import reading, rights, sql
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.connection import opened, stored_relations
from pipelines.lake.literals import quoted
from pipelines.lake.setting import FORMAT, Setting
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import SCHEMA, Warehouse
from pipelines.royalties.periods import Period

_OF_VIEWS: Final = "floor_abs"
"""The function of `sql/functions` that views call: who attaches a warehouse has none of ours."""


def make_unless_there(warehouse: Warehouse) -> None:
    """Make a warehouse with defaults where there is none; one that another makes meanwhile is fine.

    Where its catalog is made by `init` alone, nothing is made.

    Raises as `create` does.
    """
    catalog = catalog_of(warehouse)
    exists = catalog.exists
    if not catalog.MADE_BY_INIT_ALONE and not exists(warehouse):
        try:
            create(warehouse, Setting())
        except ConflictError:
            if not exists(warehouse):
                raise


def create(
    warehouse: Warehouse,
    setting: Setting,
    *,
    number: int = FORMAT,
    go_on: Callable[[Warehouse], None] = lambda _: None,
) -> None:
    """Make an empty warehouse, whole or not at all; an empty folder keeps its owner and mode.

    `number` is its format: UNFINISHED where nobody is to open it yet. `go_on` fills it at the place
    where it is made, and where that fails there is none; but one in PostgreSQL stays as it is then.

    Raises ConflictError where the folder holds a warehouse or anything else, UsageError
    where the first period isn't one of the cadence, and ManyhandsError where the folder can't be
    made or written, or holds a warehouse of another format.
    """
    if setting.first_period:
        try:
            Period.parse(setting.first_period, setting.cadence)
        except ValueError as error:
            raise UsageError(str(error)) from error
    warehouse = warehouse.absolute()

    def fill(place: Warehouse) -> None:
        _fill(place, setting, number)
        go_on(place)

    try:
        _refuse_if_there(warehouse)
        catalog_of(warehouse).make(warehouse, fill)
    except PermissionError as error:
        raise rights.refusal(warehouse.folder, "write") from error


def _refuse_if_there(warehouse: Warehouse) -> None:
    if catalog_of(warehouse).exists(warehouse):
        there = warehouse.unasked() if warehouse.server else warehouse
        with reading.connect(there):  # of our format, or that is what is to be said
            other = "--schema" if warehouse.server else "folder"
            message = f"{warehouse.name} is a warehouse already; name another {other}"
            raise ConflictError(message)


def _fill(warehouse: Warehouse, setting: Setting, number: int) -> None:
    """Make a warehouse with a folder for each relation, so that no commit has to make one.

    DuckDB makes folders that only their owner can write in, whatever the umask.
    """
    if warehouse.place is None:
        for relation in stored_relations():
            (warehouse.data / SCHEMA / relation.name).mkdir(parents=True)
        for folder in (warehouse.gate, warehouse.manifests, warehouse.staged):
            folder.mkdir()
    with opened(warehouse) as connection:
        commit(connection, warehouse, lambda: _write(connection, setting, number))


def _write(connection: duckdb.DuckDBPyConnection, setting: Setting, number: int) -> None:
    for relation in stored_relations():
        create_table(connection, relation)
    remake_views(connection)
    connection.execute("INSERT INTO warehouse.head VALUES (0)")
    given = [number, setting.cadence.value, setting.grace_days, setting.first_period or None]
    connection.execute("INSERT INTO warehouse.setting VALUES (?, ?, ?, ?)", given)


def remake_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every view anew, whether it was there or not, and first the function that they call.

    Those that a warehouse has and `sql/views` doesn't stay.
    """
    text = sql.text("functions", _OF_VIEWS)
    connection.execute(text.replace(f"MACRO {_OF_VIEWS}", f"MACRO warehouse.{_OF_VIEWS}"))
    for view in _views_in_order():
        connection.execute(f"DROP VIEW IF EXISTS warehouse.{view.name}")
        create_view(connection, view)


def _views_in_order() -> Iterator[sql.Relation]:
    """Yield the views, each after those that it reads."""
    views = {view.name: view for view in sql.relations("views")}
    read_by = {
        name: {other for other in views if other != name and other in view.query.split()}
        for name, view in views.items()
    }
    return (views[name] for name in TopologicalSorter(read_by).static_order())


def create_table(connection: duckdb.DuckDBPyConnection, relation: sql.Relation) -> None:
    """Create a relation as its head declares it, without rows."""
    columns = sql.declared(relation.columns)
    connection.execute(f"CREATE TABLE warehouse.{relation.name} ({columns})")
    comment = quoted(f"{relation.meaning} Grain: {relation.grain}")
    connection.execute(f"COMMENT ON TABLE warehouse.{relation.name} IS {comment}")
    for column in relation.columns:
        name = f"warehouse.{relation.name}.{column.name}"
        connection.execute(f"COMMENT ON COLUMN {name} IS {quoted(column.comment)}")


def create_view(connection: duckdb.DuckDBPyConnection, view: sql.Relation) -> None:
    """Create a view as its file has it; those that it reads have to be there."""
    connection.execute(f"CREATE VIEW warehouse.{view.name} AS {view.query}")
    comment = quoted(f"{view.meaning} Grain: {view.grain}")
    connection.execute(f"COMMENT ON VIEW warehouse.{view.name} IS {comment}")
