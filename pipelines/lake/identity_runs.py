"""Keeps, beside a log, the hashes of its events' identities, sorted, in files that never change.

A run is of a range of the log: a line of JSON, then the hashes in order, then the position in the
log that each is of, both as 64 bits. Eight runs of one size become one. Their hashes are read from
end to end for each search, which of 8 bytes an event is less work than to look for each.

The log is what counts: whatever is read of a run is held against its sum, and a run that isn't as
it was written is removed; what it was of is read in the log, until it is made again.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.lake.disk import make_folder, replacing
from pipelines.lake.rights import follow

Numbers: TypeAlias = NDArray[np.uint64]

MERGED: Final = 8
_MOST: Final = 1 << 24
_WIDTH: Final = 8
_BLOCK: Final = 1 << 17
_LONGEST: Final = 10_000
_LAST: Final = (1 << 63) - 1


@dataclass(frozen=True)
class Run:
    """What the first line of a run says."""

    first: int
    """Position in the log."""
    last: int
    head: int
    """Of the first batch that ends there or later; where the log has another, it is another log."""
    batch_id: str
    level: int = 0
    """How often its parts were merged."""
    sum_of_hashes: int = 0
    """Modulo 2^64, as the next."""
    sum_of_positions: int = 0

    @property
    def count(self) -> int:
        """Return how many hashes it has."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.first}-{self.last}"

    @property
    def is_possible(self) -> bool:
        """Whether a log can have what it says that it is of."""
        numbers = (self.first, self.last, self.head, self.level)
        return (
            all(type(number) is int for number in numbers)
            and 0 < self.first <= self.last <= self.head <= _LAST
            and self.level >= 0
            and type(self.batch_id) is str
        )


class DamagedError(OSError):
    """A run isn't as it was written, and was removed."""


def write(folder: Path, run: Run, hashes: Numbers, positions: Numbers) -> None:
    """Write a run of hashes, in any order, and their positions; its sums are taken here."""
    order = np.argsort(hashes, kind="stable")
    hashes, positions = hashes[order], positions[order]
    said = replace(run, sum_of_hashes=_sum(hashes), sum_of_positions=_sum(positions))
    make_folder(folder)
    with replacing(folder / run.name) as path:
        with path.open("wb") as file:
            file.write(json.dumps(asdict(said)).encode() + b"\n")
            file.write(hashes.data)
            file.write(positions.data)
        follow(path, folder)


def runs(folder: Path) -> list[Run]:
    """Return the runs that together are of the log's beginning without a gap, in its order."""
    found: list[Run] = []
    for run in sorted(_said(folder), key=lambda run: (run.first, -run.last)):
        if run.first == (found[-1].last if found else 0) + 1:
            found.append(run)
    return found


def find(folder: Path, some: Iterable[Run], hashes: Numbers) -> Numbers:
    """Return the positions of what has one of some hashes, sorted.

    Raises OSError where a run has gone since, DamagedError where it isn't as it was written.
    """
    wanted = np.sort(hashes)
    found = [np.empty(0, np.uint64), *(_found(folder / run.name, run, wanted) for run in some)]
    return np.sort(np.concatenate(found))


def merge(folder: Path) -> None:
    """Merge runs of one level that follow each other, where there are enough of them."""
    while some := _mergeable(runs(folder)):
        parts = [_read(folder / run.name, run) for run in some]
        merged = replace(some[-1], first=some[0].first, level=some[0].level + 1)
        hashes, positions = map(np.concatenate, zip(*parts, strict=True))
        write(folder, merged, hashes, positions)
        for run in some:
            (folder / run.name).unlink(missing_ok=True)


def remove_others(folder: Path, some: Iterable[Run]) -> None:
    """Remove the files of a folder but some runs: what was merged, or is of another log."""
    names = {run.name for run in some}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if path.name not in names and path.is_file():
                path.unlink(missing_ok=True)


def _mergeable(found: Sequence[Run]) -> Sequence[Run]:
    for start in range(len(found) - MERGED + 1):
        some = found[start : start + MERGED]
        is_of_one_level = len({run.level for run in some}) == 1
        if is_of_one_level and sum(run.count for run in some) <= _MOST:
            return some
    return []


def _found(path: Path, run: Run, wanted: Numbers) -> Numbers:
    with _opened(path, run) as file:
        total, places, least = 0, [np.empty(0, np.int64)], np.uint64(0)
        for begin, block in _blocks(file, run.count):
            if block[0] < least or np.any(block[1:] < block[:-1]):
                raise _damaged(path)  # in another order a search passes by what is there
            total, least = total + _sum(block), block[-1]
            first = np.searchsorted(wanted, block[0])
            some = wanted[first : np.searchsorted(wanted, block[-1], "right")]
            ends = np.searchsorted(block, some, "right")
            for start, end in zip(np.searchsorted(block, some), ends, strict=True):
                if start < end:
                    places.append(np.arange(begin + start, begin + end))
        _insist(path, total, run.sum_of_hashes)
        found = np.concatenate(places)
        if not len(found):
            return np.empty(0, np.uint64)
        positions = np.fromfile(file, np.uint64)
    _insist(path, _sum(positions), run.sum_of_positions)
    return positions[found]


def _blocks(file: BinaryIO, count: int) -> Iterator[tuple[int, Numbers]]:
    """Yield so many numbers in blocks, each with its place; one block takes the other's memory."""
    memory = np.empty(_BLOCK, np.uint64)
    for begin in range(0, count, _BLOCK):
        block = memory[: min(_BLOCK, count - begin)]
        file.readinto(block.data)  # type: ignore[attr-defined]  # every file that is open has it
        yield begin, block


def _read(path: Path, run: Run) -> tuple[Numbers, Numbers]:
    with _opened(path, run) as file:
        numbers = np.fromfile(file, np.uint64)
    hashes, positions = numbers[: run.count], numbers[run.count :]
    _insist(path, _sum(hashes), run.sum_of_hashes)
    _insist(path, _sum(positions), run.sum_of_positions)
    return hashes, positions


def _opened(path: Path, run: Run) -> BinaryIO:
    """Open a run at its first hash.

    Raises DamagedError where it hasn't the size that it says.
    """
    file = path.open("rb")
    begin = len(file.readline())
    if os.fstat(file.fileno()).st_size != begin + 2 * run.count * _WIDTH:
        file.close()
        raise _damaged(path)
    return file


def _insist(path: Path, found: int, said: int) -> None:
    if found % (1 << 64) != said:
        raise _damaged(path)


def _damaged(path: Path) -> DamagedError:
    path.unlink(missing_ok=True)
    return DamagedError(path)


def _sum(numbers: Numbers) -> int:
    return int(np.sum(numbers))


def _said(folder: Path) -> Iterator[Run]:
    """Yield what the files of a folder say that they are, where they say it."""
    with suppress(OSError):
        for path in folder.iterdir():
            if not path.is_file():  # to open a pipe waits for a writer
                continue
            with suppress(OSError, ValueError, TypeError, RecursionError), path.open("rb") as file:
                run = Run(**json.loads(file.readline(_LONGEST)))
                if run.is_possible and run.name == path.name:
                    yield run
