"""A catalog in PostgreSQL: for many workers, on one machine or on several.

The data path, a folder that all of them reach or a place in an object store, has what a
warehouse's folder has beside a catalog.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import uuid4

import duckdb

from pipelines.errors import (
    ConflictError,
    ManyhandsError,
    NotFoundError,
    TryAgainError,
    UnknownOutcomeError,
    UsageError,
)
from pipelines.lake import engine, object_store, working_copy
from pipelines.lake.address import Server
from pipelines.lake.catalogs import kept_files, kept_objects, making, postgres_client
from pipelines.lake.literals import quoted
from pipelines.lake.paths import data_path
from pipelines.lake.warehouse import DATA, SETTING, Warehouse
from pipelines.stores.objects import WHAT, Objects
from pipelines.stores.place import Place, is_place, read_place

MADE_BY_INIT_ALONE = True

_READ_ONLY: Final = {"options": "-c default_transaction_read_only=on"}
_APART: Final = timedelta(seconds=60)
"""So far may a worker's clock be from the server's."""

_LONGEST_S: Final = 60.0
"""How long a session of the server is waited for that was told to end."""

_NAME: Final = "application_name"
_NAMED = re.compile(rf"{_NAME}=(manyhands-\w+)")

_PAUSE_S: Final = 0.1

_ADDRESS = re.compile(r'Unable to connect to Postgres at ".*?": ', re.DOTALL)
_STATEMENT = re.compile(r'Failed to (?:execute|prepare)(?: (?:query|COPY))? ".*": ?', re.DOTALL)
"""What stands before the server's words: a statement, which holds what was received."""

_OVERTAKEN = ("conflict", "could not serialize access", "deadlock detected", "duplicate key value")
_GONE = (
    "^$|connection to server|server closed the connection|could not translate host name"
    "|could not (receive|send) data|no connection to the server|terminating connection"
    "|SSL connection has been closed|SSL SYSCALL error|the database system is|too many clients"
    "|too many connections|remaining connection slots|timeout expired|Connection refused"
    "|Connection timed out|Connection reset"
)
_SAID: Final[tuple[tuple[str, type[ManyhandsError], str], ...]] = (
    (
        (
            "invalid connection option|definition of service|invalid port number"
            "|invalid integer value|invalid sslmode value|syntax error in service file"
        ),
        UsageError,
        "{name}: {said}; correct --warehouse",
    ),
    (
        'database ".*" does not exist',
        NotFoundError,
        "{name}: {said}; make the database, or correct --warehouse",
    ),
    (
        "authentication failed|no password supplied|no pg_hba.conf entry|not permitted to log in",
        ManyhandsError,
        "{name}: {said}; correct the user or its password",
    ),
    (
        "permission denied|read-only transaction|must be owner",
        ManyhandsError,
        (
            "{name}: this user may not do that ({said}); run the command as the owner of the"
            " schema, or give it the rights"
        ),
    ),
    (
        "No space left on device|could not extend file|disk full",
        ManyhandsError,
        "{name}: the server has no room ({said}); make room there",
    ),
    (_GONE, TryAgainError, "{name} can't be reached ({said}); run the command again later"),
    ("", ManyhandsError, "{name}: the server refused it ({said}); see the server's log"),
)
"""What the server, or libpq, says, which error that is, and what to do; the first that fits."""


def extensions(warehouse: Warehouse) -> Iterator[ModuleType]:
    """Yield what reads its catalog, and its data where that is in an object store."""
    yield postgres_client.EXTENSION
    if warehouse.place is not None:
        yield object_store.extension(warehouse.place)


def _server(warehouse: Warehouse) -> Server:
    if warehouse.server is None:
        message = f"{warehouse.folder} has no catalog in PostgreSQL"
        raise RuntimeError(message)
    return warehouse.server


