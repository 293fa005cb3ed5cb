"""Names what an error of the engine is, and what to do: the one place that reads them.

A number that doesn't fit is mended by reversing an event, which moves money; a damaged file never
is. So what an error is goes by its type first, and by words only within a type.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import ManyhandsError
from pipelines.lake import object_store, rights
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.paths import as_named, for_engine
from pipelines.lake.scratch import HIDDEN, TEMPORARY
from pipelines.lake.warehouse import Warehouse
from pipelines.stores.place import is_place

_OUT_OF_RANGE = "out of range: "
_DENIED = re.compile('"([^"]+)": Permission denied')
_FULL = ("No space left on device", "Disk quota exceeded", "File too large", "disk is full")
_FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ROOM = "make room, and run the command again"
_FAILING = ("disk I/O error", "Input/output error", "Could not write")
_TOO_MANY_FILES = "Too many open files"
_NOT_READ = ("No such file", "Could not read")
_NO_ROOM_TO_SPILL = "max_temp_directory_size"
_NOT_GIVEN = "bad allocation"
_DATA_FILE = re.compile("""["']([^"']+[.]parquet)["']""")
_NAMED_FILE = re.compile('"(/[^"]+)"')
_PREFIXES = re.compile(r"^(\w+ ?\w* Error: |Failed to [^:\"]+(\"[^\"]*\")?: )+")


@contextmanager
def overflow_named(name: str) -> Iterator[None]:
    """Name the staged relation whose number doesn't fit, if the engine didn't name a pool or line.

    Raises ManyhandsError for a number with too many digits; other errors stay as they are.
    """
    try:
        yield
    except (
        duckdb.ConversionException,
        duckdb.InvalidInputException,
        duckdb.OutOfRangeException,
    ) as error:
        text = str(error)
        if _OUT_OF_RANGE in text:
            raise ManyhandsError(text[text.index(_OUT_OF_RANGE) :]) from error
        if isinstance(error, duckdb.OutOfRangeException) or "out of range" in text:
            message = f"{_OUT_OF_RANGE}{name}: {text}; reverse the event that made it"
            raise ManyhandsError(message) from error
        raise


@contextmanager
def explained(warehouse: Warehouse) -> Iterator[None]:
    """Raise ManyhandsError, with what to do, for whatever the engine fails with at a warehouse."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except PermissionError as error:
        raise rights.refusal(Path(as_named(str(error.filename))), "read") from error
    except (duckdb.Error, MemoryError) as error:
        raise explain(error, warehouse) from error


@contextmanager
def full_disk_named(warehouse: Warehouse) -> Iterator[None]:
    """Raise ManyhandsError, with what to do, where a file of ours finds no room in a warehouse."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_NUMBERS:
            name = warehouse.name if warehouse.server else _shown(warehouse.folder)
            message = f"{name}: its disk is full ({error.strerror}); {_ROOM}"
            raise ManyhandsError(message) from error
        raise


def explain(error: Exception, warehouse: Warehouse) -> ManyhandsError:
    """Return what an error of the engine is: what happened, to what, and what to do."""
    text = " ".join(str(error).split("\n\n", 1)[0].split())
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return _out_of_memory(text, warehouse)
    if fault := _of_catalog(error, warehouse) or object_store.fault(error, warehouse.place):
        return fault
    if denied := _DENIED.search(text):
        path = Path(as_named(denied[1]))
        return rights.refusal(path, "read" if path.exists() else "write")
    if fault := catalog_of(warehouse).fault(_bare(text), warehouse):
        return fault
    if any(words in text for words in (*_FULL, *_FAILING)):
        return _full(text, warehouse)
    return _unreadable_or_other(error, text, warehouse)


def _of_catalog(error: Exception, warehouse: Warehouse) -> ManyhandsError | None:
    """Return that the catalog is busy, or what its server says."""
    catalog = catalog_of(warehouse)
    if catalog.is_busy(error):
        return catalog.busy(warehouse)
    return catalog.fault_of_server(str(error), warehouse)


def is_damage(error: Exception) -> bool:
    """Return whether an error says of a data file that it can't be read."""
    text = str(error)
    kinds = duckdb.InvalidInputException | duckdb.SerializationException
    could_be = isinstance(error, kinds) or (
        isinstance(error, duckdb.IOException) and any(words in text for words in _NOT_READ)
    )
    return could_be and _DATA_FILE.search(text) is not None


def _out_of_memory(text: str, warehouse: Warehouse) -> ManyhandsError:
    limit = f"{warehouse.memory_bytes >> 20} MiB"
    if _NO_ROOM_TO_SPILL in text:
        message = "the folder for temporary files has no room left; make room, or set TMPDIR"
    elif not text or _NOT_GIVEN in text:
        message = (
            "the system gave no more memory: let this process have more (ulimit -v, the"
            f" container's limit), or set MANYHANDS_MEMORY_LIMIT below {limit}"
        )
    else:
        message = f"{limit} of memory are not enough for this; set MANYHANDS_MEMORY_LIMIT higher"
    return ManyhandsError(f"{message}, and run the command again")


def _full(text: str, warehouse: Warehouse) -> ManyhandsError:
    named = _NAMED_FILE.search(text)
    folder = _shown(Path(as_named(named[1])).parent if named else warehouse.folder)
    why = next(words for words in (*_FULL, *_FAILING) if words in text)
    what = "its disk is full" if why in _FULL else "its disk is full or failing"
    return ManyhandsError(f"{folder}: {what} ({why}); {_ROOM}")


def _shown(folder: Path) -> Path:
    """Return the folder that one is in which this process made, and which is gone by then."""
    for place in (folder, *folder.parents):
        if place.name.startswith((HIDDEN, TEMPORARY)):
            folder = place.parent
    return folder


def _unreadable_or_other(error: Exception, text: str, warehouse: Warehouse) -> ManyhandsError:
    named = _DATA_FILE.search(text) if is_damage(error) else None
    if named:
        return _unreadable(named[1], text)
    # what a Parquet reader stumbles over can come without type and name
    if type(error) in {duckdb.Error, duckdb.InternalException, duckdb.SerializationException}:
        for path in sorted(warehouse.data.rglob("*.parquet")):
            if not _is_readable(path):
                return _unreadable(str(path), text)
    advice = "run it again with --debug to see where"
    if _TOO_MANY_FILES in text:
        advice = "let this process open more (ulimit -n), and run the command again"
    return ManyhandsError(as_named(f"{warehouse.name}: {_bare(text)}; {advice}"))


def _unreadable(path: str, text: str) -> ManyhandsError:
    is_there = is_place(path) or Path(path).exists()  # of a store's that is missing, that says so
    what = "is damaged" if is_there else "is missing"
    why = re.sub(f"[\"']{re.escape(path)}[\"']", "it", _bare(text))
    return ManyhandsError(f"{as_named(path)} {what} ({why}); restore it from a backup")


def _is_readable(path: Path) -> bool:
    try:
        with pq.ParquetFile(for_engine(path)) as file:
            for batch in file.iter_batches():
                del batch
    except (pa.ArrowException, OSError):
        return False
    return True


def _bare(text: str) -> str:
    """Return what the engine says without where in it that was."""
    return _PREFIXES.sub("", text)
