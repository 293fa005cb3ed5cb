"""Starts DuckDB: memory bounded, its extensions from their wheels, nothing from the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType

import duckdb
import duckdb_extension_ducklake

from pipelines.lake import scratch
from pipelines.lake.literals import quoted
from pipelines.lake.paths import for_engine

_ONE_CHECK = Lock()


@contextmanager
def connect(memory_bytes: int, *extensions: ModuleType) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database with DuckLake, and the extensions that read what it needs.

    It spills to a temporary folder.
    """
    with (
        scratch.temporary() as spill,
        duckdb.connect(config=bounded(spill, memory_bytes) | signed(extensions)) as connection,
    ):
        load_extensions(connection, *extensions)
        yield connection


def bounded(spill: Path, memory_bytes: int) -> dict[str, str | bool | int | float | list[str]]:
    """Configure a connection: bounded memory, what is beyond goes to the folder `spill`.

    The system caches files; kept here too, those of each commit would fill the memory of a stream.
    """
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_file_cache": False,
        "memory_limit": f"{memory_bytes}B",
        "preserve_insertion_order": False,
        "temp_directory": str(for_engine(spill)),
    }


def signed(extensions: tuple[ModuleType, ...]) -> dict[str, bool]:
    """Return a connection's setting for extensions whose signatures were checked, by then."""
    with _ONE_CHECK:  # who comes second waits, and doesn't check again
        return _extensions_are_signed(extensions)


@cache
def _extensions_are_signed(extensions: tuple[ModuleType, ...]) -> dict[str, bool]:
    """Check the extensions' signatures once in a process, not in each connection: it is slow."""
    with duckdb.connect() as connection:
        load_extensions(connection, *extensions)
    return {"allow_unsigned_extensions": True}


def load_extensions(connection: duckdb.DuckDBPyConnection, *extensions: ModuleType) -> None:
    """Load DuckLake and other extensions from their wheels: nothing is downloaded or installed."""
    for package in (duckdb_extension_ducklake, *extensions):
        name = package.__name__.removeprefix("duckdb_extension_")
        (path,) = Path(package.__path__[0]).glob(f"extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD {quoted(str(for_engine(path)))}")
