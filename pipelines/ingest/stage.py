"""Commit a batch to the log: all that passed and all that failed meet here (SPEC §4)."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa

from pipelines import __version__
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS, Batch, append
from pipelines.lake.manifest import Manifests
from pipelines.lake.warehouse import connect
from schemas.record import Event, Received, Rejected
from schemas.rejection import KEPT_BYTES

PROCESSOR = f"manyhands/{__version__} commit"


def events_table(events: Sequence[Event]) -> pa.Table:
    """Give events as a table of EVENT_COLUMNS, which is small to hand over."""
    received = [event.received for event in events]
    faults = [event.fault or (None, None) for event in events]
    columns = {
        "position": [message.position for message in received],
        "source": [event.source for event in events],
        "id": [event.id for event in events],
        "type": [event.type for event in events],
        "occurred_at": [event.occurred_at for event in events],
        "content": [event.content for event in events],
        "content_sha256": [event.content_sha256 for event in events],
        "body": [message.body for message in received],
        "processor": [PROCESSOR] * len(events),
        "fault_reason": [reason for reason, _ in faults],
        "fault_message": [message for _, message in faults],
        "manifest_sha256": [event.manifest[1] if event.manifest else None for event in events],
    }
    return pa.Table.from_pydict(columns | _origins(received), EVENT_COLUMNS)


def refusals_table(refusals: Sequence[Rejected]) -> pa.Table:
    """Give refusals as a table of REFUSAL_COLUMNS."""
    received = [refusal.received for refusal in refusals]
    columns = {
        "processor": [refusal.processor for refusal in refusals],
        "reason": [refusal.reason for refusal in refusals],
        "path": [refusal.path for refusal in refusals],
        "message": [refusal.message for refusal in refusals],
        "payload": [message.body[:KEPT_BYTES] for message in received],
        "payload_size": [_size(message) for message in received],
        "payload_sha256": [_sha256(message) for message in received],
    }
    return pa.Table.from_pydict(columns | _origins(received), REFUSAL_COLUMNS)


def _size(message: Received) -> int:
    return message.size if message.size >= 0 else len(message.body)


def _sha256(message: Received) -> str:
    return message.sha256 or hashlib.sha256(message.body).hexdigest()


def _origins(received: Sequence[Received]) -> dict[str, list[str | None]]:
    return {
        "origin": [_readable(message.origin) for message in received],
        "origin_item": [message.origin_item for message in received],
        "attributes": [
            None if message.attributes is None else json.dumps(message.attributes, sort_keys=True)
            for message in received
        ],
    }


@lru_cache
def _readable(origin: str) -> str:
    """Give a file's name, which can be any bytes, as text."""
    return os.fsencode(origin).decode("utf-8", "backslashreplace")


@dataclass
class Commit(beam.PTransform[Any, Any]):
    """Commit lists of `Event` and lists of `Rejected`, all of one batch, in one transaction."""

    folder: Path
    batch_id: str
    recorded_at: datetime
    manifests: Manifests

    def expand(self, outcomes: Any) -> Any:  # noqa: ANN401  Beam's
        """Bring all of the batch to one committer."""
        events, refusals = outcomes
        tables = (
            events | "PackEvents" >> beam.Map(lambda part: (None, events_table(part))),
            refusals | "PackRefusals" >> beam.Map(lambda part: (None, refusals_table(part))),
        )
        return tables | beam.Flatten() | beam.GroupByKey() | beam.ParDo(_CommitBatch(self))


class _CommitBatch(beam.DoFn):
    def __init__(self, commit: Commit) -> None:
        self._folder = commit.folder
        self._batch_id = commit.batch_id
        self._recorded_at = commit.recorded_at
        self._manifests = commit.manifests

    def process(self, grouped: Any) -> Iterator[None]:  # noqa: ANN401  Beam's
        tables = list(grouped[1])
        batch = Batch(
            self._batch_id,
            self._recorded_at,
            _concat(tables, EVENT_COLUMNS),
            _concat(tables, REFUSAL_COLUMNS),
        )
        with connect(self._folder) as connection:
            append(connection, self._folder, batch, self._manifests)
        yield from ()


def _concat(tables: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    """Give the tables of one schema as one."""
    alike = (table for table in tables if table.schema == schema)
    return pa.concat_tables(chain([schema.empty_table()], alike))