def now(warehouse: Warehouse) -> datetime:
    """Return the time by the server's clock, naive in UTC: all workers go by that one.

    Raises TryAgainError where this machine's clock is too far from it.
    """
    asked_at = datetime.now(UTC).replace(tzinfo=None)
    ((said,),) = _rows(warehouse, "SELECT clock_timestamp() AT TIME ZONE 'UTC' AS said")
    answered_at = datetime.now(UTC).replace(tzinfo=None)
    if not isinstance(said, datetime):
        raise TypeError(said)
    if not asked_at - _APART <= said <= answered_at + _APART:
        message = (
            f"this machine's clock says {_instant(answered_at)}, that of {warehouse.name}"
            f" {_instant(said)}; nothing was done; set the one that is wrong right, or run the"
            f" command with --as-of {_instant(said)}"
        )
        raise TryAgainError(message)
    return said


def _instant(time: datetime) -> str:
    return f"{time.isoformat(timespec='seconds')}Z"


def exists(warehouse: Warehouse) -> bool:
    """Return whether the schema has a catalog with a setting: one that was made whole."""
    table = quoted(_relation(warehouse, "ducklake_table"))
    ((has_catalog,),) = _rows(warehouse, f"SELECT to_regclass({table}) IS NOT NULL AS found")
    if not has_catalog:
        return False
    return bool(
        _rows(
            warehouse,
            f"SELECT 1 AS found FROM {_relation(warehouse, 'ducklake_table')}"
            f" WHERE table_name = {quoted(SETTING)} AND end_snapshot IS NULL",
        )
    )


def require(warehouse: Warehouse) -> None:
    """Insist on a warehouse that is there.

    Raises NotFoundError where there is none, TryAgainError where the server can't be reached.
    """
    if not exists(warehouse):
        message = (
            f"no warehouse in {warehouse.name}; make one with `manyhands init --data-path DIR`,"
            " or name another"
        )
        raise NotFoundError(message)


def located(warehouse: Warehouse) -> Warehouse:
    """Return the same warehouse with its data path: the one that was given, else the catalog's.

    Raises NotFoundError where that isn't there, UsageError where the catalog's is there and
    another was given: what is written to a copy is missing for everybody else.
    """
    ((data,),) = _rows(
        warehouse,
        f"SELECT value FROM {_relation(warehouse, 'ducklake_metadata')}"
        " WHERE key = 'data_path' AND scope IS NULL",
    )
    known = _at(warehouse, str(data))
    found = _named(warehouse) if warehouse.is_asked else known
    if _resolved(found) != _resolved(known) and _is_there(known):
        message = (
            f"{warehouse.name}: its data path is {known.root}, which is there; leave out"
            f" --data-path {found.root}, or move that away if it isn't the warehouse's any more"
        )
        raise UsageError(message)
    if not _is_there(found):
        message = (
            f"{warehouse.name}: its data path {found.root} isn't there, or has no {DATA}/;"
            " put it back, or say with --data-path where it has moved"
        )
        raise NotFoundError(message)
    return found


def _at(warehouse: Warehouse, data: str) -> Warehouse:
    """Return the same warehouse with the data path that the catalog has."""
    if not is_place(data):
        return warehouse.unasked().at(Path(data).parent)
    place = read_place(data.removesuffix("/").removesuffix(f"/{DATA}"), WHAT)
    return warehouse.in_store(place, working_copy.folder_for(place))


def _named(warehouse: Warehouse) -> Warehouse:
    """Return the same warehouse with the data path that was given, from the root on."""
    if warehouse.place is None:
        return warehouse.absolute()
    return warehouse.in_store(warehouse.place, working_copy.folder_for(warehouse.place))


def _resolved(warehouse: Warehouse) -> Place | Path:
    return warehouse.place or warehouse.folder.resolve()


def _is_there(warehouse: Warehouse) -> bool:
    if warehouse.place is None:
        return warehouse.data.is_dir()
    return Objects(warehouse.place).exists(making.MARK)


def identity(warehouse: Warehouse) -> tuple[Any, ...]:
    """Return what is another one where another catalog took this one's place: its number.

    Raises what `require` does.
    """
    table = quoted(_relation(warehouse, "ducklake_table"))
    ((identity,),) = _rows(
        warehouse, f"SELECT COALESCE(to_regclass({table})::oid::BIGINT, 0) AS number"
    )
    if not identity:
        require(warehouse)
    return (identity,)


