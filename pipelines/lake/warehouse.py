"""Makes and opens a warehouse: DuckLake with its catalog in SQLite (SPEC §7.1).

The warehouse is attached as `warehouse`; the connection's own in-memory database, which spills
to a temporary folder, holds what is staged.
"""

import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError, UsageError
from pipelines.lake import engine, rights, sql
from pipelines.lake.disk import entries, sync_file
from pipelines.royalties.periods import Cadence, Period

CATALOG = "catalog.sqlite"
DATA = "data"
SCHEMA = "main"
GATE = "gate"
SIDECARS = ("-wal", "-shm")
STORED = ("log", "facts", "results")
BUSY_TIMEOUT_MS = 5_000

_MAKING = ".making-"
_DAMAGED = ("file is not a database", "database disk image is malformed")
_REFUSED = re.compile('"([^"]+)": Permission denied')


@dataclass(frozen=True)
class Setting:
    """How a warehouse closes; fixed when it is made."""

    cadence: Cadence = Cadence.MONTH
    grace_days: int = 0
    first_period: str = ""
    """The first period to close; empty: that of the first money in force."""


def exists(folder: Path) -> bool:
    """Return whether a folder holds a warehouse.

    Raises ManyhandsError where this user may not look into it.
    """
    try:
        return stat.S_ISREG((folder / CATALOG).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except PermissionError as error:
        raise rights.refusal(folder / CATALOG, "read") from error


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
    above = [path.parent for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_MAKING, dir=folder) as made:
            _fill(Path(made), setting)
            _move(Path(made), folder)
        for path in (folder, *above):
            sync_file(path)
    except PermissionError as error:
        raise rights.refusal(folder, "write") from error


def _is_empty(folder: Path) -> bool:
    """Return whether nothing is in a folder but what a `create` that was cut short left there."""
    if not exists(folder) and folder.is_dir():
        return all(entry.name.startswith(_MAKING) for entry in folder.iterdir())
    return not folder.exists()


def _why_not_made(folder: Path) -> str:
    if exists(folder):
        return "is a warehouse already; name another folder"
    if (folder / DATA).is_dir():
        return f"has {DATA}/ but no {CATALOG}; restore that from a backup, or name another folder"
    return "is not empty, and no warehouse; name another folder, or an empty one"


def _fill(folder: Path, setting: Setting) -> None:
    """Make a warehouse with a folder for each relation, so that no commit has to make one.

    DuckDB makes folders that only their owner can write in, whatever the umask.
    """
    for relation in _stored_relations():
        (folder / DATA / SCHEMA / relation.name).mkdir(parents=True)
    (folder / GATE).mkdir()
    with _open(folder, read_only=False) as connection:
        connection.execute("BEGIN")
        for relation in _stored_relations():
            _create_table(connection, relation)
        for view in sql.relations("views"):
            _create_view(connection, view)
        connection.execute("INSERT INTO warehouse.head VALUES (0)")
        given = [setting.cadence.value, setting.grace_days, setting.first_period or None]
        connection.execute("INSERT INTO warehouse.setting VALUES (?, ?, ?)", given)
        connection.execute("COMMIT")


def _stored_relations() -> list[sql.Relation]:
    return [relation for folder in STORED for relation in sql.relations(folder)]


def _move(made: Path, folder: Path) -> None:
    """Move what was made to its place, on disk; the catalog last, which makes it a warehouse."""
    for path in map(Path, sorted(entries(made))):
        rights.follow(path, folder)
        sync_file(path)
    try:
        (made / DATA).rename(folder / DATA)
    except OSError as error:
        message = f"{folder}: somebody else made it first; run the command again"
        raise ConflictError(message) from error
    for part in (GATE, CATALOG):
        (made / part).rename(folder / part)


def require(folder: Path) -> None:
    """Insist on a warehouse in a folder.

    Raises NotFoundError where it holds none, ManyhandsError where its catalog is empty or hidden.
    """
    if not exists(folder):
        message = f"no warehouse in {folder}; make one with `manyhands init`, or name another"
        raise NotFoundError(message)
    if (folder / CATALOG).stat().st_size == 0:
        message = f"{folder / CATALOG} is empty; restore it from a backup"
        raise ManyhandsError(message)


@contextmanager
def connect(
    folder: Path, *, read_only: bool = False, catalog: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse for as long as the context lasts; `catalog` is a copy to read instead.

    Raises NotFoundError where the folder holds none, ManyhandsError where a right is missing or
    the catalog is damaged.
    """
    require(folder)
    folder = folder.absolute()
    if not read_only:
        rights.refuse_unless_writable(_written(folder))
    with _open(folder, read_only=read_only, catalog=catalog) as connection:
        yield connection


def _written(folder: Path) -> Iterator[Path]:
    """Return what a command that commits writes, or writes in."""
    yield folder
    yield from (folder / f"{CATALOG}{ending}" for ending in ("", *SIDECARS))
    yield from (folder / GATE, folder / DATA, folder / DATA / SCHEMA)
    yield from (folder / DATA / SCHEMA / relation.name for relation in _stored_relations())


@contextmanager
def _open(
    folder: Path, *, read_only: bool, catalog: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine.connect() as connection, _explained(folder):
        for macro in sql.names("functions"):
            connection.execute(sql.text("functions", macro))
        connection.execute(attach_statement(folder, read_only=read_only, catalog=catalog))
        yield connection


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say of what the engine fails with for want of a right, or of a sound catalog, what to do."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if any(words in text for words in _DAMAGED):
            message = f"{folder / CATALOG} is damaged: {text}; restore it from a backup"
            raise ManyhandsError(message) from error
        if (refused := _REFUSED.search(text)) and Path(refused[1]).is_relative_to(folder):
            act = "read" if Path(refused[1]).exists() else "write"
            raise rights.refusal(Path(refused[1]), act) from error
        if "readonly database" in text:
            rights.refuse_unless_writable(_written(folder))
        raise


def attach_statement(folder: Path, *, read_only: bool, catalog: Path | None = None) -> str:
    """Give the ATTACH that opens a warehouse from anywhere, also when it was copied or moved."""
    options = [
        f"DATA_PATH {quoted(f'{folder / DATA}/')}",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
        f"META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}",
        "READ_ONLY" if read_only else "META_JOURNAL_MODE 'WAL'",
    ]
    address = quoted(f"ducklake:sqlite:{catalog or folder / CATALOG}")
    return f"ATTACH {address} AS warehouse ({', '.join(options)})"


def quoted(text: str) -> str:
    """Quote a path for a statement that takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def _create_table(connection: duckdb.DuckDBPyConnection, relation: sql.Relation) -> None:
    columns = ", ".join(f"{column.name} {column.type}" for column in relation.columns)
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


def setting(connection: duckdb.DuckDBPyConnection) -> Setting:
    """Read how the warehouse closes."""
    row = connection.execute(
        "SELECT cadence, grace_days, first_period FROM warehouse.setting"
    ).fetchone()
    if row is None:
        message = "the warehouse has no setting; it was not made by `manyhands init`"
        raise NotFoundError(message)
    cadence, grace_days, first_period = row
    return Setting(Cadence(cadence), grace_days, first_period or "")
