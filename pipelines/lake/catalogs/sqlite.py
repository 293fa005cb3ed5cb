"""A catalog in SQLite, in the warehouse's folder: for one machine, and one writer at a time."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Final

import duckdb
import duckdb_extension_sqlite_scanner

from pipelines.errors import ManyhandsError, NotFoundError, TryAgainError
from pipelines.lake import rights, scratch
from pipelines.lake.catalogs import sqlite_copy, sqlite_making
from pipelines.lake.disk import sync_file
from pipelines.lake.literals import quoted
from pipelines.lake.paths import for_engine
from pipelines.lake.warehouse import Warehouse

CATALOG = "catalog.sqlite"
EXTENSION: Final = duckdb_extension_sqlite_scanner
MADE_BY_INIT_ALONE = False
SIDECARS = ("-wal", "-shm")
BUSY_TIMEOUT_MS = 5_000

_LOCKED = ("database is locked", "could not set lock")
_OVERTAKEN = ("conflict", "another transaction")
_DAMAGED = ("file is not a database", "database disk image is malformed")
_READ_ONLY = "readonly database"


def extensions(_: Warehouse) -> tuple[ModuleType]:
    """Return what reads its catalog."""
    return (EXTENSION,)


def now(warehouse: Warehouse) -> datetime:  # noqa: ARG001  as every catalog has it
    """Return the time by this machine's clock, naive in UTC: the catalog has none of its own."""
    return datetime.now(UTC).replace(tzinfo=None)


