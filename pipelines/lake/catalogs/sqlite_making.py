"""Makes a warehouse whose catalog is a file in its folder: somewhere else first, then renamed."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from pipelines.errors import ConflictError
from pipelines.lake import rights, scratch
from pipelines.lake.disk import entries, sync_file
from pipelines.lake.warehouse import DATA, GATE, MANIFESTS, STAGED, Warehouse

Fill: TypeAlias = Callable[[Warehouse], None]
"""Makes the folders and relations of a warehouse, in a folder that is empty."""


def make(warehouse: Warehouse, fill: Fill, catalog: str) -> None:
    """Make a warehouse, whole or not at all; an empty folder keeps its owner and mode.

    `catalog` is the name of the catalog's file: a folder is a warehouse once it has that.

    Raises ConflictError where another process made it first, or the folder holds anything else.
    """
    if warehouse.folder.exists():
        _make_in_place(warehouse, fill, catalog)
    else:
        _make_beside(warehouse, fill)


def _make_beside(warehouse: Warehouse, fill: Fill) -> None:
    """Make a warehouse whose folder isn't there: by one renaming, so that it is whole or not."""
    folder = warehouse.folder
    above = [path.parent for path in folder.parents if not path.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch.beside(folder) as made:
        whole = made / "warehouse"
        whole.mkdir()
        fill(replace(warehouse, folder=whole))
        _share(whole, whole)
        try:
            whole.rename(folder)
        except OSError as error:
            raise _made_by_another(folder) from error
    for path in (folder.parent, *above):
        sync_file(path)


def _make_in_place(warehouse: Warehouse, fill: Fill, catalog: str) -> None:
    """Make a warehouse in an empty folder, which may be one that this user can't replace."""
    folder = warehouse.folder
    with _alone_in(folder):
        _refuse_unless_empty(folder, catalog)
        with scratch.within(folder) as made:
            whole = made / "warehouse"
            whole.mkdir()
            fill(replace(warehouse, folder=whole))
            _share(whole, folder)
            for part in (DATA, GATE, MANIFESTS, STAGED, catalog):  # what makes it a warehouse last
                (whole / part).rename(folder / part)
    sync_file(folder)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes a warehouse in a folder that is there."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _share(made: Path, folder: Path) -> None:
    """Let those use what was made who may use the folder that it goes to, and flush it to disk."""
    for path in map(Path, sorted(entries(made))):
        rights.follow(path, folder)
        sync_file(path)
    sync_file(made)


def _made_by_another(folder: Path) -> ConflictError:
    return ConflictError(f"{folder}: another process made it first; run the command again")


def _refuse_unless_empty(folder: Path, catalog: str) -> None:
    """Raise ConflictError where a folder has more than what a killed process left there."""
    if (folder / catalog).is_file():
        raise _made_by_another(folder)
    if (folder / DATA).is_dir():
        message = (
            f"{folder} has {DATA}/ but no {catalog}: restore that from a backup, or name another"
            " folder; if it never was a warehouse (an init was cut short), empty it"
        )
        raise ConflictError(message)
    if not folder.is_dir() or any(not e.name.startswith(scratch.HIDDEN) for e in folder.iterdir()):
        message = f"{folder} is not empty, and no warehouse; name another folder, or an empty one"
        raise ConflictError(message)
