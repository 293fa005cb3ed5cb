"""Commit a batch to the log: all that passed and all that failed meet here (SPEC §4)."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
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


def events_table(events: Iterable[Event]) -> pa.Table:
    """Give events as a table of EVENT_COLUMNS, which is small to hand over."""
    rows = ([*_event_row(event), *_origin(event.received)] for event in events)
    return _table(rows, EVENT_COLUMNS)


def refusals_table(refusals: Iterable[Rejected]) -> pa.Table:
    """Give refusals as a table of REFUSAL_COLUMNS."""
    rows = ([*_refusal_row(refusal), *_origin(refusal.received)] for refusal in refusals)
    return _table(rows, REFUSAL_COLUMNS)


def _table(rows: Iterable[list[object]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [[] for _ in schema]
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _event_row(event: Event) -> list[object]:
    reason, message = event.fault or (None, None)
    return [
        event.received.position,
        event.source,
        event.id,
        event.type,
        event.occurred_at,
        event.content,
        event.content_sha256,
        event.received.body,
        PROCESSOR,
        reason,
        message,
        event.manifest[1] if event.manifest else None,
    ]


def _refusal_row(refusal: Rejected) -> list[object]:
    received = refusal.received
    is_whole = received.size < 0
    return [
        refusal.processor,
        refusal.reason,
        refusal.path,
        refusal.message,
        received.body[:KEPT_BYTES],
        len(received.body) if is_whole else received.size,
        hashlib.sha256(received.body).hexdigest() if is_whole else received.sha256,
    ]


def _origin(received: Received) -> list[object]:
    attributes = received.attributes
    # the name of a file can be any bytes
    origin = received.origin.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    as_json = None if attributes is None else json.dumps(attributes, sort_keys=True)
    return [origin, received.origin_item, as_json]


@dataclass
class Commit(beam.PTransform):
    """Commit lists of `Event` and lists of `Rejected`, all of one batch, in one transaction."""

    folder: Path
    batch_id: str
    recorded_at: datetime
    manifests: Manifests

    def expand(self, outcomes: Any) -> Any:  # noqa: ANN401  Beam's
        """Bring all of the batch to one committer."""
        events, refusals = outcomes
        tables = {
            "events": events | "PackEvents" >> beam.Map(lambda part: (None, events_table(part))),
            "refusals": refusals
            | "PackRefusals" >> beam.Map(lambda part: (None, refusals_table(part))),
        }
        return tables | beam.CoGroupByKey() | beam.ParDo(_CommitBatch(self))


class _CommitBatch(beam.DoFn):
    def __init__(self, commit: Commit) -> None:
        self._folder = commit.folder
        self._batch_id = commit.batch_id
        self._recorded_at = commit.recorded_at
        self._manifests = commit.manifests

    def process(self, grouped: Any) -> Iterator[None]:  # noqa: ANN401  Beam's
        tables = grouped[1]
        batch = Batch(
            self._batch_id,
            self._recorded_at,
            _concat(tables["events"], EVENT_COLUMNS),
            _concat(tables["refusals"], REFUSAL_COLUMNS),
        )
        with connect(self._folder) as connection:
            append(connection, self._folder, batch, self._manifests)
        yield from ()


def _concat(tables: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(chain([schema.empty_table()], tables))
