"""Makes a warehouse: an empty log, its relations and views, its setting (SPEC §7.1)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from pipelines.errors import ConflictError, UsageError
from pipelines.lake import reading, rights, scratch, sql
from pipelines.lake.connection import opened, stored_relations
from pipelines.lake.disk import entries, sync_file
from pipelines.lake.literals import quoted
from pipelines.lake.setting import FORMAT, Setting
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import (
    CATALOG,
    DATA,
    GATE,
    MANIFESTS,
    SCHEMA,
    STAGED,
    Warehouse,
    exists,
)
from pipelines.royalties.periods import Period


def make_unless_there(warehouse: Warehouse) -> None:
    """Make a warehouse with defaults where there is none; one that another makes meanwhile is fine.

    Raises as `create` does.
    """
    if not exists(warehouse):
        try:
            create(warehouse, Setting())
        except ConflictError:
            if not exists(warehouse):
                raise


def create(warehouse: Warehouse, setting: Setting) -> None:
    """Make an empty warehouse, whole or not at all; an empty folder keeps its owner and mode.

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
    try:
        if warehouse.folder.exists():
            _make_in_place(warehouse, setting)
        else:
            _make_beside(warehouse, setting)
    except PermissionError as error:
        raise rights.refusal(warehouse.folder, "write") from error


def _make_beside(warehouse: Warehouse, setting: Setting) -> None:
    """Make a warehouse whose folder isn't there: by one renaming, so that it is whole or not."""
    folder = warehouse.folder
    above = [path.parent for path in folder.parents if not path.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch.beside(folder) as made:
        whole = made / "warehouse"
        whole.mkdir()
        _fill(replace(warehouse, folder=whole), setting)
        _share(whole, whole)
        try:
            whole.rename(folder)
        except OSError as error:
            raise _made_by_another(folder) from error
    for path in (folder.parent, *above):
        sync_file(path)


def _make_in_place(warehouse: Warehouse, setting: Setting) -> None:
    """Make a warehouse in an empty folder, which may be one that this user can't replace."""
    folder = warehouse.folder
    with _alone_in(folder):
        _refuse_unless_empty(warehouse)
        with scratch.beside(warehouse.catalog) as made:
            whole = made / "warehouse"
            whole.mkdir()
            _fill(replace(warehouse, folder=whole), setting)
            _share(whole, folder)
            for part in (DATA, GATE, MANIFESTS, STAGED, CATALOG):  # what makes it a warehouse last
                (whole / part).rename(folder / part)
    sync_file(folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes a warehouse in a folder that is there."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _share(made: Path, folder: Path) -> None:
    """Let those use what was made who may use the folder that it goes to, and flush it to disk."""
    for path in map(Path, sorted(entries(made))):
        rights.follow(path, folder)
        sync_file(path)
    sync_file(made)


def _made_by_another(folder: Path) -> ConflictError:
    return ConflictError(f"{folder}: another process made it first; run the command again")


def _refuse_unless_empty(warehouse: Warehouse) -> None:
    """Raise ConflictError where a folder has more than what a killed process left there."""
    folder = warehouse.folder
    if exists(warehouse):
        with reading.connect(warehouse):  # of our format, or that is what is to be said
            message = f"{folder} is a warehouse already; name another folder"
            raise ConflictError(message)
    if (folder / DATA).is_dir():
        message = (
            f"{folder} has {DATA}/ but no {CATALOG}: restore that from a backup, or name another"
            " folder; if it never was a warehouse (an init was cut short), empty it"
        )
        raise ConflictError(message)
    if not folder.is_dir() or any(not e.name.startswith(scratch.HIDDEN) for e in folder.iterdir()):
        message = f"{folder} is not empty, and no warehouse; name another folder, or an empty one"
        raise ConflictError(message)


def _fill(warehouse: Warehouse, setting: Setting) -> None:
    """Make a warehouse with a folder for each relation, so that no commit has to make one.

    DuckDB makes folders that only their owner can write in, whatever the umask.
    """
    for relation in stored_relations():
        (warehouse.data / SCHEMA / relation.name).mkdir(parents=True)
    for folder in (warehouse.gate, warehouse.manifests, warehouse.staged):
        folder.mkdir()
    with opened(warehouse) as connection:
        commit(connection, warehouse, lambda: _write(connection, setting))


def _write(connection: duckdb.DuckDBPyConnection, setting: Setting) -> None:
    for relation in stored_relations():
        _create_table(connection, relation)
    for view in _views_in_order():
        _create_view(connection, view)
    connection.execute("INSERT INTO warehouse.head VALUES (0)")
    given = [FORMAT, setting.cadence.value, setting.grace_days, setting.first_period or None]
    connection.execute("INSERT INTO warehouse.setting VALUES (?, ?, ?, ?)", given)


def _views_in_order() -> Iterator[sql.Relation]:
    """Yield the views, each after those that it reads."""
    views = {view.name: view for view in sql.relations("views")}
    read_by = {
        name: {other for other in views if other != name and other in view.query.split()}
        for name, view in views.items()
    }
    return (views[name] for name in TopologicalSorter(read_by).static_order())


def _create_table(connection: duckdb.DuckDBPyConnection, relation: sql.Relation) -> None:
    columns = sql.declared(relation.columns)
    connection.execute(f"CREATE TABLE warehouse.{relation.name} ({columns})")
    comment = quoted(f"{relation.meaning} Grain: {relation.grain}")
    connection.execute(f"COMMENT ON TABLE warehouse.{relation.name} IS {comment}")
    for column in relation.columns:
        name = f"warehouse.{relation.name}.{column.name}"
        connection.execute(f"COMMENT ON COLUMN {name} IS {quoted(column.comment)}")


def _create_view(connection: duckdb.DuckDBPyConnection, view: sql.Relation) -> None:
    connection.execute(f"CREATE VIEW warehouse.{view.name} AS {view.query}")
    comment = quoted(f"{view.meaning} Grain: {view.grain}")
    connection.execute(f"COMMENT ON VIEW warehouse.{view.name} IS {comment}")