def exists(warehouse: Warehouse) -> bool:
    """Return whether there is a warehouse: whether its folder has a catalog.

    Raises ManyhandsError where this user may not look into its folder.
    """
    try:
        return stat.S_ISREG(_file(warehouse).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except PermissionError as error:
        raise rights.refusal(_file(warehouse), "read") from error


def require(warehouse: Warehouse) -> None:
    """Insist on a warehouse that is there.

    Raises NotFoundError where its folder holds none, ManyhandsError where its catalog is empty, or
    can't be looked at.
    """
    if not exists(warehouse):
        message = (
            f"no warehouse in {warehouse.folder}; make one with `manyhands init`, or name another"
        )
        raise NotFoundError(message)
    if _file(warehouse).stat().st_size == 0:
        message = f"{_file(warehouse)} is empty; restore it from a backup"
        raise ManyhandsError(message)


def located(warehouse: Warehouse) -> Warehouse:
    """Return the same warehouse with its folder from the root on."""
    return warehouse.absolute()


def identity(warehouse: Warehouse) -> tuple[int, int]:
    """Return what is another one where another catalog took this one's place: its file.

    Raises what `require` does.
    """
    require(warehouse)
    found = _file(warehouse).stat()
    return found.st_dev, found.st_ino


def make(warehouse: Warehouse, fill: sqlite_making.Fill) -> None:
    """Make a warehouse, whole or not at all; `fill` makes its folders and relations.

    Raises ConflictError where another process made it first, or its folder holds anything else.
    """
    sqlite_making.make(warehouse, fill, CATALOG)


def files(warehouse: Warehouse) -> Iterator[Path]:
    """Yield the files that a commit writes to, some of which come and go."""
    yield from (Path(f"{_file(warehouse)}{ending}") for ending in ("", *SIDECARS))


def _file(warehouse: Warehouse) -> Path:
    return warehouse.folder / CATALOG


def attach_statement(warehouse: Warehouse) -> str:
    """Return the ATTACH that opens a warehouse from anywhere, also when it was copied or moved."""
    return _attach(warehouse, _file(warehouse), "META_JOURNAL_MODE 'WAL'")


def _attach(warehouse: Warehouse, catalog: Path, mode: str) -> str:
    options = [
        f"DATA_PATH {quoted(f'{for_engine(warehouse.data)}/')}",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
        f"META_BUSY_TIMEOUT {BUSY_TIMEOUT_MS}",
        mode,
    ]
    address = quoted(f"ducklake:sqlite:{for_engine(catalog)}")
    return f"ATTACH {address} AS warehouse ({', '.join(options)})"


def committing(warehouse: Warehouse) -> nullcontext[None]:  # noqa: ARG001  as every catalog has it
    """Return a context that does nothing: SQLite lets one write at a time."""
    return nullcontext()


def finish(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,  # noqa: ARG001  as every catalog has it
    mark: str,  # noqa: ARG001
    made: Iterable[str],  # noqa: ARG001
) -> None:
    """Commit: what goes to a file, and has an error for an answer, was not made."""
    connection.execute("COMMIT")


def refuse_unless_writable(warehouse: Warehouse) -> None:
    """Do nothing: the rights of its files say who may commit."""


def recover(warehouse: Warehouse) -> None:
    """Do nothing: SQLite recovers by itself."""


def metadata(warehouse: Warehouse) -> str:  # noqa: ARG001  as every catalog has it
    """Return what DuckLake's own relations go by in a connection that it is attached to."""
    return "__ducklake_metadata_warehouse.main"


def is_busy(error: Exception) -> bool:
    """Return whether an error of the engine means that another process was there first."""
    text = str(error).lower()
    is_of_commit = isinstance(error, duckdb.TransactionException)
    return any(words in text for words in (*_LOCKED, *(_OVERTAKEN if is_of_commit else ())))


def busy(warehouse: Warehouse) -> TryAgainError:
    """Return the error of a catalog that stays busy."""
    return TryAgainError(f"{warehouse.folder}: the catalog is busy; run the command again later")


def fault(text: str, warehouse: Warehouse) -> ManyhandsError | None:
    """Return that the catalog is damaged, where the engine's text says so.

    Raises ManyhandsError where the text says that it can't be written, and a right is missing.
    """
    if any(words in text for words in _DAMAGED):
        message = f"{_file(warehouse)} is damaged: {text}; restore it from a backup"
        return ManyhandsError(message)
    if _READ_ONLY in text:
        rights.refuse_unless_writable([warehouse.folder, *files(warehouse)])
    return None


def keep(warehouse: Warehouse, name: str, check: Callable[[], None]) -> str:
    """Copy the catalog as it is now to `catalog-<name>.sqlite` beside it; flushed to disk."""
    kept = warehouse.folder / f"catalog-{name}.sqlite"
    with scratch.within(warehouse.folder) as made:
        copy = made / CATALOG
        _copy(warehouse, copy)
        check()
        for ending in (SIDECARS[0], ""):  # the catalog last: where it is, its log is too
            written, wanted = Path(f"{copy}{ending}"), Path(f"{kept}{ending}")
            if written.exists():
                rights.follow(written, warehouse.folder)
                sync_file(written)
                written.replace(wanted)
            else:
                wanted.unlink(missing_ok=True)
    sync_file(warehouse.folder)
    return str(kept)


def fault_of_server(text: str, warehouse: Warehouse) -> None:
    """Return None: there is no server."""


@contextmanager
def only_publisher(warehouse: Warehouse) -> Iterator[None]:
    """Be the only one that publishes from a warehouse, for as long as the context lasts.

    The lock is on a folder of the warehouse's, so that nothing is made for it, and the system
    takes it away with the process, however that ends.

    Raises TryAgainError where another process publishes.
    """
    import fcntl

    descriptor = os.open(warehouse.staged, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{warehouse.folder}: another process publishes; run the command again later"
            raise TryAgainError(message) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def snapshot(warehouse: Warehouse) -> Iterator[str]:
    """Copy a warehouse's catalog as it is now, and yield the ATTACH that opens the copy, read-only.

    A reader in SQLite's WAL mode leaves files beside the catalog, has to be allowed to, and keeps
    writers from tidying up. So readers get a copy, one consistent snapshot; the data files never
    change. A process may read so while it writes: another one makes the copy.

    Raises TryAgainError where the catalog is busy, ManyhandsError where it can't be read.
    """
    with scratch.temporary() as made:
        copy = made / CATALOG
        _copy(warehouse, copy)
        yield _attach(warehouse, copy, "READ_ONLY")


def _copy(warehouse: Warehouse, copy: Path) -> None:
    program = [sys.executable, "-I", "-S", sqlite_copy.__file__]
    ended = subprocess.run(  # noqa: S603  our own program
        [*program, str(_file(warehouse)), str(copy)], capture_output=True, check=False
    )
    if ended.returncode == sqlite_copy.BUSY:
        raise busy(warehouse)
    number, _, name = ended.stdout.partition(b"\n")
    if ended.returncode and number:
        raise _failure(int(number), os.fsdecode(name), copy)
    if ended.returncode:
        message = f"{_file(warehouse)} can't be copied: {ended.stderr.decode(errors='replace')}"
        raise ManyhandsError(message)


def _failure(number: int, name: str, copy: Path) -> Exception:
    if number == errno.EACCES:
        return rights.refusal(Path(name), "read")
    if number in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        place = copy.parent.parent  # the copy's own folder is gone by then
        message = f"{place}: no room for a copy of the catalog; make room, or set TMPDIR"
        return ManyhandsError(message)
    return OSError(number, os.strerror(number), name)


def oldest_transaction(warehouse: Warehouse) -> None:
    """Return None: SQLite doesn't know who reads."""