def make(warehouse: Warehouse, fill: Callable[[Warehouse], None]) -> None:
    """Make a warehouse: its schema unless that is there, and all of its relations or none.

    Raises UsageError without a data path, ConflictError where another process made it first, or
    its data path holds anything.
    """
    if not warehouse.is_asked:
        message = f"{warehouse.name}: say with --data-path where its data is to be"
        raise UsageError(message)
    warehouse = _named(warehouse)
    server = _server(warehouse)
    key = _key(warehouse, "make")
    with _explained(warehouse), postgres_client.session(server, {}) as session:
        postgres_client.ask(session, f"SELECT pg_advisory_lock({key})::VARCHAR AS locked")
        if exists(warehouse):
            message = f"{warehouse.name}: another process made it first; run the command again"
            raise ConflictError(message)
        is_made = partial(exists, warehouse)
        with (
            making.in_empty_folder(warehouse.folder, is_made)
            if warehouse.place is None
            else making.in_empty_place(warehouse.place, is_made)
        ):
            _make_catalog(warehouse)
            fill(warehouse)


def _make_catalog(warehouse: Warehouse) -> None:
    """Make DuckLake's own relations, and keep the data path as it is named, not as DuckDB is."""
    server, schema = _server(warehouse), _name(_server(warehouse).schema)
    there = f"SELECT 1 AS found FROM pg_namespace WHERE nspname = {quoted(server.schema)}"
    if not _rows(warehouse, there):
        postgres_client.run(server, f"CREATE SCHEMA {schema}")
    with engine.connect(warehouse.memory_bytes, *extensions(warehouse)) as connection:
        object_store.give_keys(connection, warehouse)
        connection.execute(attach_statement(warehouse))
    kept = quoted(f"{warehouse.root}/{DATA}/")
    postgres_client.run(
        server, f"UPDATE {schema}.ducklake_metadata SET value = {kept} WHERE key = 'data_path'"
    )


def attach_statement(warehouse: Warehouse) -> str:
    """Return the ATTACH that opens a warehouse, to read and to write.

    The sessions that the server has for it have a name of their own.
    """
    return _attach(warehouse, {_NAME: f"manyhands-{uuid4().hex}"}, [])


def _attach(warehouse: Warehouse, keywords: Mapping[str, str], more: list[str]) -> str:
    server = _server(warehouse)
    options = [
        f"DATA_PATH {quoted(data_path(warehouse))}",
        "OVERRIDE_DATA_PATH true",
        "DATA_INLINING_ROW_LIMIT 0",
        f"META_SCHEMA {quoted(server.schema)}",
        *more,
    ]
    address = quoted(f"ducklake:postgres:{postgres_client.conninfo(server, keywords)}")
    return f"ATTACH {address} AS warehouse ({', '.join(options)})"


def metadata(warehouse: Warehouse) -> str:
    """Return what DuckLake's own relations go by in a connection that it is attached to."""
    return f"__ducklake_metadata_warehouse.{_name(_server(warehouse).schema)}"


@contextmanager
def snapshot(warehouse: Warehouse) -> Iterator[str]:
    """Return a context with the ATTACH that opens it as it is now, by a read-only connection.

    It names the newest snapshot, so no transaction has to stay open for a long reading.
    """
    ((newest,),) = _rows(
        warehouse,
        f"SELECT max(snapshot_id) AS newest FROM {_relation(warehouse, 'ducklake_snapshot')}",
    )
    yield _attach(
        warehouse, _with_options(warehouse, _READ_ONLY), [f"SNAPSHOT_VERSION {newest}", "READ_ONLY"]
    )


def files(warehouse: Warehouse) -> Iterator[Path]:  # noqa: ARG001  as every catalog has it
    """Yield nothing: a commit writes to no file of the catalog here."""
    yield from ()


@contextmanager
def committing(warehouse: Warehouse) -> Iterator[None]:
    """Be the one committer, for as long as the context lasts, so that none loses its work.

    Whoever doesn't get the lock in time goes on without: a stopped worker that holds it stops
    nobody, since of two that start from one head only one succeeds.
    """
    milliseconds = max(1, round(warehouse.lock_seconds * 1000))  # to the server 0 is for ever
    timeout = _with_options(warehouse, {"options": f"-c lock_timeout={milliseconds}"})
    with ExitStack() as held:
        try:
            session = held.enter_context(postgres_client.session(_server(warehouse), timeout))
            key = _key(warehouse, "commit")
            postgres_client.ask(session, f"SELECT pg_advisory_lock({key})::VARCHAR AS locked")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            held.close()  # where the server is gone, the commit says so
        yield


