"""A disk of its own for a test, so small that it can be filled; it takes root."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = bytes(1 << 12)
_UNMOUNT = ("umount", "--lazy")


@contextmanager
def small_disk(folder: Path, size: str = "24m") -> Iterator[Path]:
    """Mount a disk in a folder, which it makes; skip the test where this user can't."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk to be filled")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this root may not mount a disk to be filled")
    try:
        yield folder
    finally:
        subprocess.run([*_UNMOUNT, str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk of a folder to the last block, and free it again."""
    path = folder / "filler"
    try:
        with path.open("wb", buffering=0) as file:
            _fill(file.fileno())
        yield
    finally:
        path.unlink()


def _fill(descriptor: int) -> None:
    while True:
        try:
            os.write(descriptor, _BLOCK)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return
            raise
