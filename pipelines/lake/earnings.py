"""Stages what images earned, and asks who is named; a close's entitlements are staged before."""

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.lake import reading, sql, staged
from pipelines.lake.staging import stage, stage_input

_SPLIT = ("image_part", "image_claim", "image_share")


@dataclass(frozen=True)
class Unequal:
    """Keys whose earnings aren't what the contributor is owed: how many, and the first of them."""

    count: int
    first: dict[str, object]


def ask(connection: duckdb.DuckDBPyConnection, period: str, contributor_id: str | None) -> None:
    """Stage which earnings are asked for; `contributor_id` is None for everybody's."""
    stage_input(connection, "earnings_input", [[period, contributor_id, None]])


def is_named(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the log names the contributor asked for."""
    return any(reading.report(connection, "named_contributor", None).rows)


def stage_earnings(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage `earning`: what each image earned each contributor asked for.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    for name in (*_SPLIT, "earning"):
        stage(connection, "earnings", name)


def stage_shares(connection: duckdb.DuckDBPyConnection, image_id: str) -> None:
    """Stage what an image gets of the parts of its contributors in all origin periods.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    stage_input(connection, "earnings_input", [[None, None, image_id]])
    for name in _SPLIT:
        stage(connection, "earnings", name)


def find_unequal(connection: duckdb.DuckDBPyConnection) -> Unequal | None:
    """Return what the staged earnings are not equal in; None where they are."""
    relation = sql.relation("earnings", "unequal_earning")
    ((count,),) = connection.execute(f"SELECT count(*) FROM ({relation.query})").fetchall()
    if not count:
        return None
    return Unequal(int(count), staged.first_rows(connection, relation, 1)[0])


def totals(connection: duckdb.DuckDBPyConnection) -> tuple[int, dict[str, Decimal]]:
    """Return how many earnings are staged, and their sums by currency."""
    rows = list(reading.report(connection, "earning_total", None).rows)
    return sum(count for _, count, _ in rows), {currency: amount for currency, _, amount in rows}
