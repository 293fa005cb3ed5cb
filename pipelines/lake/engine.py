"""Starts DuckDB: memory bounded, its extensions from their wheels, nothing from the network."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import duckdb_extension_ducklake
import duckdb_extension_sqlite_scanner

MEMORY_LIMIT = os.environ.get("MANYHANDS_MEMORY_LIMIT", "1500MiB")


@contextmanager
def connect() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database with the extensions; it spills to a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="manyhands-") as spill,
        duckdb.connect(config=bounded(spill) | _extensions_are_signed()) as connection,
    ):
        load_extensions(connection)
        yield connection


def bounded(spill: str) -> dict[str, str | bool | int | float | list[str]]:
    """Configure a connection: bounded memory, what is beyond goes to the folder `spill`."""
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY_LIMIT,
        "preserve_insertion_order": False,
        "temp_directory": spill,
    }


@cache
def _extensions_are_signed() -> dict[str, bool]:
    """Check the extensions' signatures once in a process, not in each connection: it is slow."""
    with duckdb.connect() as connection:
        load_extensions(connection)
    return {"allow_unsigned_extensions": True}


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions from their wheels: nothing is downloaded, nothing is installed."""
    for package in (duckdb_extension_ducklake, duckdb_extension_sqlite_scanner):
        name = package.__name__.removeprefix("duckdb_extension_")
        (path,) = Path(package.__path__[0]).glob(f"extensions/*/{name}.duckdb_extension")
        literal = str(path).replace("'", "''")
        connection.execute(f"LOAD '{literal}'")
