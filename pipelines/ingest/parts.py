"""Parts that wait for their commit: what a pipeline elsewhere staged, a file a batch (SPEC §10).

A part has three tables, one after the other as Arrow streams: events, refusals, and the manifests
that events name, which the committer fetches. Its name is made of what it holds, so that a batch
that is staged twice is there once, and is committed once by that name.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
from apache_beam.io.filesystems import FileSystems

from pipelines.errors import ManyhandsError
from pipelines.ingest.manifests import Manifests, fetch_manifest
from pipelines.ingest.outcome import Piece
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS
from schemas.record import Event, Received, Rejected

ENDING: Final = ".part"

_MANIFEST_COLUMNS: Final = pa.schema(
    {"position": pa.int64(), "uri": pa.string(), "sha256": pa.string(), "rows": pa.int64()}
)
_TABLES: Final = (EVENT_COLUMNS, REFUSAL_COLUMNS, _MANIFEST_COLUMNS)


@dataclass(frozen=True)
class Part:
    """A part as it was staged."""

    events: pa.Table
    refusals: pa.Table
    manifests: pa.Table

    def with_manifests(self, manifests: Manifests) -> pa.Table:
        """Return the events, with the faults of manifests that can't be used.

        Raises ManyhandsError where a manifest can't be copied now, which isn't its event's fault.
        """
        faults = dict(self._faults(manifests))
        events = self.events
        for place, name in enumerate(("fault_reason", "fault_message")):
            column = [
                faults[position][place] if position in faults else None
                for position in events["position"].to_pylist()
            ]
            at = events.schema.get_field_index(name)
            events = events.set_column(at, EVENT_COLUMNS.field(name), pa.array(column, pa.string()))
        return events

    def _faults(self, manifests: Manifests) -> Iterator[tuple[int, tuple[str, str]]]:
        named = {row["position"]: row for row in self.manifests.to_pylist()}
        for row in self.events.select(["position", "source", "id", "occurred_at"]).to_pylist():
            if one := named.get(row["position"]):
                manifest = one["uri"], one["sha256"], one["rows"]
                unread = Received(row["position"], "", "", b"")
                at = row["occurred_at"]
                event = Event(unread, row["source"], row["id"], "", at, "", "", manifest)
                if fault := fetch_manifest(event, manifests).fault:
                    yield row["position"], fault


def stage_part(folder: str, piece: Piece) -> None:
    """Write a piece as a part into a folder, whole or not at all."""
    events = [one for one in piece.records if isinstance(one, Event)]
    refusals = [one for one in piece.records if isinstance(one, Rejected)]
    now = datetime.now(UTC).replace(tzinfo=None)
    named = [(event.received.position, *event.manifest) for event in events if event.manifest]
    manifests = pa.Table.from_pylist(
        [dict(zip(_MANIFEST_COLUMNS.names, one, strict=True)) for one in named], _MANIFEST_COLUMNS
    )
    path = FileSystems.join(folder, f"{_name(piece)}{ENDING}")
    made = f"{path}.making-{hashlib.sha256(str((now, id(piece))).encode()).hexdigest()[:16]}"
    with FileSystems.create(made, compression_type="uncompressed") as sink:
        for table in (events_table(events), refusals_table(refusals, now), manifests):
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
    FileSystems.rename([made], [path])


def _name(piece: Piece) -> str:
    """Return the name of what a piece holds: of the messages, whatever became of them."""
    hashed = hashlib.sha256()
    for record in piece.records:
        one = record if isinstance(record, Received) else record.received
        hashed.update(f"{one.origin}\0{one.origin_item}\0".encode())
    return hashed.hexdigest()


def find_parts(folder: str) -> list[str]:
    """Return the paths of the parts in a folder, by their names."""
    found = FileSystems.match([FileSystems.join(folder, f"*{ENDING}")])
    return sorted(data.path for result in found for data in result.metadata_list)


def read_part(path: str) -> Part:
    """Read a part.

    Raises ManyhandsError where it isn't one, or is damaged.
    """
    try:
        with closing(FileSystems.open(path, compression_type="uncompressed")) as file:
            tables = [pa.ipc.open_stream(file).read_all() for _ in _TABLES]
    except (pa.ArrowException, OSError) as error:
        message = f"{path} can't be read ({error}); take it away, and have its messages sent again"
        raise ManyhandsError(message) from error
    if [table.schema for table in tables] != list(_TABLES):
        message = f"{path} isn't a part of this version; commit it with the version that staged it"
        raise ManyhandsError(message)
    return Part(*tables)


def name_of(path: str) -> str:
    """Return the name of a part, by which it is committed once."""
    return str(FileSystems.split(path)[1]).removesuffix(ENDING)


def remove(path: str) -> None:
    """Remove a part that is committed."""
    FileSystems.delete([path])
