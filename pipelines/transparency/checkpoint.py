"""Checkpoints: what a log says its tree was at a size (c2sp.org/tlog-checkpoint)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from pipelines.transparency.note import Note, NoteError, exact_base64, read_note
from pipelines.transparency.tree import HASH_BYTES

_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree at a size."""

    origin: str
    """The log's name."""
    size: int
    """How many leaves the tree has."""
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{self.root_text}\n"

    @property
    def root_text(self) -> str:
        """The root in base64, as a checkpoint has it."""
        return base64.b64encode(self.root).decode()


def read_checkpoint(written: str) -> tuple[Checkpoint, Note]:
    """Read a signed checkpoint; nobody has looked at its signatures yet.

    Raises NoteError where it isn't one, or has extension lines.
    """
    note = read_note(written)
    origin, *rest = note.text.removesuffix("\n").split("\n")
    if not origin or len(rest) != 2 or not _SIZE.fullmatch(rest[0]):  # noqa: PLR2004
        message = "not a checkpoint: its text has to be an origin, a size and a root, a line each"
        raise NoteError(message)
    root = exact_base64(rest[1])
    if len(root) != HASH_BYTES:
        message = "not a checkpoint: its root is no SHA-256"
        raise NoteError(message)
    return Checkpoint(origin, int(rest[0]), root), note
