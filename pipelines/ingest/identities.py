"""Tells duplicates from conflicts without a log: what each identity stands for (SPEC §4)."""

from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct
from typing import Final

from schemas.record import Event

_DIGEST_BYTES: Final = 16
_STANDING: Final = Struct(f">{_DIGEST_BYTES}sIQ")
"""A content's digest, the number of its origin, its line."""


@dataclass(frozen=True)
class Standing:
    """What an identity stands for already."""

    origin: str
    line: str
    is_same: bool
    """Whether the event that is asked for has the same content."""


class Identities:
    """The identities of accepted events, each with a digest of its content and where it stood.

    They are all that a check holds of the events that it has seen: about 250 bytes each.
    """

    def __init__(self) -> None:
        """Know none."""
        self._standing: dict[bytes, bytes] = {}
        self._origins: list[str] = []

    def find(self, event: Event) -> Standing | None:
        """Return what an event's identity stands for; None where it is new."""
        packed = self._standing.get(_identity(event))
        if packed is None:
            return None
        content, origin, line = _STANDING.unpack(packed)
        return Standing(self._origins[origin], str(line), content == _content(event))

    def add(self, event: Event) -> None:
        """Let an identity stand for the content of an event that was read from a file."""
        received = event.received
        if not self._origins or self._origins[-1] != received.origin:
            self._origins.append(received.origin)
        self._standing[_identity(event)] = _STANDING.pack(
            _content(event), len(self._origins) - 1, int(received.origin_item)
        )


def _identity(event: Event) -> bytes:
    """Return a digest of the identity; neither a source nor an id has a space."""
    return blake2b(f"{event.source} {event.id}".encode(), digest_size=_DIGEST_BYTES).digest()


def _content(event: Event) -> bytes:
    return bytes.fromhex(event.content_sha256)[:_DIGEST_BYTES]
