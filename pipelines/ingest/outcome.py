"""What steps hand on: a portion of what was received, each record as it has become by then.

What a step refuses stays in its place among the others, so that the steps are one chain: not every
runner knows steps with several outputs.
"""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
from apache_beam.coders import Coder, registry

from pipelines.ingest.unread import Unread
from schemas.record import Decoded, Event, Received, Rejected

Record: TypeAlias = Received | Decoded | Event | Rejected


@dataclass(slots=True)
class Piece:
    """What was received of one portion, as it has become, and the folder that its parts go to."""

    parts: Path
    records: list[Record]
    """In the order received."""
    unread: Unread | None = None
    """What isn't a record yet."""
    events: pa.Table | None = None
    """Of EVENT_COLUMNS: what was proven, and never was a record."""


class PieceCoder(Coder):
    """Pickles a piece at once, and takes the number of its records for its size.

    Beam asks for the size of every tenth element and more, and would pickle each record for it.
    """

    def encode(self, value: Piece) -> bytes:
        """Return a piece as bytes."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> Piece:
        """Return the piece of bytes that a worker of ours wrote."""
        decoded: Piece = pickle.loads(encoded)  # noqa: S301  our own bytes
        return decoded

    def estimate_size(self, value: Piece) -> int:
        """Return a size that is no work to find."""
        tables = [value.unread.texts if value.unread else None, value.events]
        return len(value.records) + sum(len(table) for table in tables if table)

    def is_deterministic(self) -> bool:
        """Return that a piece is no key."""
        return False

    @classmethod
    def from_type_hint(cls, typehint: object, registry: object) -> Any:  # noqa: ANN401, ARG003  Beam's
        """Return the coder of any piece."""
        return cls()


registry.register_coder(Piece, PieceCoder)
