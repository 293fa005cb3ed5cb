"""Stages and reads what explains a statement; the close that issued it is staged before."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.lake import sql
from pipelines.lake.staging import stage, stage_input

_ACCOUNT = ("explained_account", "explained_advance", "explained_reserve")
_LINE = (
    "explained_line",
    "explained_licence",
    "explained_payment",
    "explained_pool",
    "explained_part",
    "explained_image",
    "explained_attribution",
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """What a line states: an entitlement's key (SPEC §5.3); or a part of one."""

    contributor_id: str | None
    basis: str | None = None
    reference: str | None = None
    origin_period: str | None = None
    currency: str | None = None


def ask(connection: duckdb.DuckDBPyConnection, key: Key, since_seq: int = 0) -> None:
    """Stage which line is explained; of a statement the contributor alone."""
    row = [key.contributor_id, key.basis, key.reference, key.origin_period, key.currency, since_seq]
    stage_input(connection, "explain_input", [row])


def stage_account(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage what a statement's arithmetic starts from."""
    for name in _ACCOUNT:
        stage(connection, "explain", name)


def stage_line(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage what a line comes from.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    for name in _LINE:
        stage(connection, "explain", name)


def narrow_generations(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the generations in force be those of the line's pool: there are many of others."""
    stage(connection, "explain", "asked_asset")
    connection.execute("CREATE OR REPLACE VIEW in_force.asset_generated AS FROM asked_asset")


def narrow_images(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the images whose licences are wanted be those of the line's contributor."""
    stage(connection, "explain", "asked_image")
    connection.execute("CREATE OR REPLACE VIEW wanted_image AS FROM asked_image")


def rows(connection: duckdb.DuckDBPyConnection, name: str, order: str = "ALL") -> list[Row]:
    """Return the rows of a staged relation, in an order."""
    cursor = connection.execute(f"FROM {name} ORDER BY {order}")
    return dicts(cursor)


def dicts(cursor: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the rows of a query, each by the names of its columns."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def payments(connection: duckdb.DuckDBPyConnection, most: int | None) -> list[Row]:
    """Return the pool's payments by the share that was in force, with the first `most` of each."""
    shown = "" if most is None else "[:$most]"
    cursor = connection.execute(
        "SELECT share_ppm, share_seq, count(*) AS payments,"
        " CAST(sum(paid_micros) AS DECIMAL(38, 0)) AS paid_micros,"
        f" list(seq ORDER BY seq){shown} AS seqs, list(paid_micros ORDER BY seq){shown} AS paid"
        " FROM explained_payment GROUP BY share_ppm, share_seq ORDER BY min(seq)",
        {} if most is None else {"most": most},
    )
    return dicts(cursor)


def attributions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the generations that attribute an image, by part, share and attribution."""
    cursor = connection.execute(
        "SELECT part_id, share_ppm, attributed_ppm,"
        " CAST(sum(revenue_micros) AS DECIMAL(38, 0)) AS paid_micros,"
        " list(seq ORDER BY seq) AS seqs, list(revenue_micros ORDER BY seq) AS paid"
        " FROM explained_attribution GROUP BY part_id, share_ppm, attributed_ppm ORDER BY ALL"
    )
    return dicts(cursor)


def events(connection: duckdb.DuckDBPyConnection, seqs: Iterable[int]) -> dict[int, Row]:
    """Return events by their positions: source, id, type and time."""
    found = connection.execute(
        "SELECT seq, source, id, type, occurred_at FROM stored.event"
        " WHERE seq IN (SELECT unnest($seqs))",
        {"seqs": sorted(set(seqs))},
    )
    return {row["seq"]: row for row in dicts(found)}


def stated_before(connection: duckdb.DuckDBPyConnection, key: Key, period: str) -> tuple[int, int]:
    """Return what statements before a period say of a key.

    That is how far the close of the last one read the log, and what they carry in all, in micros;
    both are 0 where there is none.
    """
    ((log_seq, stated),) = connection.execute(
        "SELECT coalesce(max(period_close.log_seq), 0), coalesce(sum(line.delta_micros), 0)"
        " FROM warehouse.statement_line AS line"
        " INNER JOIN warehouse.period_close AS period_close ON line.period = period_close.period"
        " WHERE line.period < $period AND line.contributor_id = $contributor_id"
        " AND line.basis = $basis AND line.reference = $reference"
        " AND line.origin_period = $origin_period AND line.currency = $currency",
        {"period": period, **vars(key)},
    ).fetchall()
    return int(log_seq), int(stated)


def changes(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    """Return the events that can have changed the line's entitlement: position and type."""
    relation = sql.relation("explain", "explained_change")
    return connection.execute(f"FROM ({relation.query}) ORDER BY seq").fetchall()


def entitled(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the staged entitlement of the line that is explained, in micros; 0: there is none."""
    found = connection.execute(
        "SELECT owed.amount_micros FROM entitlement AS owed INNER JOIN explain_input AS asked"
        " USING (contributor_id, basis, reference, origin_period, currency)"
    ).fetchone()
    return int(found[0]) if found else 0


def base_ways(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str, int]]:
    """Return each version's bases that the close counts: model, version, base, its version, ppm."""
    return connection.execute(
        "SELECT own.model_id, own.version, base.base_model_id, base.base_version, base.share_ppm"
        " FROM in_force.base_model AS base INNER JOIN model_version AS own ON base.seq = own.seq"
        " WHERE NOT own.redeclared ORDER BY ALL"
    ).fetchall()


def weighed_versions(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return the model versions whose claimants' weights were computed, and not taken as kept."""
    found = connection.execute("SELECT model_id, version FROM weighed_version").fetchall()
    return {(model_id, version) for model_id, version in found}


def sealed_again(connection: duckdb.DuckDBPyConnection, statement_id: str) -> bytes | None:
    """Return a statement's bytes as the staged close has them; None where it has none."""
    found = connection.execute(
        "SELECT sealed FROM statement WHERE statement_id = $statement_id",
        {"statement_id": statement_id},
    ).fetchone()
    return bytes(found[0]) if found else None
