"""Keeps manifests that aren't inline, once per SHA-256 (SPEC §3.3).

`manifests/<sha256>` is the file as it was, `<sha256>.parquet` its rows, written only after
they were checked.
"""

import errno
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipelines.lake import faults, scratch, working_copy
from pipelines.lake.disk import make_folder, replacing, sha256_of
from pipelines.lake.manifest_entries import KeptEntries, kept_entries, write_entries
from pipelines.lake.manifest_rows import mismatch, unavailable
from pipelines.lake.rights import follow
from pipelines.lake.warehouse import Warehouse

_BLOCK_BYTES = 1 << 20


class NoRoomError(Exception):
    """A manifest doesn't fit on the disk that it is copied to."""

    def __init__(self, size: int, folder: Path) -> None:
        free = shutil.disk_usage(folder).free
        super().__init__(f"has {size} bytes, but {free} are free in {folder}")


def rows_path(warehouse: Warehouse, sha256: str) -> Path:
    """Return where the checked rows of a manifest are kept."""
    return warehouse.manifests / f"{sha256}.parquet"


def kept(warehouse: Warehouse, sha256: str) -> KeptEntries | None:
    """Return the copy of a manifest's rows; None where there is none."""
    path = rows_path(warehouse, sha256)
    return kept_entries(path) if path.exists() else None


def keep_again(warehouse: Warehouse, sha256: str, rows: int) -> bool:
    """Copy and check a manifest from where another process has kept it, and return whether one has.

    An object store is believed no more than the root that it once came from: where its hash is
    another, it isn't there.

    Raises ManifestError where its rows aren't what its event says.
    """
    if warehouse.place is None:
        return False
    with scratch.within(warehouse.manifests) as made:
        copy = made / sha256
        if not working_copy.fetch(warehouse, warehouse.manifests / sha256, copy):
            return False
        with copy.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
            with _checked(warehouse, file, copy.stat().st_size, sha256, rows):
                """It is where others find it."""
    return True


def keep(warehouse: Warehouse, file: BinaryIO, size: int, sha256: str, rows: int) -> None:
    """Copy the first `size` bytes of a manifest's open file, and check them: hash and rows.

    Raises ManifestError where it isn't what its event says, NoRoomError where it doesn't fit.
    """
    with _checked(warehouse, file, size, sha256, rows) as parts:
        for part in parts:
            working_copy.send(warehouse, part, warehouse.manifests / part.name)


@contextmanager
def _checked(
    warehouse: Warehouse, file: BinaryIO, size: int, sha256: str, rows: int
) -> Iterator[tuple[Path, Path]]:
    """Copy and check a manifest, and yield its copy and its rows before they are kept."""
    folder = warehouse.manifests
    make_folder(folder)
    with (
        _room_for(size, folder),
        faults.explained(warehouse),
        replacing(rows_path(warehouse, sha256)) as checked,  # last: where it is, the copy is too
        replacing(folder / sha256) as copy,
    ):
        _copy(file, size, copy)
        _check_hash(copy, sha256)
        write_entries(copy, checked, sha256, rows, warehouse.memory_bytes)
        for part in (copy, checked):
            follow(part, folder)
        yield copy, checked


@contextmanager
def _room_for(size: int, folder: Path) -> Iterator[None]:
    """Raise NoRoomError where the disk is too small for a file, or is full before it is written."""
    if size > shutil.disk_usage(folder).free:
        raise NoRoomError(size, folder)
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoomError(size, folder) from error
        raise


def _copy(file: BinaryIO, size: int, copy: Path) -> None:
    file.seek(0)
    with copy.open("wb") as target:
        while block := _read(file, min(size, _BLOCK_BYTES)):
            target.write(block)
            size -= len(block)


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        unavailable(f"it can't be read: {error.strerror}")


def _check_hash(copy: Path, sha256: str) -> None:
    actual = sha256_of(copy)
    if actual != sha256:
        mismatch(f"its SHA-256 is {actual}, not {sha256}")
