"""Refuses places that a file can't be written at, before anything is computed."""

import stat
from pathlib import Path

from pipelines.errors import UsageError
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
