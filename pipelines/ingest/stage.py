"""Stage what passed and what failed: parts of a batch, on their way to the log (SPEC §10).

A part is an Arrow file. Its name is the range of the batch that it holds: the positions in the
batch of its first and its last record. So a part that is made twice is there once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import PCollection

from pipelines import __version__
from pipelines.ingest.outcome import Piece
from pipelines.lake.disk import appearing
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS
from schemas.record import Event, Rejected
from schemas.rejection import Rejection

PROCESSOR: Final = f"manyhands/{__version__} commit"
EVENTS: Final = "events"
REFUSALS: Final = "refusals"


def events_table(events: Sequence[Event]) -> pa.Table:
    """Return events as a table of EVENT_COLUMNS."""
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
        "origin": [message.origin for message in received],
        "origin_item": [message.origin_item for message in received],
        "attributes": [_attributes(message.attributes) for message in received],
    }
    return pa.Table.from_pydict(columns, EVENT_COLUMNS)


def refusals_table(refusals: Sequence[Rejected], refused_at: datetime) -> pa.Table:
    """Return refusals as a table of REFUSAL_COLUMNS."""
    kept = [Rejection.of(refusal, refused_at) for refusal in refusals]
    columns = {name: [getattr(one, name) for one in kept] for name in Rejection.model_fields}
    columns["attributes"] = [_attributes(one.attributes) for one in kept]
    columns["position"] = [refusal.received.position for refusal in refusals]
    return pa.Table.from_pydict(columns, REFUSAL_COLUMNS)


def _attributes(attributes: dict[str, str] | None) -> str | None:
    return None if attributes is None else json.dumps(attributes, sort_keys=True)


def write_part(table: pa.Table, kind: str, folder: Path) -> None:
    """Write a part into a folder, whole or not at all, under the name of the range it holds."""
    first, last = table["position"][0].as_py(), table["position"][-1].as_py()
    with (
        appearing(folder / f"{first:010}-{last:010}.{kind}") as made,
        pa.OSFile(str(made), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)


def read_parts(folder: Path, kind: str, schema: pa.Schema) -> pa.Table:
    """Return the parts of a kind as one table, in the order of the batch."""
    parts = [_read_part(path) for path in sorted(folder.glob(f"*.{kind}"))]
    return pa.concat_tables([schema.empty_table(), *parts])


def _read_part(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


@dataclass
class Stage(beam.PTransform[PCollection[Piece], Any]):
    """Write the events and the refusals of pieces as parts, each into the piece's folder."""

    refused_at: datetime

    def expand(self, pieces: PCollection[Piece]) -> Any:  # noqa: ANN401  Beam's
        """Stage both; there is nothing to hand on."""
        return pieces | beam.Map(stage_piece, refused_at=self.refused_at)


def stage_piece(piece: Piece, refused_at: datetime) -> None:
    """Write what became an event, and what was refused, as a part each."""
    events = [one for one in piece.records if isinstance(one, Event)]
    refusals = [one for one in piece.records if isinstance(one, Rejected)]
    if events:
        stage_events(events, piece.parts)
    if refusals:
        stage_refusals(refusals, piece.parts, refused_at)


def stage_events(events: Sequence[Event], folder: Path) -> None:
    """Write events as a part."""
    write_part(events_table(events), EVENTS, folder)


def stage_refusals(refusals: Sequence[Rejected], folder: Path, refused_at: datetime) -> None:
    """Write refusals as a part."""
    write_part(refusals_table(refusals, refused_at), REFUSALS, folder)
