"""What a process has of a warehouse whose files are in an object store: a folder of its own.

Files are made in it, and sent to the store once they are whole; what another process has sent is
fetched into it. It is among the temporary files, and goes with the process.
"""

import atexit
import os
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from pipelines.lake import scratch
from pipelines.lake.warehouse import PARTS, Warehouse
from pipelines.stores.objects import Objects
from pipelines.stores.place import Place


def folder_for(place: Place) -> Path:
    """Return this process's folder for a place, with the parts that a warehouse's folder has."""
    return _made(place, os.getpid())


@lru_cache
def _made(_: Place, __: int) -> Path:
    kept = ExitStack()
    folder = kept.enter_context(scratch.temporary())
    atexit.register(kept.close)
    for part in PARTS:
        (folder / part).mkdir()
    return folder


def send(warehouse: Warehouse, file: Path, path: Path) -> None:
    """Send a file that becomes `path` in a warehouse's folder to where all others find it.

    Nothing is done where that folder is where they do.
    """
    if warehouse.place is not None:
        Objects(warehouse.place).upload(file, _in_place(warehouse, path))


def fetch(warehouse: Warehouse, path: Path, file: Path) -> bool:
    """Write to a file what others sent as `path` in the warehouse; return whether any did."""
    if warehouse.place is None:
        return False
    return Objects(warehouse.place).download(_in_place(warehouse, path), file)


def here(warehouse: Warehouse, path: Path, made: Path) -> Path:
    """Return a file of a warehouse as one of this machine: its own, or a copy in the folder `made`.

    It isn't there where the warehouse hasn't got it.
    """
    if warehouse.place is None:
        return path
    copy = made / path.name
    fetch(warehouse, path, copy)
    return copy


def shown(warehouse: Warehouse, path: Path) -> str:
    """Return where others find a file in a warehouse's folder."""
    if warehouse.place is None:
        return str(path)
    return f"{warehouse.place}/{_in_place(warehouse, path)}"


def _in_place(warehouse: Warehouse, path: Path) -> str:
    return path.relative_to(warehouse.folder).as_posix()
