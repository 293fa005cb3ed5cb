"""Keeps, beside a log, the hashes of its events' identities, sorted, in files that never change.

A run is of a range of the log: a line of JSON, then the hashes in order, then the position in the
log that each is of, both as 64 bits. Eight runs of one size become one, up to a size at which all
that a search touches is little memory. The log is what counts: a run that is missing or damaged is
left out, and made again.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.lake.disk import make_folder, replacing
from pipelines.lake.rights import follow

Numbers: TypeAlias = NDArray[np.uint64]

MERGED: Final = 8
_MOST: Final = 1 << 24
_WIDTH: Final = 8
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Run:
    """What the first line of a run says."""

    first: int
    """Position in the log."""
    last: int
    batch_id: str
    """Of the batch that ends there: where the log has another, it isn't the log that it was."""
    level: int
    """How often its parts were merged."""
    sum: int
    """Of all that follows, modulo 2^64."""

    @property
    def count(self) -> int:
        """Return how many hashes it has."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.first}-{self.last}"


def write(folder: Path, run: Run, hashes: Numbers, seqs: Numbers) -> None:
    """Write a run of hashes, in any order, and their positions; its sum is taken here."""
    order = np.argsort(hashes, kind="stable")
    hashes, seqs = hashes[order], seqs[order]
    total = (int(np.sum(hashes)) + int(np.sum(seqs))) % (1 << 64)
    make_folder(folder)
    with replacing(folder / run.name) as path:
        with path.open("wb") as file:
            file.write(json.dumps(asdict(run) | {"sum": total}).encode() + b"\n")
            file.write(hashes.data)
            file.write(seqs.data)
        follow(path, folder)


def runs(folder: Path) -> list[Run]:
    """Return the runs that together are of the log's beginning without a gap, in its order."""
    found: list[Run] = []
    for run in sorted(_sound(folder), key=lambda run: (run.first, -run.last)):
        if run.first == (found[-1].last if found else 0) + 1:
            found.append(run)
    return found


def find(folder: Path, some: Iterable[Run], hashes: Numbers) -> Numbers:
    """Return the positions of what has one of some hashes, sorted.

    Raises OSError where a run has gone since.
    """
    wanted = np.sort(hashes)
    found = [np.empty(0, np.uint64), *(_found(folder / run.name, run, wanted) for run in some)]
    return np.sort(np.concatenate(found))


def merge(folder: Path) -> None:
    """Merge runs of one level that follow each other, where there are enough of them."""
    while some := _mergeable(runs(folder)):
        parts = [_read(folder / run.name, run) for run in some]
        merged = Run(some[0].first, some[-1].last, some[-1].batch_id, some[0].level + 1, 0)
        hashes, seqs = (np.concatenate(part) for part in zip(*parts, strict=True))
        write(folder, merged, hashes, seqs)
        for run in some:
            (folder / run.name).unlink(missing_ok=True)


def remove_others(folder: Path, some: Iterable[Run]) -> None:
    """Remove the runs of a folder but some: those that were merged, or are of another log."""
    for name in {run.name for run in _sound(folder)}.difference(run.name for run in some):
        (folder / name).unlink(missing_ok=True)


def _mergeable(found: Sequence[Run]) -> Sequence[Run]:
    for start in range(len(found) - MERGED + 1):
        some = found[start : start + MERGED]
        is_of_one_level = len({run.level for run in some}) == 1
        if is_of_one_level and sum(run.count for run in some) <= _MOST:
            return some
    return []


def _found(path: Path, run: Run, wanted: Numbers) -> Numbers:
    with path.open("rb") as file:
        offset = len(file.readline())
    held = np.memmap(path, np.uint64, "r", offset, (2, run.count))
    begin = np.searchsorted(held[0], wanted)
    is_there = held[0][np.minimum(begin, run.count - 1)] == wanted
    places = begin[is_there]
    ends = np.searchsorted(held[0], wanted[is_there], "right")
    return np.concatenate(
        [np.empty(0, np.uint64), *(held[1][a:b] for a, b in zip(places, ends, strict=True))]
    )


def _read(path: Path, run: Run) -> tuple[Numbers, Numbers]:
    with path.open("rb") as file:
        file.readline()
        numbers = np.fromfile(file, np.uint64)
    return numbers[: run.count], numbers[run.count :]


def _sound(folder: Path) -> Iterator[Run]:
    """Yield the runs of a folder that are as they were written."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                status = entry.stat()
                run = _checked(entry.path, status.st_ino, status.st_mtime_ns)
                if run is not None and run.name == entry.name:
                    yield run


@lru_cache(maxsize=1_000)
def _checked(path: str, _: int, __: int) -> Run | None:
    """Return what a file says that it is; None where it isn't whole. Each is read once."""
    with Path(path).open("rb") as file:
        try:
            run = Run(**json.loads(file.readline()))
            return run if _sums(file) == (2 * run.count, run.sum) else None
        except (ValueError, TypeError, AttributeError):
            return None


def _sums(file: BinaryIO) -> tuple[int, int]:
    """Return how many numbers are left in a file, and their sum."""
    count, total = 0, 0
    while block := file.read(_BLOCK):
        numbers: NDArray[Any] = np.frombuffer(block, np.uint64)
        count, total = count + len(numbers), total + int(np.sum(numbers))
    return count, total % (1 << 64)
