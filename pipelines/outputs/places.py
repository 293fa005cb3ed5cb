"""Refuses places that a file or a folder can't be written at, before anything is computed."""

import stat
from pathlib import Path

from pipelines.errors import ConflictError, UsageError
from pipelines.lake.rights import refuse_unless_writable
from pipelines.lake.warehouse import Warehouse


def refuse_place(warehouse: Warehouse, out: Path) -> None:
    """Refuse a place that can't be written, holds no file, or belongs to the warehouse.

    Raises UsageError, and ManyhandsError where a right is missing.
    """
    warehouse.refuse_within(out)
    if out.exists() and not stat.S_ISREG(out.stat().st_mode):
        message = f"{out} is no file; --out names the file to write, such as earnings.csv"
        raise UsageError(message)
    folder = next(place for place in out.absolute().parents if place.exists())
    if not folder.is_dir():
        message = f"{folder} is no folder, so {out} can't be written; name another file"
        raise UsageError(message)
    refuse_unless_writable([folder])


def refuse_unless_free(out: Path) -> None:
    """Raise ConflictError for a folder that has anything in it, UsageError for what is no folder.

    What an earlier export wrote may have been mended since.
    """
    if out.exists() and not out.is_dir():
        message = f"{out} is no folder; name one that isn't there, or is empty"
        raise UsageError(message)
    if out.is_dir() and any(out.iterdir()):
        message = f"{out} is not empty; name a folder that isn't there, or is empty"
        raise ConflictError(message)
