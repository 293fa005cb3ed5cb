"""Keeps the Merkle tree over all closes: appends leaves, reads what proofs are made of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import duckdb
import pyarrow as pa

from pipelines.errors import ManyhandsError
from pipelines.lake import reading, sql
from pipelines.lake.closes import PeriodClose
from pipelines.transparency.leaves import leaves
from pipelines.transparency.tree import Edge, Made, Node, Range, complete, hash_of

_AT_ONCE: Final = 50_000
_SCHEMA: Final = pa.schema(
    [("last_leaf", pa.int64()), ("level", pa.int64()), ("hash", pa.string())]
)


@dataclass(frozen=True)
class Leaf:
    """A statement's place in the tree."""

    index: int
    """Its number, from 0."""
    close_size: int
    """How many leaves the tree had after its close."""


def stage_grown(
    connection: duckdb.DuckDBPyConnection, previous: PeriodClose | None, appended: Iterable[bytes]
) -> tuple[int, str]:
    """Append leaves to the tree of the close before, and stage the nodes that become complete.

    Returns the tree's size and root with them.

    Raises ManyhandsError where the stored nodes don't make the root of the close before.
    """
    edge = _edge(connection, previous) if previous else Edge()
    _create_staged(connection)
    _stage(connection, edge.append(appended))
    return edge.size, edge.root().hex()


def stage_whole(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tree of the closes that are stored: stage its nodes, and its growth as `grown`.

    It is for a warehouse that has no tree yet.
    """
    edge = Edge()
    _create_staged(connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE grown (period VARCHAR, tree_size BIGINT, tree_root VARCHAR)"
    )
    closes = connection.execute(
        "SELECT period, digest, log_digest, log_seq FROM warehouse.period_close ORDER BY period"
    ).fetchall()
    for period, digest, log_digest, log_seq in closes:
        statements = stored_digests(connection.cursor(), period)
        appended = leaves(period, digest, log_digest, log_seq, statements)
        _stage(connection, edge.append(appended))
        connection.execute(
            "INSERT INTO grown VALUES ($period, $size, $root)",
            {"period": period, "size": edge.size, "root": edge.root().hex()},
        )


def store_staged(connection: duckdb.DuckDBPyConnection) -> None:
    """Store the staged nodes."""
    connection.execute("INSERT INTO warehouse.tree_node FROM tree_node")


def stored_digests(connection: duckdb.DuckDBPyConnection, period: str) -> Iterator[tuple[str, str]]:
    """Return the contributor and the digest of each statement of a close, in the seal's order."""
    return _digests(connection, period, "digest")


def sealed_digests(connection: duckdb.DuckDBPyConnection, period: str) -> Iterator[tuple[str, str]]:
    """Return what `stored_digests` does, of the statements' sealed bytes as they are now."""
    return _digests(connection, period, "sha256(sealed)")


def _digests(
    connection: duckdb.DuckDBPyConnection, period: str, digest: str
) -> Iterator[tuple[str, str]]:
    query = (
        f"SELECT contributor_id, {digest} FROM warehouse.statement WHERE period = $period"
        " ORDER BY contributor_id"
    )
    rows = reading.rows(connection, query, {"period": period})
    return ((contributor_id, found) for contributor_id, found in rows)


def leaf_of(connection: duckdb.DuckDBPyConnection, statement_id: str) -> Leaf:
    """Return where a statement that was issued is in the tree."""
    ((index, close_size),) = connection.execute(
        "SELECT closed.tree_size - closed.statements + (SELECT count(*)"
        "  FROM warehouse.statement AS other WHERE other.period = issued.period"
        "  AND other.contributor_id < issued.contributor_id), closed.tree_size"
        " FROM warehouse.statement AS issued"
        " INNER JOIN warehouse.period_close AS closed ON issued.period = closed.period"
        " WHERE issued.statement_id = $statement_id",
        {"statement_id": statement_id},
    ).fetchall()
    return Leaf(int(index), int(close_size))


def range_hashes(connection: duckdb.DuckDBPyConnection, ranges: Iterable[Range]) -> list[bytes]:
    """Return the hashes of ranges of leaves, such as a proof is made of, in their order.

    Raises ManyhandsError where a node that they are made of isn't stored.
    """
    asked = list(ranges)
    nodes = _nodes(connection, [node for one in asked for node in complete(*one)])
    return [hash_of(one, nodes) for one in asked]


def stored_nodes(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int, str]]:
    """Return all stored nodes in the order in which they became complete."""
    query = "SELECT last_leaf, level, hash FROM warehouse.tree_node ORDER BY last_leaf, level, hash"
    rows = reading.rows(connection, query, {})
    return ((last_leaf, level, hashed) for last_leaf, level, hashed in rows)


def _edge(connection: duckdb.DuckDBPyConnection, close: PeriodClose) -> Edge:
    wanted = complete(0, close.tree_size)
    nodes = _nodes(connection, wanted)
    edge = Edge(close.tree_size, [nodes[node] for node in wanted])
    if edge.root().hex() != close.tree_root:
        message = (
            f"the stored nodes of the tree don't make the root of {close.period}: the warehouse was"
            " edited, or damaged; restore a backup"
        )
        raise ManyhandsError(message)
    return edge


def _nodes(connection: duckdb.DuckDBPyConnection, wanted: Iterable[Node]) -> Mapping[Node, bytes]:
    """Read nodes, by their last leaves: few groups of rows have those, since they only rise."""
    asked = set(wanted)
    if not asked:
        return {}
    last_leaves = ", ".join(str(last_leaf) for last_leaf in {node.last_leaf for node in asked})
    rows = connection.execute(
        f"SELECT last_leaf, level, hash FROM warehouse.tree_node WHERE last_leaf IN ({last_leaves})"
    ).fetchall()
    found = {
        Node(level, ((last_leaf + 1) >> level) - 1): bytes.fromhex(hashed)
        for last_leaf, level, hashed in rows
    }
    if missing := asked - found.keys():
        node = min(missing)
        message = (
            f"the warehouse's relation tree_node lacks level {node.level} of leaf {node.last_leaf};"
            " restore a backup"
        )
        raise ManyhandsError(message)
    return found


def _create_staged(connection: duckdb.DuckDBPyConnection) -> None:
    columns = sql.declared(sql.relation("results", "tree_node").columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE tree_node ({columns})")


def _stage(connection: duckdb.DuckDBPyConnection, made: Iterable[Made]) -> None:
    nodes = iter(made)
    while batch := list(islice(nodes, _AT_ONCE)):
        last_leaves, levels, hashes = zip(*batch, strict=True)
        columns = [last_leaves, levels, [hashed.hex() for hashed in hashes]]
        connection.register("made_node", pa.table(columns, schema=_SCHEMA))
        connection.execute("INSERT INTO tree_node FROM made_node")
        connection.unregister("made_node")
