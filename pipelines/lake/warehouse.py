"""Where a warehouse is, and what lies where in it (SPEC §7.1)."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.lake import memory

DATA = "data"
GATE = "gate"
MANIFESTS = "manifests"
STAGED = "staged"
SCHEMA = "main"
"""The folder in `data/` that has one folder a relation; its name is DuckLake's."""


@dataclass(frozen=True)
class Warehouse:
    """A warehouse by its folder, which need not be there yet, and what working on it may take."""

    folder: Path
    memory_bytes: int = memory.DEFAULT_BYTES
    """What the engine holds before it writes to the folder for temporary files."""
    patience_s: float = math.inf
    """How long a busy catalog is waited for, where that is less than every committer's patience."""

    @property
    def data(self) -> Path:
        """The folder that is DuckLake's alone."""
        return self.folder / DATA

    @property
    def gate(self) -> Path:
        """The folder of the gate's verdicts."""
        return self.folder / GATE

    @property
    def manifests(self) -> Path:
        """The folder of the copies of manifests."""
        return self.folder / MANIFESTS

    @property
    def staged(self) -> Path:
        """The folder of parts on their way to a commit."""
        return self.folder / STAGED

    def absolute(self) -> "Warehouse":
        """Return the same warehouse, named from the root on."""
        return replace(self, folder=self.folder.absolute())
