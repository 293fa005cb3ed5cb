"""Makes a warehouse: an empty log, its relations and views, its setting (SPEC §7.1)."""

import tempfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from pipelines.errors import ConflictError, UsageError
from pipelines.lake import rights, sql
from pipelines.lake.disk import entries, sync_file
from pipelines.lake.warehouse import (
    CATALOG,
    DATA,
    GATE,
    SCHEMA,
    Setting,
    exists,
    opened,
    quoted,
    stored_relations,
)
from pipelines.royalties.periods import Period

_MAKING = ".making-"


def create(folder: Path, setting: Setting) -> None:
    """Make an empty warehouse, whole or not at all; an empty folder keeps its owner and mode.

    Raises ConflictError where the folder holds a warehouse or anything else, UsageError
    where the first period isn't one of the cadence, and ManyhandsError where the folder can't be
    made or written.
    """
    if setting.first_period:
        try:
            Period.parse(setting.first_period, setting.cadence)
        except ValueError as error:
            raise UsageError(str(error)) from error
    folder = folder.absolute()
    if not _is_empty(folder):
        message = f"{folder} {_why_not_made(folder)}"
        raise ConflictError(message)
    try:
        if folder.exists():
            _make_in_place(folder, setting)
        else:
            _make_beside(folder, setting)
    except PermissionError as error:
        raise rights.refusal(folder, "write") from error


def _make_beside(folder: Path, setting: Setting) -> None:
    """Make a warehouse whose folder isn't there: by one renaming, so that it is whole or not."""
    above = [path.parent for path in folder.parents if not path.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
        whole = Path(made) / "warehouse"
        whole.mkdir()
        _fill(whole, setting)
        _share(whole, whole)
        try:
            whole.rename(folder)
        except OSError as error:
            raise _made_by_another(folder) from error
    for path in (folder.parent, *above):
        sync_file(path)


def _make_in_place(folder: Path, setting: Setting) -> None:
    """Make a warehouse in an empty folder, which may be one that this user can't replace."""
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=folder) as made:
        _fill(Path(made), setting)
        _share(Path(made), folder)
        try:
            (Path(made) / DATA).rename(folder / DATA)
        except OSError as error:
            raise _made_by_another(folder) from error
        for part in (GATE, CATALOG):  # the catalog last, which makes it a warehouse
            (Path(made) / part).rename(folder / part)
    sync_file(folder)


def _share(made: Path, folder: Path) -> None:
    """Let those use what was made who may use the folder that it goes to, and flush it to disk."""
    for path in map(Path, sorted(entries(made))):
        rights.follow(path, folder)
        sync_file(path)
    sync_file(made)


def _made_by_another(folder: Path) -> ConflictError:
    return ConflictError(f"{folder}: another process made it first; run the command again")


def _is_empty(folder: Path) -> bool:
    """Return whether nothing is in a folder but what a `create` that was cut short left there."""
    if not exists(folder) and folder.is_dir():
        return all(entry.name.startswith(_MAKING) for entry in folder.iterdir())
    return not folder.exists()


def _why_not_made(folder: Path) -> str:
    if exists(folder):
        return "is a warehouse already; name another folder"
    if (folder / DATA).is_dir():
        return (
            f"has {DATA}/ but no {CATALOG}: restore that from a backup, or name another folder;"
            " if it never was a warehouse (an init was cut short), empty it"
        )
    return "is not empty, and no warehouse; name another folder, or an empty one"


def _fill(folder: Path, setting: Setting) -> None:
    """Make a warehouse with a folder for each relation, so that no commit has to make one.

    DuckDB makes folders that only their owner can write in, whatever the umask.
    """
    for relation in stored_relations():
        (folder / DATA / SCHEMA / relation.name).mkdir(parents=True)
    (folder / GATE).mkdir()
    with opened(folder, read_only=False) as connection:
        connection.execute("BEGIN")
        for relation in stored_relations():
            _create_table(connection, relation)
        for view in _views_in_order():
            _create_view(connection, view)
        connection.execute("INSERT INTO warehouse.head VALUES (0)")
        given = [setting.cadence.value, setting.grace_days, setting.first_period or None]
        connection.execute("INSERT INTO warehouse.setting VALUES (?, ?, ?)", given)
        connection.execute("COMMIT")


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
