"""Makes and opens a warehouse: DuckLake with its catalog in SQLite (SPEC §7.1).

The warehouse is attached as `warehouse`; the connection's own in-memory database, which spills
to a temporary folder, holds what is staged.
"""

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import ManyhandsError, NotFoundError
from pipelines.lake import engine, rights, sql
from pipelines.royalties.periods import Cadence

CATALOG = "catalog.sqlite"
DATA = "data"
SCHEMA = "main"
GATE = "gate"
STAGED = "staged"
SIDECARS = ("-wal", "-shm")
STORED = ("log", "facts", "results")
BUSY_TIMEOUT_MS = 5_000

_DAMAGED = ("file is not a database", "database disk image is malformed")
_REFUSED = re.compile('"([^"]+)": Permission denied')
_READ_ONLY = "readonly database"


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


def require(folder: Path) -> None:
    """Insist on a warehouse in a folder.

    Raises NotFoundError where the folder holds none, ManyhandsError where its catalog is empty, or
    can't be looked at.
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
    with opened(folder, read_only=read_only, catalog=catalog) as connection:
        yield connection


def stored_relations() -> list[sql.Relation]:
    """Return the relations that a warehouse stores."""
    return [relation for folder in STORED for relation in sql.relations(folder)]


def _written(folder: Path) -> Iterator[Path]:
    """Return what a command that commits writes, or writes in."""
    yield folder
    yield from (folder / f"{CATALOG}{ending}" for ending in ("", *SIDECARS))
    yield from (folder / GATE, folder / STAGED, folder / DATA, folder / DATA / SCHEMA)
    for relation in stored_relations():
        yield folder / DATA / SCHEMA / relation.name


@contextmanager
def opened(
    folder: Path, *, read_only: bool, catalog: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the catalog in a folder, which need not be there yet; as `connect`, unchecked."""
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
        if _READ_ONLY in text:
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
