"""Reads what `verify` compares: rows that differ, and what the catalog says of its files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.lake import engine, parquet, reading, scratch, sql
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.connection import stored_relations
from pipelines.lake.literals import quoted
from pipelines.lake.rebuilding import copy_rows
from pipelines.lake.staging import SMALL_BYTES, stage, stage_blocks, stage_input, view_stored
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import GATE, Warehouse
from pipelines.stores.objects import Objects
from schemas.envelope import OWN_SOURCE

AGAIN: Final = "again"
"""What the warehouse that was made again is attached as."""

_POOL: Final = ("period", "basis", "reference", "origin_period", "currency")

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "advance": ("seq",),
    "allocation": (*_POOL, "contributor_id"),
    "asset_generated": ("seq",),
    "attribution": ("seq", "image_id"),
    "base_model": ("seq", "base_model_id", "base_version"),
    "contributor": ("seq",),
    "event": ("seq",),
    "event_reversed": ("seq",),
    "fx_rate": ("seq", "currency"),
    "held": (*_POOL, "reason", "contributor_id"),
    "image_licensed": ("seq",),
    "licence_contributor": ("seq", "contributor_id"),
    "licence_revoked": ("seq",),
    "log_block": ("block",),
    "manifest_entry": ("manifest_sha256", "image_id"),
    "manifest_weight": ("period", "model_id", "version", "contributor_id"),
    "model_trained": ("seq",),
    "period_close": ("period",),
    "pool": _POOL,
    "row_sum": ("commit_id", "relation"),
    "source_report": ("seq",),
    "statement": ("statement_id",),
    "statement_line": ("statement_id", "line"),
    "terms": ("seq",),
}
"""What a row of each relation that the log gives goes by."""

_OF_TREE: Final = ("tree_size", "tree_root", "checkpoint", "verifier_key")
"""Columns of `period_close` that are proved apart, with the tree over all closes."""

_NODES_OF_CLOSE: Final = """
    last_leaf < (SELECT tree_size FROM warehouse.period_close WHERE period = $period)
    AND last_leaf >= (
        SELECT coalesce(max(tree_size), 0) FROM warehouse.period_close WHERE period < $period
    )
"""
"""The nodes of the tree that a close made complete."""


_WEIGHTS_SINCE_KEPT: Final = f"""
    (
        SELECT * REPLACE (greatest(period, first_period) AS period)
        FROM {AGAIN}.manifest_weight
        CROSS JOIN (SELECT min(period) AS first_period FROM warehouse.manifest_weight)
        QUALIFY first_period IS NULL OR period > first_period OR (
            weight != 0
            AND period = max(period) FILTER (WHERE period <= first_period) OVER (
                PARTITION BY model_id, version
            )
        )
    )
"""
"""Weights as they would be kept from the first close on that kept any: that one kept them all.

Closes of warehouses before format 8 kept none.
"""


@dataclass(frozen=True)
class Bounds:
    """How far the log could be replayed."""

    head: int
    """The last event that was."""
    log_seq: int
    """How far the last close that was computed again reads the log."""
    period: str
    """That close's period; empty where there is none."""


@dataclass(frozen=True)
class Difference:
    """A row that isn't the same; a row that only one side has has no fields on the other."""

    key: dict[str, Any]
    expected: dict[str, Any]
    """The fields that differ as the log gives them."""
    found: dict[str, Any]
    """The same as they are stored."""


def attach_again(connection: duckdb.DuckDBPyConnection, target: Warehouse) -> None:
    """Attach what was made again beside the warehouse."""
    catalog = catalog_of(target)
    engine.load_extensions(connection, *catalog.extensions(target))
    statement = catalog.attach_statement(target)
    connection.execute(statement.replace(" AS warehouse ", f" AS {AGAIN} ", 1))


