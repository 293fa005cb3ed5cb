"""Brings files to disk: what isn't flushed, a power cut can leave as zeros, or take away."""

import os
from contextlib import suppress
from pathlib import Path

from pipelines.lake.rights import follow


def sync_file(path: Path) -> None:
    """Flush a file or a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries(folder: Path) -> set[str]:
    """Return the paths of all files and folders in a folder, at any depth."""
    return {
        f"{inner}/{name}" for inner, folders, files in os.walk(folder) for name in folders + files
    }


def settle(made: set[str]) -> None:
    """Share new files and folders as the folders they are in are, and flush both to disk.

    Some can be another writer's, which sees to its own: it may not have shared them yet, or have
    taken them back. Ours are there, and we may read them.
    """
    paths = [Path(path) for path in sorted(made)]
    folders = sorted({path.parent for path in paths})
    for path in paths:
        with suppress(FileNotFoundError):
            follow(path, path.parent)
    for path in [*paths, *folders]:
        with suppress(FileNotFoundError, PermissionError):
            sync_file(path)
