"""How much an ingest may hold of what it is sent, and how long it waits (SPEC §3.3, §4, §8.8)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """How much one batch may hold, which is one run of the pipeline and one commit."""

    lines: int = 250_000
    size: int = 64 << 20
    """Bytes of text; a line that is larger than that is a batch of its own."""
    manifest_size: int = 64 << 30
    """Bytes of the file of one manifest."""
    merge_files: int = 100
    """Small data files that a relation may have before they are merged."""


DEFAULT_LIMITS: Final = Limits()
MOST: Final = Limits(lines=1_000_000, size=1 << 30, manifest_size=1 << 44, merge_files=100_000)
"""What can be asked for; a batch is in memory several times over, a manifest on disk."""


@dataclass(frozen=True)
class Receiving:
    """How messages are received: how many at once, and how long nothing may come."""

    follow: bool = False
    """Whether to go on when a subscription is empty, a broker or the warehouse is out of reach."""
    events: int = 10_000
    """The most messages of one batch."""
    seconds: float = 5.0
    """A batch ends so long after its first message, however few it has."""
    size: int = 256 << 20
    """Bytes of messages, of all subscriptions, that are received and not yet acknowledged."""
    idle_seconds: float = 10.0
    """A subscription is empty when nothing has come for so long."""
    patience_seconds: float = 60.0
    """So long may a broker be out of reach."""
    lease_seconds: int = 30
    """So long after a worker died its messages go to another one."""


DEFAULT_RECEIVING: Final = Receiving()
LEAST_RECEIVING: Final = Receiving(
    events=1, seconds=0.05, size=1 << 20, idle_seconds=1.0, patience_seconds=1.0, lease_seconds=10
)
MOST_RECEIVING: Final = Receiving(
    events=100_000,
    seconds=600.0,
    size=64 << 30,
    idle_seconds=86_400.0,
    patience_seconds=86_400.0,
    lease_seconds=600,
)
"""What can be asked for; Pub/Sub's own bounds are those of the lease."""