def detach_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of what was made again."""
    connection.execute(f"DETACH {AGAIN}")


def differences(
    connection: duckdb.DuckDBPyConnection, name: str, bounds: Bounds
) -> Iterator[Difference]:
    """Yield the rows of a relation that aren't those made again, by their keys.

    A key that stands twice gives one difference.
    """
    key = KEYS[name]
    columns = [one.name for one in _relation(name).columns if one.name not in _OF_TREE]
    others = [column for column in columns if column not in key]
    where = _within(name, columns, bounds)
    connection.execute("DROP SCHEMA IF EXISTS compared CASCADE; CREATE SCHEMA compared")
    for side, place in (("made", AGAIN), ("stored", "warehouse")):
        relation = f"{place}.{name}"
        if (name, place) == ("manifest_weight", AGAIN):
            relation = _WEIGHTS_SINCE_KEPT
        query = f"SELECT {', '.join(columns)} FROM {relation} AS row {where}"
        kind = "TABLE" if _is_small(connection, place, name) else "VIEW"
        connection.execute(f"CREATE {kind} compared.{side} AS {query}")
    for side, one, other in (("lacking", "made", "stored"), ("surplus", "stored", "made")):
        connection.execute(
            f"CREATE TABLE compared.{side} AS FROM compared.{one} EXCEPT ALL FROM compared.{other}"
        )
    joined = " AND ".join(f"lacking.{one} IS NOT DISTINCT FROM surplus.{one}" for one in key)
    pairs = ", ".join(f"lacking.{one}, surplus.{one}" for one in columns)
    order = ", ".join(f"coalesce(lacking.{one}, surplus.{one})" for one in key)
    query = (
        f"SELECT lacking.lacks, surplus.has, {pairs}"
        " FROM (SELECT true AS lacks, * FROM compared.lacking) AS lacking"
        " FULL JOIN (SELECT true AS has, * FROM compared.surplus) AS surplus"
        f" ON {joined} ORDER BY {order}"
    )
    for lacks, has, *values in reading.rows(connection, query, {}):
        expected = dict(zip(columns, values[::2], strict=True)) if lacks else {}
        found = dict(zip(columns, values[1::2], strict=True)) if has else {}
        named = {one: (expected or found)[one] for one in key}
        if expected and found:
            apart = [one for one in others if expected[one] != found[one]]
            yield Difference(
                named,
                {one: expected[one] for one in apart},
                {one: found[one] for one in apart},
            )
        else:
            yield Difference(named, expected, found)


def is_kept_later(connection: duckdb.DuckDBPyConnection, source: Warehouse) -> bool:
    """Return whether no close kept manifest weights yet, since a migration made the relation.

    One that was made with the others is empty because its rows are gone.
    """
    of = catalog_of(source).metadata(source)
    ((is_later, is_empty),) = connection.execute(
        "SELECT max(begin_snapshot) FILTER (WHERE table_name = 'manifest_weight')"
        " > min(begin_snapshot), NOT EXISTS (FROM warehouse.manifest_weight)"
        f" FROM {of}.ducklake_table WHERE table_name IN ('manifest_weight', 'event')"
    ).fetchall()
    return bool(is_later and is_empty)


def _is_small(connection: duckdb.DuckDBPyConnection, place: str, name: str) -> bool:
    """Return whether a relation is copied before it is read twice: the catalog is asked once."""
    found = connection.execute(
        "SELECT file_size_bytes FROM ducklake_table_info($place) WHERE table_name = $name",
        {"place": place, "name": name},
    ).fetchone()
    return found is not None and found[0] < SMALL_BYTES


def _relation(name: str) -> sql.Relation:
    return next(relation for relation in stored_relations() if relation.name == name)


def _within(name: str, columns: Sequence[str], bounds: Bounds) -> str:
    """Return what leaves out rows that the replay didn't come to."""
    if name == "manifest_entry":
        return f"WHERE manifest_sha256 IN (SELECT manifest_sha256 FROM {AGAIN}.model_trained)"
    if name == "row_sum":
        return f"WHERE head <= {bounds.head}"
    if name == "log_block":
        return f"WHERE (block + 1) * 4096 <= {bounds.log_seq}"
    if "period" in columns:
        return f"WHERE period <= {quoted(bounds.period)}"
    return f"WHERE seq <= {bounds.head}"


def recorded_at(connection: duckdb.DuckDBPyConnection, batch_id: str) -> datetime | None:
    """Return when a batch was recorded; None where there is no such batch."""
    found = connection.execute(
        "SELECT recorded_at FROM warehouse.ingest_batch WHERE batch_id = $batch_id",
        {"batch_id": batch_id},
    ).fetchone()
    return found[0] if found else None


def copy_close(
    old: duckdb.DuckDBPyConnection,
    new: duckdb.DuckDBPyConnection,
    target: Warehouse,
    period: str,
    log_seq: int,
) -> None:
    """Copy what a close stored, and its event, in one commit; the log's blocks are sealed again.

    `block_digest` is staged for it.
    """
    stage_input(new, "close_input", [[period, None, None, None, log_seq, 0]])
    view_stored(new, ("event", "log_block"))
    stage_blocks(new)
    stage(new, "results", "log_block")
    results = (one for one in sql.relations("results") if one.columns[0].name == "period")
    rows = {
        "event": f"source = {quoted(OWN_SOURCE)} AND id = $period",
        "row_sum": "commit_id = $period",
        **{relation.name: "period = $period" for relation in results},
        "tree_node": _NODES_OF_CLOSE,
    }

    def write() -> None:
        for name, where in rows.items():
            copy_rows(old, new, name, where, {"period": period})
        new.execute("INSERT INTO warehouse.log_block FROM log_block")
        new.execute("UPDATE warehouse.head SET seq = (SELECT max(seq) FROM warehouse.event)")

    commit(new, target, write)


def faults(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a query of `sql/verify` finds: relation, key, expected, found."""
    query = sql.relation("verify", name).query
    for relation, *texts in reading.rows(connection, f"FROM ({query}) ORDER BY ALL", {}):
        key, expected, found = (shown(text) for text in texts)
        yield relation, key, expected, found


def unlogged(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return how many events a file of the relation `event` has that the log lacks."""
    held = parquet.select(path, "source", "id")
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM ({held}) ANTI JOIN warehouse.event USING (source, id)"
    ).fetchall()
    return int(count)


def shown(value: Any) -> str:  # noqa: ANN401  of any column
    """Return a value as one line of text, in which nothing can steer a terminal."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text[1:-1] if isinstance(value, str) else text


def verdicts(warehouse: Warehouse) -> Iterator[dict[str, Any]]:
    """Yield what the gate said of closes, by the names of the files that say it."""
    with scratch.temporary() as made:
        for path in _verdict_files(warehouse, made):
            try:
                found = json.loads(path.read_bytes())
            except (ValueError, RecursionError, OSError):
                continue
            if isinstance(found, dict):
                yield found


def _verdict_files(warehouse: Warehouse, made: Path) -> Iterator[Path]:
    if warehouse.place is None:
        yield from sorted(warehouse.gate.glob("*.json"))
        return
    for name in Objects(warehouse.place).names(GATE):
        copy = made / Path(name).name
        if name.endswith(".json") and Objects(warehouse.place).download(name, copy):
            yield copy
