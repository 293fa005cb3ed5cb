"""Puts rows into a warehouse as a close would, so that what reads them can be tested alone."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.lake import sql
from pipelines.lake.connection import STORED, connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse

BEYOND_DOUBLES = 2**53 + 1
LARGEST = {"BIGINT": 2**63 - 1, "DECIMAL(38, 0)": 10**38 - 1}


def make(folder: Path, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    """Make a warehouse and fill it: by relation, rows of some of its columns."""
    create(Warehouse(folder), Setting())
    with connect(Warehouse(folder)) as connection:
        for relation, filled in rows.items():
            for row in filled:
                insert(connection, relation, row)
    return folder


def insert(connection: duckdb.DuckDBPyConnection, relation: str, row: Mapping[str, object]) -> None:
    """Insert a row of some of a relation's columns; the others are null."""
    marks = ", ".join(f"${name}" for name in row)
    connection.execute(
        f"INSERT INTO warehouse.{relation} ({', '.join(row)}) VALUES ({marks})", dict(row)
    )


def money_columns() -> Iterator[tuple[str, sql.Column]]:
    """Return every stored column of money, with its relation, as the heads declare them."""
    for folder in STORED:
        for relation in sql.relations(folder):
            for column in relation.columns:
                if "_micros" in f"{column.name} {column.type}":
                    yield relation.name, column


def sealed(statement: Mapping[str, object]) -> dict[str, object]:
    """Return the columns of a statement that hold its JSON and its digest."""
    text = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode("ascii")
    return {"sealed": text, "digest": hashlib.sha256(text).hexdigest()}


def closed(period: str, statements: int) -> dict[str, object]:
    """Return the row of a closed month."""
    return {
        "period": period,
        "starts_at": f"{period}-01",
        "log_seq": 7,
        "seq": 8,
        "previous_digest": "0" * 64,
        "digest": hashlib.sha256(period.encode()).hexdigest(),
        "log_digest": "1" * 64,
        "statements": statements,
    }


def statement(period: str, contributor_id: str, micros: int = 0) -> dict[str, object]:
    """Return a statement's row in which every amount is `micros`."""
    amounts = {
        column.name: micros for relation, column in money_columns() if relation == "statement"
    }
    statement_id = f"{period}/{contributor_id}"
    text = sealed({"contributor_id": contributor_id, "lines": [], "statement_id": statement_id})
    return {
        "period": period,
        "statement_id": statement_id,
        "contributor_id": contributor_id,
        "currency": "USD",
        **amounts,
        **text,
    }


def statement_line(
    period: str, contributor_id: str, line: int = 1, micros: int = 0
) -> dict[str, object]:
    """Return a line's row in which every amount is `micros`."""
    amounts = {
        column.name: micros for relation, column in money_columns() if relation == "statement_line"
    }
    return {
        "period": period,
        "statement_id": f"{period}/{contributor_id}",
        "contributor_id": contributor_id,
        "line": line,
        "kind": "royalty",
        "basis": "direct",
        "origin_period": period,
        "reference": f"image-{line}",
        "currency": "USD",
        **amounts,
    }


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
