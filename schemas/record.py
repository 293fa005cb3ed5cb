"""What passes between the steps of a pipeline: received, accepted, rejected.

One thing received becomes exactly one of these (SPEC §3.4): an `Event`, which the commit may
still find to be a duplicate or a conflict, or a `Rejected`.
Positions order a batch: the lower one was received first (SPEC §4).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Received:
    """One message as it came, before anybody looked inside.

    `body` holds all of it, or its first 64 KiB where it is larger than an event may be.
    """

    position: int
    origin: str
    """The file, `-` for standard input, or the subscription."""
    origin_item: str
    """The line's number in the file, from 1, or the message's id."""
    body: bytes
    attributes: dict[str, str] | None = None
    """The attributes of binary mode (`ce-…`); None in structured mode."""
    size: int = -1
    """Bytes received, where `body` is cut short; else -1."""
    sha256: str = ""
    """The SHA-256 of all bytes received, where `body` is cut short; else empty."""


@dataclass(slots=True)
class Decoded:
    """A message that is JSON: the envelope's attributes with `data` among them."""

    received: Received
    envelope: dict[str, object]


@dataclass(slots=True)
class Event:
    """A valid event, with the canonical form that its identity's content is compared by."""

    received: Received
    source: str
    id: str
    type: str
    occurred_at: datetime
    """UTC, microseconds, without tzinfo."""
    content: str
    """Canonical JSON of `type`, `time` and `data` (SPEC §4)."""
    content_sha256: str
    manifest: tuple[str, str, int] | None = None
    """`uri`, `sha256`, `rows` of a manifest that isn't inline."""
    fault: tuple[str, str] | None = None
    """Reason and message, where that manifest can't be used; it counts for new identities only."""


@dataclass(slots=True)
class Rejected:
    """A message refused: by what, why, where in it, and the message itself."""

    received: Received
    reason: str
    """A `schemas.rejection.Reason`."""
    path: str
    """Where in the event, as a dotted path; empty where it is the whole."""
    message: str
    processor: str
    """Who refused it, with version: `manyhands/0.1.0 decode`."""
