"""Reads what a close has staged, for the steps that compute in Python (SPEC §5, §6)."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

import duckdb

from pipelines.lake import reading, sql

PoolRest: TypeAlias = tuple[str, str, str, str, str, str, int]
"""basis, model, version, reference, origin period, currency, micros left for manifests."""


def pool_rests(connection: duckdb.DuckDBPyConnection) -> list[PoolRest]:
    """Return what attributed images leave of each pool, the same order every time."""
    return connection.execute(
        "SELECT basis, model_id, version, reference, origin_period, currency, amount_micros"
        " FROM pool_rest ORDER BY ALL"
    ).fetchall()


def trained_versions(
    connection: duckdb.DuckDBPyConnection,
) -> list[tuple[int, str, str, datetime]]:
    """Return the position in the log, model, version and time of each training that counts."""
    return connection.execute(
        "SELECT seq, model_id, version, trained_at FROM model_version WHERE NOT redeclared"
    ).fetchall()


def base_shares(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str, int]]:
    """Return the base models of those trainings: position, base model, its version, its ppm."""
    return connection.execute(
        "SELECT base.seq, base.base_model_id, base.base_version, base.share_ppm"
        " FROM in_force.base_model AS base"
        " INNER JOIN model_version ON base.seq = model_version.seq"
        " WHERE NOT model_version.redeclared"
    ).fetchall()


def block_digests(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the digests of the log's blocks, in order."""
    rows = connection.execute("SELECT digest FROM block_digest ORDER BY block").fetchall()
    return [digest for (digest,) in rows]


def statement_digests(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Return each statement's contributor and digest, by `contributor_id`."""
    query = "SELECT contributor_id, digest FROM statement ORDER BY contributor_id"
    return ((contributor, digest) for contributor, digest in reading.rows(connection, query, {}))


def begin_to_read(connection: duckdb.DuckDBPyConnection) -> None:
    """Begin a transaction in which no database can be written."""
    connection.execute("BEGIN TRANSACTION READ ONLY")


def first_rows(
    connection: duckdb.DuckDBPyConnection, relation: sql.Relation, most: int | None
) -> list[dict[str, object]]:
    """Return the first rows that a relation's query finds, or all, in the order of its columns."""
    with connection.cursor() as cursor:
        begin_to_read(cursor)
        cursor.execute(f"FROM ({relation.query}) ORDER BY ALL LIMIT $most", {"most": most})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
