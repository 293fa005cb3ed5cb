"""Finds the data files that a transaction made, before the catalog names them.

In a folder what is new is found by its names: those that weren't there before, whatever their times
say. An object store would list all that it has for that, so there it is found by DuckLake's names,
which begin with the time by this process's clock (UUID version 7).
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from pipelines.lake.connection import stored_relations
from pipelines.lake.disk import entries, settle
from pipelines.lake.warehouse import DATA, SCHEMA, Warehouse
from pipelines.stores.objects import Objects, at_once
from pipelines.stores.place import Place

_MARGIN_MS: Final = 1_000
"""A clock may be set back by so much while a transaction writes."""


def made_since(warehouse: Warehouse) -> Callable[[], set[str]]:
    """Return what says which data files are new since now: on disk by then, where they are on one.

    Some can be another writer's, made at the same time.
    """
    if warehouse.place is not None:
        return partial(_objects, warehouse.place, _first_name(time.time_ns() // 1_000_000))
    return partial(_files, warehouse, entries(warehouse.data))


def _files(warehouse: Warehouse, before: set[str]) -> set[str]:
    made = entries(warehouse.data) - before
    settle(made)
    return made


def _objects(place: Place, first: str) -> set[str]:
    objects = Objects(place)
    folders = [f"{DATA}/{SCHEMA}/{relation.name}" for relation in stored_relations()]
    found = at_once(partial(objects.names, folder, first) for folder in folders)
    return {path for paths in found for path in paths}


def _first_name(milliseconds: int) -> str:
    """Return what comes before the names of all files that are made from a time on."""
    stamp = f"{milliseconds - _MARGIN_MS:012x}"
    return f"ducklake-{stamp[:8]}-{stamp[8:]}"
