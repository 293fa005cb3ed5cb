"""Stage what passed and what failed: parts of a batch, on their way to the log (SPEC §10).

A part is an Arrow file. Its name is the range of the batch that it holds: the positions in the
batch of its first and its last record. So a part that is made twice is there once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import PCollection

from pipelines.ingest.outcome import Piece
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.lake.disk import appearing
from schemas.record import Event, Rejected

EVENTS: Final = "events"
REFUSALS: Final = "refusals"

_ROWS_AT_ONCE: Final = 8_192
"""Rows that a thread of the committer's engine takes at a time."""


def write_part(table: pa.Table, kind: str, folder: Path) -> None:
    """Write a part into a folder, whole or not at all, under the name of the range it holds."""
    first, last = table["position"][0].as_py(), table["position"][-1].as_py()
    with (
        appearing(folder / f"{first:010}-{last:010}.{kind}") as made,
        pa.OSFile(str(made), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table, max_chunksize=_ROWS_AT_ONCE)


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
    if piece.events is not None:
        write_part(piece.events, EVENTS, piece.parts)
    if refusals:
        stage_refusals(refusals, piece.parts, refused_at)


def stage_events(events: Sequence[Event], folder: Path) -> None:
    """Write events as a part."""
    write_part(events_table(events), EVENTS, folder)


def stage_refusals(refusals: Sequence[Rejected], folder: Path, refused_at: datetime) -> None:
    """Write refusals as a part."""
    write_part(refusals_table(refusals, refused_at), REFUSALS, folder)
