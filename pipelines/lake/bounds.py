"""Bounds what one query may take: time, and room for temporary files (SPEC §8, promise 8)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipelines.lake.memory import read_bytes

DEFAULT_SECONDS: Final = 60.0
DEFAULT_DISK: Final = "10GiB"
LEAST_DISK: Final = "1MiB"


@dataclass(frozen=True)
class Bounds:
    """What a query may take."""

    seconds: float = DEFAULT_SECONDS
    disk_bytes: int = read_bytes(DEFAULT_DISK)
    """Of temporary files."""
    give_up: Callable[[str], None] | None = None
    """Ends the process with a message, where the engine doesn't stop; called in another thread."""

    @property
    def out_of_time(self) -> str:
        """What happened where the time is over, and what to do."""
        return (
            f"the query took longer than {self.seconds:g} seconds and was stopped;"
            " ask for less, or give it longer with --timeout"
        )

    @property
    def out_of_disk(self) -> str:
        """What happened where there is no more room for temporary files, and what to do."""
        return (
            f"the query needs more than {self.disk_bytes >> 20} MiB of temporary files, or their"
            " disk is full; ask for less, allow more with --temp-disk, or set TMPDIR"
        )
