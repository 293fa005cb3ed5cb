"""Sends events to a log as the pipeline does, without a runner: its functions, one by one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipelines.ingest.decode import decode
from pipelines.ingest.manifests import Manifests, fetch_manifest
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.ingest.validate import validate
from pipelines.lake.connection import connect
from pipelines.lake.log import Counts, StagedBatch, append
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.limits import DEFAULT_LIMITS
from schemas.record import Event, Received, Rejected

NOW = datetime.fromisoformat("2026-12-01")

Message = dict[str, Any] | bytes | Received


def received(messages: Iterable[Message]) -> list[Received]:
    """Return messages as the lines of a file."""
    return [
        replace(message, position=number)
        if isinstance(message, Received)
        else Received(number, "events.ndjson", str(number + 1), _body(message))
        for number, message in enumerate(messages)
    ]


def _body(message: dict[str, Any] | bytes) -> bytes:
    return message if isinstance(message, bytes) else json.dumps(message).encode()


def batch(
    messages: Sequence[Received], manifests: Manifests, batch_id: str = "", now: datetime = NOW
) -> StagedBatch:
    """Make a batch of what was received."""
    events: list[Event] = []
    refusals: list[Rejected] = []
    for message in messages:
        decoded = decode(message)
        outcome = decoded if isinstance(decoded, Rejected) else validate(decoded, now)
        if isinstance(outcome, Rejected):
            refusals.append(outcome)
        else:
            events.append(outcome)
    found = [fetch_manifest(event, manifests) for event in events]
    return StagedBatch(
        batch_id or str(uuid4()), now, events_table(found), refusals_table(refusals, now)
    )


def send(
    folder: Path,
    messages: Iterable[Message],
    roots: Sequence[Path] = (),
    batch_id: str = "",
    now: datetime = NOW,
) -> Counts:
    """Send messages as one batch, in a process's own connection, and give what became of them."""
    warehouse = Warehouse(folder)
    manifests = Manifests(warehouse, tuple(roots), DEFAULT_LIMITS.manifest_size)
    made = batch(received(messages), manifests, batch_id, now)
    with connect(warehouse) as connection:
        return append(connection, warehouse, made)


def rows(place: Path | Warehouse, query: str) -> list[tuple[Any, ...]]:
    """Run a query on a warehouse, whose relations go by their bare names."""
    warehouse = Warehouse(place) if isinstance(place, Path) else place
    with connect(warehouse) as connection:
        connection.execute("USE warehouse")
        return connection.execute(query).fetchall()


def relation(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return a relation's rows by column, in the order of the log."""
    with connect(Warehouse(folder)) as connection:
        found = connection.sql(f"FROM warehouse.{name} ORDER BY ALL")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