def keep(warehouse: Warehouse, name: str, check: Callable[[], None]) -> str:
    """Copy the schema's tables as they are now to a schema `<schema>-<name>`."""
    server = _server(warehouse)
    kept = f"{server.schema}-{name}"
    old, new, made = (_name(one) for one in (server.schema, kept, f"{kept}-{uuid4().hex[:8]}"))
    with _explained(warehouse):
        tables = postgres_client.rows(
            server, f"SELECT tablename FROM pg_tables WHERE schemaname = {quoted(server.schema)}"
        )
        copies = [
            f"CREATE TABLE {made}.{_name(table)} AS TABLE {old}.{_name(table)}"
            for (table,) in tables
        ]
        postgres_client.run(server, "; ".join([f"CREATE SCHEMA {made}", *copies]))
        try:
            check()
        except BaseException:
            postgres_client.run(server, f"DROP SCHEMA {made} CASCADE")
            raise
        postgres_client.run(
            server, f"DROP SCHEMA IF EXISTS {new} CASCADE; ALTER SCHEMA {made} RENAME TO {new}"
        )
    return f"the schema {kept}"


@contextmanager
def only_publisher(warehouse: Warehouse) -> Iterator[None]:
    """Be the only one that publishes from a warehouse, for as long as the context lasts.

    Raises TryAgainError where another process publishes.
    """
    with ExitStack() as stack:
        with _explained(warehouse):
            session = stack.enter_context(postgres_client.session(_server(warehouse), {}))
            key = _key(warehouse, "publish")
            ((is_locked,),) = postgres_client.ask(
                session, f"SELECT pg_try_advisory_lock({key}) AS locked"
            )
        if not is_locked:
            message = f"{warehouse.name}: another process publishes; run the command again later"
            raise TryAgainError(message)
        yield


def finish(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, mark: str, made: Iterable[str]
) -> None:
    """Commit; where the answer is an error, find out whether it was made all the same.

    Raises the engine's error where it wasn't made, UnknownOutcomeError where that can't be known.
    """
    keeping = kept_files if warehouse.place is None else kept_objects
    with keeping.kept(warehouse, mark, _session(connection), made) as kept:
        try:
            connection.execute("COMMIT")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            if not _is_known_to_be_committed(warehouse, mark, kept.session):
                kept.forget()
                raise
            kept.put_back()
        kept.forget()


def _is_known_to_be_committed(warehouse: Warehouse, mark: str, session: str) -> bool:
    try:
        return _was_committed(warehouse, mark, session)
    except TryAgainError as error:
        raise UnknownOutcomeError(str(error)) from error


def _session(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the name that the server's sessions of a connection have."""
    ((address,),) = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = 'warehouse'"
    ).fetchall()
    named = _NAMED.search(str(address))
    if named is None:
        message = "the connection's sessions have no name"
        raise RuntimeError(message)
    return named[1]


def refuse_unless_writable(warehouse: Warehouse) -> None:
    """Raise ManyhandsError where the server lets this user only read."""
    table = quoted(_relation(warehouse, "ducklake_snapshot"))
    ((user, may_write),) = _rows(
        warehouse,
        f"SELECT current_user::VARCHAR AS name, has_table_privilege({table}, 'INSERT')"
        " AND current_setting('transaction_read_only') = 'off' AS may_write",
    )
    if not may_write:
        message = (
            f"{warehouse.name}: {user} may not do that, but only read; run the command as the owner"
            " of the schema, or give it the rights"
        )
        raise ManyhandsError(message)


def recover(warehouse: Warehouse) -> None:
    """Put back the files of commits that were made, and whose processes are gone."""
    was_committed = partial(_was_committed, warehouse)
    if warehouse.place is None:
        kept_files.recover(warehouse, was_committed)
    else:
        kept_objects.recover(warehouse, partial(_is_committed, warehouse), was_committed)


