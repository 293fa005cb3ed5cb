"""Makes a warehouse whose catalog is a file in its folder: somewhere else first, then renamed."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from pipelines.errors import ConflictError
from pipelines.lake import rights, scratch
from pipelines.lake.catalogs.making import alone_in, refuse_unless_empty
from pipelines.lake.disk import entries, sync_file
from pipelines.lake.warehouse import PARTS, Warehouse

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
        fill(warehouse.at(whole))
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
    with alone_in(folder):
        if (folder / catalog).is_file():
            raise _made_by_another(folder)
        refuse_unless_empty(folder, catalog)
        with scratch.within(folder) as made:
            whole = made / "warehouse"
            whole.mkdir()
            fill(warehouse.at(whole))
            _share(whole, folder)
            for part in (*PARTS, catalog):  # what makes it a warehouse last
                (whole / part).rename(folder / part)
    sync_file(folder)


def _share(made: Path, folder: Path) -> None:
    """Let those use what was made who may use the folder that it goes to, and flush it to disk."""
    for path in map(Path, sorted(entries(made))):
        rights.follow(path, folder)
        sync_file(path)
    sync_file(made)


def _made_by_another(folder: Path) -> ConflictError:
    return ConflictError(f"{folder}: another process made it first; run the command again")
