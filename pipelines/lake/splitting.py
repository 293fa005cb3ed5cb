"""Gives pools of a close away to be split, and takes back what each claim gets (SPEC §5.2).

What goes there and comes back are Parquet files, as bytes. Whoever splits runs the close's own SQL.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake import engine, parquet, scratch, sql
from pipelines.lake.connection import make_functions
from pipelines.lake.paths import for_engine
from pipelines.lake.staging import stage, stage_input, stage_nothing, stage_view

MOST_CLAIMS: Final = 500_000
"""Some megabytes as Parquet, and a second's work."""

_RELATIONS: Final = ("given_part", "given_weight")


@dataclass(frozen=True)
class Pools:
    """A group of whole pools, for whoever splits them."""

    parts: bytes
    """`given_part` as Parquet."""
    weights: bytes
    """`given_weight` as Parquet."""


Group = tuple[int, int]
"""Numbers of the first and last part of a group."""


def groups(connection: duckdb.DuckDBPyConnection) -> list[Group]:
    """Return groups of the pools to split, in order, and begin with no claim's share.

    A group has up to MOST_CLAIMS, or is one larger pool.
    """
    stage_nothing(connection, "rules", "claim_share")
    query = sql.relation("spread", "split_pool").query
    pools = connection.execute(f"FROM ({query}) ORDER BY first_part").fetchall()
    found: list[Group] = []
    room = 0
    for first, last, claims in pools:
        if claims <= room:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
            room = MOST_CLAIMS
        room -= claims
    return found


def give(connection: duckdb.DuckDBPyConnection, group: Group) -> Pools:
    """Return a group's pools: their parts, and what each claim weighs."""
    _ask(connection, group)
    with scratch.temporary() as folder:
        return Pools(*(_written(connection, name, folder) for name in _RELATIONS))


def split(pools: Pools, memory_bytes: int) -> bytes:
    """Split pools in a database of this process's own, and return `taken_share` as Parquet.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    with scratch.temporary() as folder, engine.connect(memory_bytes) as connection:
        make_functions(connection)
        for name, given in zip(_RELATIONS, (pools.parts, pools.weights), strict=True):
            path = folder / f"{name}.parquet"
            path.write_bytes(given)
            connection.execute(f"CREATE TABLE {name} AS {parquet.select(path, '*')}")
        connection.execute("CREATE VIEW pool_part AS FROM given_part")
        connection.execute(
            "CREATE VIEW claim_weight AS"
            " SELECT * REPLACE (CAST(weight AS HUGEINT) AS weight) FROM given_weight"
        )
        stage(connection, "rules", "claim")
        stage(connection, "rules", "claim_share")
        return _written(connection, "taken_share", folder)


def take(connection: duckdb.DuckDBPyConnection, group: Group, shares: bytes) -> None:
    """Add what the claims of a group get to `claim_share`.

    Raises ManyhandsError where it isn't one share a claim, or a part isn't the sum of its shares.
    """
    _ask(connection, group)
    with scratch.temporary() as folder:
        path = folder / "share.parquet"
        path.write_bytes(shares)
        columns = sql.relation("spread", "taken_share").columns
        read = parquet.select(
            path, *(f"CAST({one.name} AS {one.type}) AS {one.name}" for one in columns)
        )
        connection.execute(f"CREATE OR REPLACE TABLE share_returned AS {read}")
    for name in _RELATIONS:
        stage_view(connection, "spread", name)
    wrong = connection.execute(f"FROM ({sql.relation('spread', 'wrong_share').query})").fetchone()
    if wrong:
        message = (
            f"a worker of the cluster didn't split the pool {wrong[0]} as it was asked to, and"
            " nothing was issued; see what the worker runs, and close again"
        )
        raise ManyhandsError(message)
    connection.execute("INSERT INTO claim_share FROM share_returned")


def _written(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> bytes:
    """Return what a relation's SELECT finds, as Parquet."""
    path = folder / f"{name}.parquet"
    query = sql.relation("spread", name).query
    connection.execute(f"COPY ({query}) TO $path (FORMAT parquet)", {"path": str(for_engine(path))})
    return path.read_bytes()


def _ask(connection: duckdb.DuckDBPyConnection, group: Group) -> None:
    stage_input(connection, "asked_group", [group])
