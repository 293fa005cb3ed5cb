"""Where a warehouse is, and what lies where in it (SPEC §7.1)."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipelines.errors import UsageError
from pipelines.lake import memory
from pipelines.lake.address import Server
from pipelines.stores.place import Place

DATA = "data"
GATE = "gate"
MANIFESTS = "manifests"
STAGED = "staged"
IDENTITIES = "identities"
PARTS = (DATA, GATE, MANIFESTS, STAGED)
SCHEMA = "main"
"""The folder in `data/` that has one folder a relation; its name is DuckLake's."""

SETTING = "setting"
"""The relation that every warehouse has a row in."""

NOT_ASKED: Final = Path("/dev/null/data path")
"""The folder of a warehouse whose catalog wasn't asked for it yet; nothing can be made there."""

DEFAULT_LOCK_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Warehouse:
    """Where a warehouse is, which need not be there yet, and what working on it may take."""

    folder: Path
    """What has its files; NOT_ASKED until the catalog in PostgreSQL, which knows it, was asked.

    Where they are in an object store, a folder of this process for what is on its way.
    """
    memory_bytes: int = memory.DEFAULT_BYTES
    """What the engine holds before it writes to the folder for temporary files."""
    patience_s: float = math.inf
    """How long a busy catalog is waited for, where that is less than every committer's patience."""
    server: Server | None = None
    """Where its catalog is kept in PostgreSQL; None: in its folder."""
    lock_seconds: float = DEFAULT_LOCK_SECONDS
    """How long a commit waits for others' in PostgreSQL, before it goes on without a lock."""
    place: Place | None = None
    """Where its files are in an object store; None: in its folder."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.server.name if self.server else str(self.folder)

    @property
    def is_asked(self) -> bool:
        """Whether it is known where its files are."""
        return self.place is not None or self.folder != NOT_ASKED

    @property
    def root(self) -> str:
        """What its files are under: a folder, or a place in an object store."""
        return str(self.place or self.folder)

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

    @property
    def identities(self) -> Path:
        """The folder of what says where in the log an identity may be; it can be removed."""
        return self.folder / IDENTITIES

    def absolute(self) -> "Warehouse":
        """Return the same warehouse, named from the root on."""
        return self.at(self.folder.absolute())

    def at(self, folder: Path) -> "Warehouse":
        """Return the same warehouse with its files in a folder."""
        return replace(self, folder=folder)

    def in_store(self, place: Place, folder: Path) -> "Warehouse":
        """Return the same warehouse with its files in an object store, and a folder of ours."""
        return replace(self, folder=folder, place=place)

    def unasked(self) -> "Warehouse":
        """Return the same warehouse, of which the catalog knows where its files are."""
        return replace(self, folder=NOT_ASKED, place=None)

    def refuse_within(self, out: Path) -> None:
        """Raise UsageError for a file or a folder to write that is in the warehouse's folder."""
        if out.resolve().is_relative_to(self.folder.resolve()):
            message = f"{out} is in the warehouse's folder; name a place outside of it"
            raise UsageError(message)
