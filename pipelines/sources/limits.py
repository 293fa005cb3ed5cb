"""How much one batch of an ingest may hold (SPEC §4, promise 8)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """How much one batch may hold; a batch is one run of the pipeline and one commit."""

    lines: int = 50_000
    size: int = 32 << 20
    """Bytes of text; a line that is larger than that is a batch of its own."""


DEFAULT_LIMITS: Final = Limits()
MOST: Final = Limits(lines=1_000_000, size=1 << 30)
"""What can be asked for; a batch is in memory several times over."""
