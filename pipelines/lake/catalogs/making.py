"""Has a folder to itself while a warehouse is made in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from pipelines.errors import ConflictError, ManyhandsError, UnknownOutcomeError
from pipelines.interrupts import uninterrupted
from pipelines.lake import scratch
from pipelines.lake.disk import make_folder
from pipelines.lake.warehouse import DATA, PARTS
from pipelines.stores.objects import Objects
from pipelines.stores.place import Place

IsMade = Callable[[], bool]
"""Says whether the catalog has the warehouse by now."""

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
def in_empty_folder(folder: Path, is_made: IsMade) -> Iterator[None]:
    """Have an empty folder, which is made if need be; where nothing comes of it, it is empty again.

    Raises ConflictError where it holds anything, or is within another warehouse.
    """
    _refuse_within_another(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    make_folder(folder)
    with alone_in(folder):
        refuse_unless_empty(folder, "catalog")
        with _taken_back(is_made, partial(_empty, folder)):
            yield


def _empty(folder: Path) -> None:
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)


def _refuse_within_another(folder: Path) -> None:
    for place in folder.parents:
        if all((place / part).is_dir() for part in PARTS):
            message = f"{folder} is within the warehouse in {place}; name another folder"
            raise ConflictError(message)


@contextmanager
def in_empty_place(place: Place, is_made: IsMade) -> Iterator[None]:
    """Have an empty place in an object store; where nothing comes of it, it is empty again.

    Raises ConflictError where it holds anything, is within another warehouse, or another process
    makes one there.
    """
    objects = Objects(place)
    for outer in place.parents():
        if Objects(outer).exists(MARK):
            message = f"{place} is within the warehouse in {outer}; name another place"
            raise ConflictError(message)
    if not objects.is_empty():
        message = (
            f"{place} is not empty; name another place, or an empty one; if it never was a"
            f" warehouse (an init was cut short, and left {MARK}), empty it"
        )
        raise ConflictError(message)
    objects.create(MARK, str(uuid4()).encode())
    with _taken_back(is_made, lambda: objects.remove(objects.names(""))):
        yield


@contextmanager
def _taken_back(is_made: IsMade, take_back: Callable[[], None]) -> Iterator[None]:
    """Take back what the context wrote where it fails and there is no warehouse.

    What a catalog names stays, also where the failure came after the commit, as does all where
    nobody can say whether that was made.
    """
    try:
        yield
    except BaseException as error:
        with uninterrupted(), suppress(ManyhandsError):
            if not isinstance(error, UnknownOutcomeError) and not is_made():
                take_back()
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
