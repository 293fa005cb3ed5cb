"""Asks a PostgreSQL server, beside what DuckLake does there: its clock, its locks, its schemas.

The questions go through DuckDB's extension for PostgreSQL, as DuckLake's do, so that one library
reads the address, the password file and the service file. No password stands in any statement: it
reaches libpq in a password file of its own.
"""

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import duckdb_extension_postgres_scanner

from pipelines.errors import ManyhandsError, NotFoundError
from pipelines.lake import engine, scratch
from pipelines.lake.address import Server
from pipelines.lake.literals import quoted

EXTENSION = duckdb_extension_postgres_scanner

_MEMORY_BYTES: Final = 256 << 20
_PASSWORD: Final = "PGPASSWORD"  # noqa: S105  the name of a variable
_DEFAULTS: Final = {
    "application_name": "manyhands",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""So that a server, or a network, that falls silent is noticed. An address may say otherwise."""


def conninfo(server: Server, more: Mapping[str, str] | None = None) -> str:
    """Return the connection string of a server: without a password, with one's file if needed.

    Raises NotFoundError where the password file isn't there, ManyhandsError where it can't be
    read or is empty.
    """
    keywords = {key: value for key, value in _DEFAULTS.items() if not server.get(key)}
    if "," in server.get("host"):
        keywords["target_session_attrs"] = server.get("target_session_attrs") or "primary"
    if (password := _password(server)) is not None:
        keywords["passfile"] = str(_passfile(password))
    return server.conninfo(keywords | dict(more or {}))


def rows(server: Server, query: str) -> list[tuple[Any, ...]]:
    """Run one SELECT on a server, and return its rows."""
    with _client(conninfo(server)).cursor() as cursor:
        return _rows(cursor, query)


def run(server: Server, statements: str) -> None:
    """Run statements on a server, in one transaction."""
    with _client(conninfo(server)).cursor() as cursor:
        cursor.execute(f"CALL postgres_execute('server', {quoted(statements)})")


@contextmanager
def session(server: Server, more: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection whose questions (`ask`) are all of one session of the server.

    What the session holds goes with it, at the end of the context.
    """
    with _client(conninfo(server, more)).cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield cursor
        finally:
            with suppress(duckdb.Error):  # where the session is gone, so is what it held
                cursor.execute("ROLLBACK")


def ask(cursor: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Run one SELECT within a session, and return its rows."""
    return _rows(cursor, query)


def _rows(cursor: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return cursor.execute(f"SELECT * FROM postgres_query('server', {quoted(query)})").fetchall()


def _client(address: str) -> duckdb.DuckDBPyConnection:
    return _client_of(address, os.getpid())


@cache
def _client_of(address: str, process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  a fork needs its own
    """Return a database that has a server attached; its extension replaces connections that end."""
    stack = ExitStack()
    connection = stack.enter_context(engine.connect(_MEMORY_BYTES, EXTENSION))
    try:
        connection.execute("SET threads = 1")
        connection.execute(f"ATTACH {quoted(address)} AS server (TYPE postgres)")
    except BaseException:
        stack.close()
        raise
    atexit.register(stack.close)
    return connection


def _password(server: Server) -> str | None:
    """Return the password that this process was given; None where libpq finds one by itself.

    What the environment has goes out of it, so that no child inherits it.
    """
    _keep_from_children()
    if server.password_file is None:
        return _GIVEN.get(_PASSWORD)
    try:
        text = server.password_file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        message = f"{server.password_file}: no such file; --password-file names it"
        raise NotFoundError(message) from error
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it isn't UTF-8 text"
        message = f"{server.password_file} can't be read: {why}; --password-file names it"
        raise ManyhandsError(message) from error
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password:
        message = f"{server.password_file} has to hold the password alone, on one line"
        raise ManyhandsError(message)
    return password


_GIVEN: dict[str, str] = {}


def _keep_from_children() -> None:
    if (password := os.environ.pop(_PASSWORD, None)) is not None:
        _GIVEN[_PASSWORD] = password


@cache
def _passfile(password: str) -> Path:
    """Write a password file as libpq wants it, which is there as long as this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    path = stack.enter_context(scratch.temporary()) / "passfile"
    path.touch(mode=0o600)
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
    return path
