"""Reads a log to be replayed, and carries over what can't be made again from it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipelines.lake import reading, scratch, working_copy
from pipelines.lake.connection import stored_relations
from pipelines.lake.disk import make_folder, replacing
from pipelines.lake.rights import follow
from pipelines.lake.setting import FORMAT
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse

CARRIED: Final = ("ingest_batch", "dead_letter", "publication", "close_step", "close_coverage")
"""Relations that say what happened, which no log does."""

_OWN: Final = ("head", "setting")
_AT_ONCE: Final = 10_000


@dataclass(frozen=True)
class Logged:
    """An event as the log has it."""

    seq: int
    source: str
    id: str
    type: str
    recorded_at: datetime
    batch_id: str | None
    """None: it is one of our own."""
    content: str
    content_sha256: str
    attributes: str | None
    body: bytes


def batches(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str | None, list[Logged]]]:
    """Yield the log's events in their order, those of one batch at once, our own alone."""
    query = (
        "SELECT seq, source, id, type, recorded_at, batch_id, content, content_sha256, attributes,"
        " body FROM warehouse.event ORDER BY seq"
    )
    events = (Logged(*row) for row in reading.rows(connection, query, {}))
    for batch_id, batch in groupby(events, attrgetter("batch_id")):
        if batch_id is None:
            yield from ((None, [event]) for event in batch)
        else:
            yield batch_id, list(batch)


def closed_at(connection: duckdb.DuckDBPyConnection, period: str) -> datetime:
    """Return when a period was closed."""
    ((when,),) = connection.execute(
        "SELECT closed_at FROM warehouse.period_close WHERE period = $period", {"period": period}
    ).fetchall()
    if not isinstance(when, datetime):
        raise TypeError(when)
    return when


def closes_made(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many periods are closed."""
    ((count,),) = connection.execute("SELECT count(*) FROM warehouse.period_close").fetchall()
    return int(count)


def position_read(event: Logged) -> int:
    """Return how far the close that an event is of read the log."""
    return int(json.loads(event.content)["data"]["log_seq"])


def carry_over(
    old: duckdb.DuckDBPyConnection, new: duckdb.DuckDBPyConnection, target: Warehouse
) -> None:
    """Put in one commit what the old warehouse has of what happened, and say that it is whole."""

    def write() -> None:
        for name in CARRIED:
            new.execute(f"DELETE FROM warehouse.{name}")
            for batch in old.execute(f"FROM warehouse.{name}").to_arrow_reader(_AT_ONCE):
                new.register("carried", pa.Table.from_batches([batch]))
                new.execute(f"INSERT INTO warehouse.{name} BY NAME FROM carried")
                new.unregister("carried")
        new.execute("UPDATE warehouse.setting SET format = ?", [FORMAT])

    commit(new, target, write)


def differing(
    old: duckdb.DuckDBPyConnection, new: duckdb.DuckDBPyConnection
) -> Iterator[tuple[str, int, int]]:
    """Yield relations that don't have as many rows as before, or other ones than were written."""
    for relation in stored_relations():
        if relation.name in (*_OWN, *CARRIED):
            continue
        query = f"SELECT count(*) FROM warehouse.{relation.name}"
        ((before,),), ((after,),) = old.execute(query).fetchall(), new.execute(query).fetchall()
        if before != after:
            yield relation.name, before, after
    for name in ("row_sum", "period_close", "head"):
        query = f"FROM warehouse.{name} ORDER BY ALL"
        before, after = old.execute(query).fetchall(), new.execute(query).fetchall()
        if before != after:
            yield name, len(before), len(after)


def copy_verdict(source: Warehouse, target: Warehouse, period: str) -> None:
    """Copy what the gate said of a period's close, where that is kept."""
    path = target.gate / f"{period}.json"
    make_folder(path.parent)
    with scratch.temporary() as made:
        kept = source.gate / path.name
        if source.place is not None:
            kept = made / path.name
            working_copy.fetch(source, source.gate / path.name, kept)
        if not kept.exists():
            return
        with replacing(path) as written:
            written.write_bytes(kept.read_bytes())
            follow(written, path.parent)
            working_copy.send(target, written, path)


def kept_manifest(source: Warehouse, sha256: str, made: Path) -> Path | None:
    """Return the copy of a manifest's file as it was received; None where there is none."""
    path = source.manifests / sha256
    if source.place is not None:
        path = made / sha256
        working_copy.fetch(source, source.manifests / sha256, path)
    return path if path.exists() else None
