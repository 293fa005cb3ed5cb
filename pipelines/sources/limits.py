"""How much an ingest may hold of what it is sent (SPEC §3.3, §4, promise 8)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """How much one batch may hold, which is one run of the pipeline and one commit."""

    lines: int = 50_000
    size: int = 32 << 20
    """Bytes of text; a line that is larger than that is a batch of its own."""
    manifest_size: int = 64 << 30
    """Bytes of the file of one manifest."""
    merge_files: int = 100
    """Small data files that a relation may have before they are merged."""


DEFAULT_LIMITS: Final = Limits()
MOST: Final = Limits(lines=1_000_000, size=1 << 30, manifest_size=1 << 44, merge_files=100_000)
"""What can be asked for; a batch is in memory several times over, a manifest on disk."""