def _was_committed(warehouse: Warehouse, mark: str, session: str) -> bool:
    """Return whether a commit with a mark is in the catalog, asked for over a new connection.

    A server may not have read its COMMIT yet, or be at it. So the sessions of who committed are
    ended first: once they are gone the commit is there, or never will be.

    Raises TryAgainError where the server can't be reached, or a session doesn't end.
    """
    deadline = time.monotonic() + _LONGEST_S
    while _rows(
        warehouse,
        "SELECT pg_terminate_backend(pid) AS told FROM pg_stat_activity"
        f" WHERE {_NAME} = {quoted(session)}",
    ):
        if time.monotonic() > deadline:
            message = (
                f"{warehouse.name}: a session of the server that commits doesn't end for"
                f" {_LONGEST_S:.0f} seconds; run the command again later"
            )
            raise TryAgainError(message)
        time.sleep(_PAUSE_S)
    return _is_committed(warehouse, mark)


def _is_committed(warehouse: Warehouse, mark: str) -> bool:
    """Return whether a commit with a mark is in the catalog now."""
    changes = _relation(warehouse, "ducklake_snapshot_changes")
    # where an earlier version committed, it stands in `commit_extra_info`
    where = f"{quoted(mark)} IN (commit_message, commit_extra_info)"
    query = f"SELECT 1 AS found FROM {changes} WHERE {where}"
    return bool(_rows(warehouse, query))


def is_busy(error: Exception) -> bool:
    """Return whether an error of the engine means that another committer was there first."""
    if not isinstance(error, duckdb.TransactionException):
        return False
    said = _of_server(str(error))
    text = str(error) if said is None else said
    return any(words in text.lower() for words in _OVERTAKEN)


def busy(warehouse: Warehouse) -> TryAgainError:
    """Return the error of a catalog that stays busy."""
    return TryAgainError(f"{warehouse.name}: the catalog is busy; run the command again later")


def fault(text: str, warehouse: Warehouse) -> None:
    """Return None: what isn't the server's is no catalog's here."""


def fault_of_server(text: str, warehouse: Warehouse) -> ManyhandsError | None:
    """Return what the server says, or that it can't be reached, where the text is of that."""
    said = _of_server(text)
    if said is None:
        return None
    kind, message = next((kind, told) for words, kind, told in _SAID if re.search(words, said))
    return kind(message.format(name=warehouse.name, said=said or "it closed the connection"))


def _of_server(text: str) -> str | None:
    """Return what the server or libpq said, in one line; None where nothing of it is theirs.

    What stands before it, a statement or an address, is left out: it can hold an event's text,
    which decides nothing and is shown to nobody.
    """
    for before in (_STATEMENT, _ADDRESS):
        if found := list(before.finditer(text)):
            said = text[found[-1].end() :]
            first, *_ = re.split(r"\n?(?:LINE \d+|DETAIL|HINT|CONTEXT|STATEMENT):", said)
            return " ".join(first.split())
    return None


@contextmanager
def _explained(warehouse: Warehouse) -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        text = str(error)
        raise fault_of_server(text, warehouse) or ManyhandsError(
            f"{warehouse.name}: {text}"
        ) from error


def _rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with _explained(warehouse):
        return postgres_client.rows(_server(warehouse), query)


def _relation(warehouse: Warehouse, name: str) -> str:
    return f"{_name(_server(warehouse).schema)}.{name}"


def _name(text: str) -> str:
    """Return a name as PostgreSQL's SQL has it."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _key(warehouse: Warehouse, act: str) -> str:
    """Return the number of a lock, made of the database, the schema and what it is for."""
    what = quoted(f"manyhands {act} {_server(warehouse).schema} ")
    return f"hashtextextended({what} || current_database(), 0)"


def _with_options(warehouse: Warehouse, more: Mapping[str, str]) -> Mapping[str, str]:
    """Return keywords whose `options` are the address's own and some more."""
    own = _server(warehouse).get("options")
    return {"options": f"{own} {more['options']}".strip()}


def oldest_transaction(warehouse: Warehouse) -> datetime | None:
    """Return when the oldest transaction on the database began that is open; None: there is none.

    Of other users' sessions the server says so only to who may see them.
    """
    ((began_at,),) = _rows(
        warehouse,
        "SELECT min(xact_start) AS began_at FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    return began_at if isinstance(began_at, datetime) else None
