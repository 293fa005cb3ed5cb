"""Answers one SELECT, with nothing else in reach: the relations of the warehouse, read-only.

Three walls, each of which holds alone for most of what one could try (SPEC §8, promise 9):
the text has to parse as exactly one SELECT that names only relations and functions known to be
harmless; the connection can open no file but the warehouse's data, and none for writing to the
catalog, of which it has a copy; its configuration is locked. What it takes is bounded.
"""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from pipelines.errors import ManyhandsError, UsageError
from pipelines.lake import faults, reading, sql
from pipelines.lake.bounds import Bounds
from pipelines.lake.catalogs import located
from pipelines.lake.connection import stored_relations
from pipelines.lake.functions import FUNCTIONS, TABLE_FUNCTIONS
from pipelines.lake.literals import quoted
from pipelines.lake.paths import data_path
from pipelines.lake.stopping import bounded
from pipelines.lake.warehouse import Warehouse

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KNOWN_FUNCTIONS = frozenset(name.lower() for name in FUNCTIONS)
_INEXACT = frozenset({"interval", "timestamp_ns", "time_ns"})
_NESTED = frozenset({"array", "list", "map", "struct", "union"})
_OF_ARROW = (_NESTED - {"union"}) | {
    *("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "float", "double"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "decimal"),
    *("varchar", "blob", "uuid", "enum", "date", "time", "timestamp", "timestamp_ms"),
    *("timestamp_s", "timestamp with time zone", "sqlnull"),
}
_LIST_OF_RELATIONS = '"tables"'
_ANOTHER_STATEMENT = "not implemented"
"""What DuckDB calls the error of serializing what isn't a SELECT."""
_ONE_SELECT = "query runs exactly one SELECT (or SHOW TABLES, or DESCRIBE of a relation)"
_Part = TypeVar("_Part")
_FAULTS_OF_A_QUERY = (
    duckdb.ProgrammingError,
    duckdb.DataError,
    duckdb.NotSupportedError,
    duckdb.PermissionException,
)


@dataclass(frozen=True)
class Scope:
    """What a query, or a part of one, may name; all names are in lower case."""

    relations: Mapping[str, frozenset[str]]
    """By schema; empty: of those that are named without one."""
    of: str
    """What has the relations, in words."""
    catalogs: frozenset[str] = frozenset()
    """Names that may stand before a schema."""
    functions: frozenset[str] = _KNOWN_FUNCTIONS
    rule: str = _ONE_SELECT
    """What its text has to be, in words."""
    ctes: frozenset[str] = frozenset()

    def and_cte(self, name: str) -> "Scope":
        """Return the scope with a CTE of the query's own.

        Raises UsageError where its name isn't plain.
        """
        if not _PLAIN_NAME.fullmatch(name):
            message = f"the query names a CTE {name!r}; use letters, digits and _"
            raise UsageError(message)
        return replace(self, ctes=self.ctes | {name.lower()})

    def has(self, catalog: str, schema: str, name: str) -> bool:
        """Return whether a relation may be named."""
        if name in self.ctes and not schema and not catalog:
            return True
        is_here = not catalog or catalog in self.catalogs
        return is_here and name in self.relations.get(schema, frozenset())


class Batches(NamedTuple):
    """What is read: the types of its columns, all with different names, and its rows in order."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@contextmanager
def ask(warehouse: Warehouse, text: str, bounds: Bounds | None = None) -> Iterator[reading.Listing]:
    """Run one SELECT on a warehouse; the answer is read while the context lasts.

    Raises UsageError where the text is anything else, reaches for anything else, or is wrong,
    ManyhandsError where it took more than it may, and what `reading.connect` raises.
    """
    bounds = bounds or Bounds()
    with _asked(warehouse, text, bounds) as (cursor, over):
        for name, type_, *_ in cursor.description or []:
            _refuse_if_inexact(name, type_)
        rows = chain.from_iterable(iter(lambda: cursor.fetchmany(reading.ROWS_AT_ONCE), []))
        yield reading.Listing(_names(cursor), _read(rows, bounds, over))


@contextmanager
def ask_batches(warehouse: Warehouse, text: str, bounds: Bounds) -> Iterator[Batches]:
    """Run one SELECT as `ask` does, and return its rows as Arrow has them.

    Raises what `ask` raises, and UsageError where Arrow has no type for a column.
    """
    with _asked(warehouse, text, bounds) as (cursor, over):
        for name, type_, *_ in cursor.description or []:
            _refuse_if_of_no_arrow_type(name, type_)
        names = _names(cursor)
        reader = cursor.to_arrow_reader(reading.ROWS_AT_ONCE)
        schema = pa.schema(
            [field.with_name(name) for name, field in zip(names, reader.schema, strict=True)]
        )
        batches = (pa.record_batch(batch.columns, schema=schema) for batch in _checked(reader))
        yield Batches(schema, _read(batches, bounds, over))


@contextmanager
def _asked(
    warehouse: Warehouse, text: str, bounds: Bounds
) -> Iterator[tuple[duckdb.DuckDBPyConnection, threading.Event]]:
    with (
        locked(warehouse, bounds) as (connection, relations),
        _faults_as_usage_errors(),
        bounded(connection, bounds) as over,
    ):
        text.encode("utf-8")
        refuse_unless_safe(connection, text, relations)
        yield connection.execute(text), over


@contextmanager
def locked(
    warehouse: Warehouse, bounds: Bounds | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, frozenset[str]]]:
    """Open a warehouse with nothing else in reach; return its relations' names, in lower case."""
    with reading.connect(warehouse) as connection:
        # those of its format; asking the engine for them takes longer than most queries
        relations = frozenset([*map(attrgetter("name"), stored_relations()), *sql.names("views")])
        _lock(connection, located(warehouse), bounds or Bounds())
        yield connection, relations


def _lock(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, bounds: Bounds) -> None:
    for statement in (
        f"SET max_temp_directory_size = '{bounds.disk_bytes}B'",
        "USE warehouse",
        "SET TimeZone = 'UTC'",
        "SET preserve_insertion_order = true",
        "SET python_enable_replacements = false",
        f"SET allowed_directories = [{quoted(data_path(warehouse))}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)


@contextmanager
def _faults_as_usage_errors() -> Iterator[None]:
    try:
        yield
    except _FAULTS_OF_A_QUERY as error:
        if faults.is_damage(error):
            raise
        raise UsageError(" ".join(str(error).split("\n\n", 1)[0].split())) from error
    except (RecursionError, UnicodeEncodeError) as error:
        message = "the query is nested too deep or isn't UTF-8 text"
        raise UsageError(message) from error


def _refuse_if_inexact(name: str, type_: DuckDBPyType) -> None:
    """Refuse what Python can't hold: months are no days, and its times end at microseconds."""
    if type_.id in _INEXACT:
        message = f"column {name!r} is {type_}, which can't be given exactly; cast it to VARCHAR"
        raise UsageError(message)
    if type_.id in _NESTED:
        for _, part in type_.children:
            if isinstance(part, DuckDBPyType):
                _refuse_if_inexact(name, part)


def _refuse_if_of_no_arrow_type(name: str, type_: DuckDBPyType) -> None:
    """Refuse what Parquet has no exact type for, or Arrow gives as something else."""
    if type_.id in _NESTED:
        parts = [part for _, part in type_.children if isinstance(part, DuckDBPyType)]
        for part in parts:
            _refuse_if_of_no_arrow_type(name, part)
    if type_.id not in _OF_ARROW:
        message = (
            f"column {name!r} is {type_}, which Parquet can't hold exactly; cast it to VARCHAR"
        )
        raise UsageError(message)


def _names(cursor: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Name the columns; of those with one name the second gets `_1` behind it, and so on."""
    names: list[str] = []
    for name, *_ in cursor.description or []:
        numbered = chain([name], (f"{name}_{number}" for number in count(1)))
        names.append(next(candidate for candidate in numbered if candidate not in names))
    return tuple(names)


def _read(parts: Iterable[_Part], bounds: Bounds, over: threading.Event) -> Iterator[_Part]:
    """Yield rows or batches for as long as there is time."""
    with _faults_as_usage_errors():
        for part in parts:
            if over.is_set():
                raise ManyhandsError(bounds.out_of_time)
            yield part


def _checked(reader: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches whose numbers fit their types; what the engine says in Arrow's error is its."""
    try:
        for batch in reader:
            batch.validate(full=True)
            yield batch
    except pa.ArrowInvalid as error:
        message = f"a value is too large for its column in Parquet ({error}); cast it to VARCHAR"
        raise UsageError(message) from error
    except OSError as error:
        if "INTERRUPT" in str(error):
            raise
        raise duckdb.InvalidInputException(str(error)) from error


def refuse_unless_safe(
    connection: duckdb.DuckDBPyConnection, text: str, relations: Iterable[str]
) -> None:
    """Insist on exactly one SELECT of `relations` (lower case) and of functions that only compute.

    Raises UsageError that says what stands in the way.
    """
    names = frozenset(relations)
    schemas = dict.fromkeys(("", "main", "warehouse"), names)
    refuse_unless_within(
        connection, text, Scope(schemas, "the warehouse", frozenset({"warehouse"}))
    )


def refuse_unless_within(connection: duckdb.DuckDBPyConnection, text: str, scope: Scope) -> None:
    """Insist on exactly one SELECT that names nothing outside a scope; nothing is run.

    Raises UsageError that says what stands in the way.
    """
    ((serialized,),) = connection.execute(
        "SELECT json_serialize_sql($text)", {"text": text}
    ).fetchall()
    parsed = json.loads(serialized)
    if parsed["error"]:
        is_other = parsed["error_type"] == _ANOTHER_STATEMENT
        raise UsageError(
            scope.rule if is_other else f"the query can't be run: {parsed['error_message']}"
        )
    if len(parsed["statements"]) != 1:
        message = f"{scope.rule}; this has {len(parsed['statements'])} statements"
        raise UsageError(message)
    _check(parsed["statements"][0], scope)


def _check(node: object, scope: Scope) -> None:
    if isinstance(node, list):
        for child in node:
            _check(child, scope)
    if not isinstance(node, dict):
        return
    scope = _declare(node, scope)
    if node.get("type") == "BASE_TABLE":
        _check_relation(node, scope)
    if node.get("type") == "SHOW_REF" and not node.get("query"):
        _check_show(node)
    if "function_name" in node:
        _check_function(node, scope.functions)
    _check_children(node, scope)


def _check_children(node: dict[str, Any], scope: Scope) -> None:
    inner = scope
    if node.get("type") == "RECURSIVE_CTE_NODE":
        inner = scope.and_cte(node["cte_name"])
    for key, child in node.items():
        if key == "function" and node.get("type") == "TABLE_FUNCTION":
            _check_function(child, TABLE_FUNCTIONS)
            _check(list(child.values()), scope)
        elif key != "cte_map":
            # a recursive CTE sees itself in its right part only
            _check(child, inner if key == "right" else scope)


def _declare(node: dict[str, Any], scope: Scope) -> Scope:
    """Check a node's CTEs, each of which sees those before it, and let the node see all."""
    for entry in (node.get("cte_map") or {}).get("map", []):
        _check(entry["value"], scope)
        scope = scope.and_cte(entry["key"])
    return scope


def _check_relation(node: dict[str, Any], scope: Scope) -> None:
    catalog, schema, name = (
        str(node.get(key, "")).lower() for key in ("catalog_name", "schema_name", "table_name")
    )
    if not scope.has(catalog, schema, name):
        whole = ".".join(part for part in (catalog, schema, name) if part)
        message = f"the query reads {whole!r}, which is no relation of {scope.of}"
        raise UsageError(message)


def _check_show(node: dict[str, Any]) -> None:
    elsewhere = node.get("catalog_name") or node.get("schema_name")
    if node.get("table_name") != _LIST_OF_RELATIONS or elsewhere:
        message = "only SHOW TABLES and DESCRIBE of a relation of the warehouse are allowed"
        raise UsageError(message)


def _check_function(node: dict[str, Any], known: frozenset[str]) -> None:
    name = str(node.get("function_name", ""))
    if name.lower() not in known:
        message = f"the query calls {name!r}, which isn't allowed here, or doesn't exist"
        raise UsageError(message)
