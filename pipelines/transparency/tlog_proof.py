"""A proof that a leaf is in a log, whole in one text (c2sp.org/tlog-proof)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from pipelines.transparency.note import Note, NoteError, exact_base64
from pipelines.transparency.tree import HASH_BYTES, root_by_inclusion

_FIRST: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})")
_MOST_HASHES: Final = 64


@dataclass(frozen=True)
class Proof:
    """What a proof's text says."""

    index: int
    """The leaf's number, from 0."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, the leaf's sibling first."""
    checkpoint: Checkpoint
    note: Note
    """The checkpoint as it was signed."""

    def refuse_unless_of(self, leaf: bytes) -> None:
        """Raise NoteError where the proof doesn't lead from a leaf to its checkpoint's root."""
        found = root_by_inclusion(leaf, self.index, self.checkpoint.size, self.hashes)
        if found != self.checkpoint.root:
            message = (
                f"the proof doesn't lead to the root {self.checkpoint.root_text}: it is of other"
                " bytes, or was changed"
            )
            raise NoteError(message)


def written(index: int, hashes: Sequence[bytes], checkpoint: str) -> str:
    """Return a proof as text; `checkpoint` is signed."""
    encoded = "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)
    return f"{_FIRST}\nindex {index}\n{encoded}\n{checkpoint}"


def read_proof(text: str) -> Proof:
    """Read a proof; neither its hashes nor its signatures are checked yet.

    Raises NoteError where it isn't one.
    """
    above, _, signed = text.partition("\n\n")
    first, *lines = above.split("\n")
    if first == _FIRST and lines and lines[0].startswith("extra "):
        del lines[0]
    matched = _INDEX.fullmatch(lines[0]) if lines else None
    if first != _FIRST or matched is None or len(lines) > 1 + _MOST_HASHES:
        message = f"not a proof: its first lines have to be {_FIRST} and the index of the leaf"
        raise NoteError(message)
    hashes = tuple(exact_base64(line) for line in lines[1:])
    if any(len(one) != HASH_BYTES for one in hashes):
        message = "not a proof: one of its hashes is no SHA-256"
        raise NoteError(message)
    checkpoint, note = read_checkpoint(signed)
    return Proof(int(matched[1]), hashes, checkpoint, note)
