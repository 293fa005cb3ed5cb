"""Brings files to disk: what isn't flushed, a power cut can leave as zeros, or take away."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from pipelines.lake import scratch
from pipelines.lake.rights import follow


def replacing(path: Path) -> AbstractContextManager[Path]:
    """Return a context of a path beside `path`; what is written there becomes `path` at the end.

    It is flushed to disk first. Where the context ends in an error, `path` stays as it was.
    """
    return _beside(path, lambda written: written.replace(path))


def added(path: Path) -> AbstractContextManager[Path]:
    """Return a context as `replacing` does, of a path where nothing may be written over.

    What is being written is in a folder that only its owner can look into.

    At its end it raises FileExistsError where `path` is there.
    """
    return _beside(path, path.hardlink_to)


@contextmanager
def _beside(path: Path, put: Callable[[Path], object]) -> Iterator[Path]:
    """Yield a path beside `path` to write to, and `put` what was written there in its place."""
    with scratch.beside(path) as made:
        written = made / path.name
        yield written
        sync_file(written)
        put(written)
        sync_file(path.parent)


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """Yield a folder beside `folder` to write files into; it becomes `folder` at the end.

    Its files are flushed to disk first. Where the context ends in an error, nothing is there.

    Raises OSError where `folder` is there and isn't an empty folder.
    """
    with scratch.beside(folder) as made:
        whole = made / folder.name
        whole.mkdir()
        yield whole
        for file in whole.iterdir():
            sync_file(file)
        sync_file(whole)
        whole.replace(folder)
        sync_file(folder.parent)


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; what is written there becomes `path` at the end.

    As `replacing`, for what needn't outlive a power cut, in a folder that is removed as a whole:
    nothing is flushed, and where the context ends in an error what was written stays there, hidden.
    """
    made = path.with_name(f".making-{uuid4()}")
    yield made
    made.replace(path)


def make_folder(path: Path) -> None:
    """Make a folder that is shared as the one it is in, and flush both, unless it is there."""
    if not path.is_dir():
        path.mkdir(exist_ok=True)
        follow(path, path.parent)
        for made in (path, path.parent):
            sync_file(made)


def name_too(path: Path, other: Path) -> None:
    """Give a file another name; on a disk without links, make a copy that is on disk.

    Another name that is there stays as it is.
    """
    try:
        os.link(path, other)
    except FileExistsError:
        """Somebody else was first."""
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, other)
        sync_file(other)


def sync_file(path: Path) -> None:
    """Flush a file or a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
