"""Builds a large warehouse in bulk: its log and facts as ingesting would have left them."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.lake import sql
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse

FACTS = ("contributor", "image_licensed", "licence_contributor")
RECORDED_AT = datetime(2026, 10, 1)  # noqa: DTZ001  naive is UTC here
GENERATIONS = 1_000

Data = dict[str, object]


def build_all(folder: Path, images: int, contributors: int) -> None:
    """Make `warehouse`, `manifest.parquet` and `events.ndjson`, which names it, in a folder."""
    build(folder / "warehouse", licences=images, contributors=contributors)
    manifest = folder / "manifest.parquet"
    sha256 = write_manifest(manifest, images)
    write_october(folder / "events.ndjson", manifest, sha256, images)


def build(folder: Path, *, licences: int, contributors: int) -> None:
    """Fill a new warehouse with contributors and licences: events, facts, batch, sums, head.

    The events are made in SQL and are not validated; their facts are made of them by `sql/facts`.
    """
    create(Warehouse(folder), Setting())
    query = Path(__file__).with_name("event.sql").read_text(encoding="utf-8")
    numbers = {"contributors": contributors, "licences": licences}
    with connect(Warehouse(folder)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE TABLE event AS {query}", numbers)
        for name in FACTS:
            connection.execute(f"CREATE TABLE {name} AS {sql.relation('facts', name).query}")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO warehouse.event FROM event")
        for name in FACTS:
            _insert_fact(connection, name, contributors + licences)
        _count(connection, contributors + licences)
        connection.execute("COMMIT")


def _insert_fact(connection: duckdb.DuckDBPyConnection, name: str, head: int) -> None:
    connection.execute(f"INSERT INTO warehouse.{name} FROM {name}")
    connection.execute(
        "INSERT INTO warehouse.row_sum"
        f" SELECT 'bulk', $head, '{name}', count(*), sum(row_md5({name})) FROM {name}",
        {"head": head},
    )


def _count(connection: duckdb.DuckDBPyConnection, events: int) -> None:
    connection.execute("UPDATE warehouse.head SET seq = $events", {"events": events})
    connection.execute(
        "INSERT INTO warehouse.ingest_batch VALUES"
        " ('bulk', $recorded_at, $events, $events, 0, 0, 0, [], $events, NULL)",
        {"recorded_at": RECORDED_AT, "events": events},
    )


def write_manifest(path: Path, images: int) -> str:
    """Write a Parquet manifest of all images, weights 1 to 3, and return its SHA-256."""
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'i' || range AS image_id, CAST(range % 3 + 1 AS VARCHAR) AS weight"
            " FROM range($images)) TO $path (FORMAT parquet)",
            {"images": images, "path": str(path)},
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_october(path: Path, manifest: Path, sha256: str, images: int) -> None:
    """Write the events that a close of October needs beside: terms, rates, a model, generations."""
    envelope = {"specversion": "1.0", "source": "/bench-october"}
    with path.open("w", encoding="ascii") as file:
        for number, (kind, day, data) in enumerate(_october(manifest, sha256, images)):
            time = f"2026-10-{day:02}T12:00:00Z"
            json.dump(
                {**envelope, "id": f"o{number}", "type": kind, "time": time, "data": data}, file
            )
            file.write("\n")


def _october(manifest: Path, sha256: str, images: int) -> Iterator[tuple[str, int, Data]]:
    shares = {"training_share": "0.3", "generation_share": "0.2"}
    scope = {"kind": "platform"}
    effective = {"effective_from": "2026-10-01T00:00:00Z"}
    yield "terms-agreed", 1, {"terms_id": "t", "scope": scope, **effective, **shares}
    rates = {"USD": "1.084"}
    yield "fx-rates-published", 30, {"base": "EUR", "date": "2026-10-30", "rates": rates}
    version = {"model_id": "dream", "version": "1"}
    fee = {"amount": "1000000", "currency": "USD"}
    file = {"uri": manifest.name, "sha256": sha256, "rows": images}
    trained = {"developer_id": "lab", "training_fee": fee, "manifest": file}
    yield "model-trained", 5, {**version, **trained}
    revenue = {"amount": "9.99", "currency": "USD"}
    sold = {"asset_id": "a", "customer_id": "c", "action": "licensed", "revenue": revenue}
    for _ in range(GENERATIONS):
        yield "asset-generated", 20, {**version, **sold}
