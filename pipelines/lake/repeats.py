"""Finds out whether one of very many hashes is there twice, in bounded memory.

They are divided by their first bits into files, of which one is sorted at a time.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

_SORTED_AT_ONCE: Final = 1 << 24
_BITS: Final = 64


@dataclass
class Repeats:
    """The hashes that were added."""

    files: Sequence[tuple[Path, BinaryIO]]
    """By their first bits, in order."""
    odd: np.uint64
    """What each is multiplied by, so that nobody can choose names whose hashes fill one file."""
    found: bool = False
    """Whether one was added twice at once."""

    def add(self, hashes: Hashes) -> None:
        """Add hashes."""
        mixed = np.sort(hashes * self.odd)
        self.found = self.found or _has_equal(mixed)
        bits = len(self.files).bit_length() - 1
        ends = [np.uint64(part << (_BITS - bits)) for part in range(1, len(self.files))]
        parts = np.split(mixed, np.searchsorted(mixed, ends))
        for (_, file), part in zip(self.files, parts, strict=True):
            file.write(part.data)

    def any(self) -> bool:
        """Return whether one was added twice."""
        return self.found or any(map(_has_repeated, self.files))


@contextmanager
def repeats(folder: Path, count: int) -> Iterator[Repeats]:
    """Yield what about `count` hashes are added to; its files are in a folder, and stay there."""
    parts = 1 << ((count - 1) // _SORTED_AT_ONCE).bit_length()
    with ExitStack() as stack:
        paths = [folder / f"hashes-{part}" for part in range(parts)]
        files = [(path, stack.enter_context(path.open("wb"))) for path in paths]
        yield Repeats(files, np.uint64(secrets.randbits(_BITS) | 1))


def _has_repeated(written: tuple[Path, BinaryIO]) -> bool:
    path, file = written
    file.flush()
    hashes = np.fromfile(path, np.uint64)
    hashes.sort()
    return _has_equal(hashes)


def _has_equal(ordered: Hashes) -> bool:
    return bool((ordered[1:] == ordered[:-1]).any())
