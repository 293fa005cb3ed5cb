"""Has a folder to itself while a warehouse is made in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipelines.errors import ConflictError, TryAgainError
from pipelines.lake import scratch
from pipelines.lake.disk import make_folder
from pipelines.lake.warehouse import DATA, PARTS, Warehouse
from pipelines.stores.objects import Objects

MARK: Final = "manyhands-warehouse"
"""The object that says of a place in an object store that a warehouse was made there."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes a warehouse in a folder that is there."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def in_empty_folder(folder: Path) -> Iterator[None]:
    """Have an empty folder, which is made if need be; where the context fails, it is empty again.

    It stays as it is where it isn't known whether the context failed (TryAgainError).

    Raises ConflictError where it holds anything.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    make_folder(folder)
    with alone_in(folder):
        refuse_unless_empty(folder, "catalog")
        try:
            yield
        except TryAgainError:  # what was committed, if it was, names what is there
            raise
        except BaseException:
            for part in PARTS:
                shutil.rmtree(folder / part, ignore_errors=True)
            raise


@contextmanager
def alone_and_empty(warehouse: Warehouse) -> Iterator[None]:
    """Have an empty data path; where the context fails it is empty again, as in a folder.

    Raises ConflictError where it holds anything, or another process makes a warehouse there.
    """
    if warehouse.place is None:
        with in_empty_folder(warehouse.folder):
            yield
        return
    objects = Objects(warehouse.place)
    if not objects.is_empty():
        message = f"{warehouse.place} is not empty; name another place, or an empty one"
        raise ConflictError(message)
    objects.create(MARK, b"")
    try:
        yield
    except TryAgainError:
        raise
    except BaseException:
        objects.remove(objects.names(""))
        raise


def refuse_unless_empty(folder: Path, catalog: str) -> None:
    """Raise ConflictError where a folder has more than what a killed process left there."""
    if (folder / DATA).is_dir():
        message = (
            f"{folder} has {DATA}/ but no {catalog}: restore that from a backup, or name another"
            " folder; if it never was a warehouse (an init was cut short), empty it"
        )
        raise ConflictError(message)
    if not folder.is_dir() or any(not e.name.startswith(scratch.HIDDEN) for e in folder.iterdir()):
        message = f"{folder} is not empty, and no warehouse; name another folder, or an empty one"
        raise ConflictError(message)
