"""Proves events valid by SQL, many texts of a shape at once, and writes their content (SPEC §3).

The query of a shape is made from the models' grammar: what checks a value there, and makes it
canonical, has a macro of the same name in `sql/functions/proof`, which returns null for what it
refuses. What has no macro isn't proven. Nothing of an event is part of a query: the names in it are
the models' own, and the shape's pattern is a parameter.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake import sql
from pipelines.lake.literals import quoted
from schemas import source_types
from schemas.grammar import Field, Function, Items, Kind, Object, Text
from schemas.shape import Shape

MEMORY: Final = "512MiB"
"""What the engine may take for it; it holds a few thousand texts at a time."""

FOUND: Final = pa.schema(
    {
        "row": pa.int64(),
        "source": pa.string(),
        "id": pa.string(),
        "occurred_at": pa.timestamp("us"),
        "content": pa.string(),
        "content_sha256": pa.string(),
    }
)
"""What is proven of texts: the rows that they are, and the events."""

_MARK: Final = "\0"
_PROOF: Final = "functions/proof"
_FAILURES: Final = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfMemoryException,
)
_REFUSED_LATER: Final = {source_types.short_code: source_types.GENERATED}
"""Values that the models take and a later step refuses: they are left to it."""


class UnprovableError(Exception):
    """No text of a shape can be proven: no macro checks one of its values, or the engine fails."""


def proven(texts: pa.Table, shape: Shape) -> pa.Table:
    """Return what is proven of texts: those of the shape that are valid events, in their order.

    `texts` has `row` and `text`, in UTF-8 without a backslash; the table returned is of FOUND.

    Raises UnprovableError where none can be.
    """
    query = _query(shape)
    with _engine().cursor() as connection:
        connection.register("texts", texts)
        try:
            found = connection.execute(query, {"pattern": shape.pattern}).to_arrow_table()
        except _FAILURES as error:
            raise UnprovableError from error
    # a filter of the query's own would have it compute all that it filters by twice
    return filtered(found, found["is_proven"]).select(FOUND.names)


def filtered(table: pa.Table, is_kept: pa.ChunkedArray) -> pa.Table:
    """Return the rows that are kept; where all are, as nearly always, nothing is copied."""
    return table if pc.all(is_kept).as_py() in {True, None} else table.filter(is_kept)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the macros, once in a process."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY,
        }
    )
    for folder in ("functions", _PROOF):
        for name in sql.names(folder):
            connection.execute(sql.text(folder, name))
    return connection


@dataclass
class _Values:
    """The values of a shape as SQL: what they are read from, made canonical by, and checked by."""

    columns: dict[str, str] = field(default_factory=dict)
    """Canonical values by the names of their columns; null where refused."""
    checks: list[str] = field(default_factory=list)

    def add(self, name: str, kind: Kind, path: str) -> str:
        """Add what stands at a path, and return its canonical JSON, with SQL between marks."""
        match kind:
            case Text():
                return self._add_text(name, kind, path)
            case Items():
                return self._add_items(name, kind, path)
            case Object():
                return self._add_object(name, kind, path)

    def _add_text(self, name: str, text: Text, path: str) -> str:
        self.columns[name] = _canonical(text, path)
        self.checks.extend(_checks(text, name))
        return _text_of(name)

    def _add_items(self, name: str, items: Items, path: str) -> str:
        of = items.item
        texts = {key: one.kind for key, one in of.fields.items() if isinstance(one.kind, Text)}
        if of.functions or len(texts) < sum(one.kind is not None for one in of.fields.values()):
            raise UnprovableError
        item = _packed({key: _canonical(text, f"item.{key}") for key, text in texts.items()})
        self.columns[name] = _called(items.functions, _each(path, item))
        most = [] if items.most is None else [f"len({name}) <= {items.most}"]
        self.checks.extend([f"len({name}) >= {items.least}", *most])
        checks = [one for key, text in texts.items() for one in _checks(text, f"item.{key}")]
        if checks:
            self.checks.append(f"list_bool_and({_each(name, ' AND '.join(checks))})")
        content = _concat(_written(of.fields, {key: _text_of(f"item.{key}") for key in texts}))
        return f"[{_MARK}array_to_string({_each(name, content)}, ','){_MARK}]"

    def _add_object(self, name: str, of: Object, path: str) -> str:
        kinds = {key: one.kind for key, one in of.fields.items()}
        written = {
            key: self.add(f"{name}_{key}", kind, f"{path}.{key}")
            for key, kind in kinds.items()
            if kind is not None
        }
        if of.functions:
            given = {
                key: f"{name}_{key}" if isinstance(kind, Text) else "CAST(NULL AS VARCHAR)"
                for key, kind in kinds.items()
            }
            self.checks.append(f"{_called(of.functions, _packed(given))} IS NOT NULL")
        return _written(of.fields, written)


def _query(shape: Shape) -> str:
    values = _Values()
    for name, one in shape.envelope.fields.items():
        if one.kind is not None:
            values.add(name, one.kind, f"event.{name}")
    data = values.add("data", shape.data, "event.data")
    columns = ", ".join(f"{value} AS {name}" for name, value in values.columns.items())
    checks = " AND ".join(values.checks)
    content = f'{{"data":{data},"time":{_text_of("time")},"type":"{shape.kind}"}}'
    return f"""
        SELECT *, sha256(content) AS content_sha256
        FROM (
            SELECT row, source, id, instant(time) AS occurred_at,
                {_concat(content)} AS content,
                coalesce({checks}, false) AS is_proven
            FROM (
                SELECT row, {columns}
                FROM (
                    SELECT row, from_json(text, {quoted(_structure(shape))}) AS event
                    FROM texts WHERE regexp_full_match(text, $pattern)
                )
            )
        )
    """


def _canonical(text: Text, path: str) -> str:
    """Return a text in canonical form; null where it is refused."""
    value = _called(text.functions, path)
    if text.max_length is None:
        return value
    # of what has no other characters than those of ASCII
    return f"CASE WHEN strlen({path}) <= {text.max_length} THEN {value} END"


def _called(functions: tuple[Function, ...], value: str) -> str:
    """Return a value after functions, each called by the macro of its name, which names it."""
    for function in functions:
        name, module = function.__name__, f"{function.__module__.replace('.', '/')}.py"
        if name not in sql.names(_PROOF) or module not in sql.text(_PROOF, name):
            raise UnprovableError(name)
        value = f"{name}({value})"
    return value


def _checks(text: Text, value: str) -> Iterator[str]:
    """Yield what a canonical value has to be beyond its pattern."""
    if text.functions or text.max_length is not None:
        yield f"{value} IS NOT NULL"
    for function in text.functions:
        if function in _REFUSED_LATER:
            refused = ", ".join(map(quoted, sorted(_REFUSED_LATER[function])))
            yield f"{value} NOT IN ({refused})"


def _each(items: str, value: str) -> str:
    return f"list_transform({items}, lambda item: {value})"


def _packed(values: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{quoted(key)}: {value}' for key, value in values.items())}}}"


def _text_of(value: str) -> str:
    return f'"{_MARK}{value}{_MARK}"'


def _written(fields: Mapping[str, Field], written: Mapping[str, str]) -> str:
    """Return an object's canonical JSON, in the order of its fields."""
    members = {name: written.get(name, one.default) for name, one in fields.items()}
    return f"{{{','.join(f'{_key(name)}{text}' for name, text in members.items() if text)}}}"


def _key(name: str) -> str:
    return f'"{name}":'


def _concat(content: str) -> str:
    """Return the SQL of canonical JSON in which every other part between marks is SQL."""
    parts = content.split(_MARK)
    parts[::2] = map(quoted, parts[::2])
    return f"concat({', '.join(parts)})"


def _structure(shape: Shape) -> str:
    """Return the structure that DuckDB's `from_json` reads of a text."""
    envelope = _fields(shape.envelope)
    return json.dumps({**envelope, "data": _fields(shape.data)})


def _fields(of: Object) -> dict[str, object]:
    return {name: _read_as(one.kind) for name, one in of.fields.items() if one.kind is not None}


def _read_as(kind: Kind) -> object:
    match kind:
        case Text():
            return "VARCHAR"
        case Items(item=item):
            return [_fields(item)]
        case Object():
            return _fields(kind)
