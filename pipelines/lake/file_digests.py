"""Digests of data files: taken before the commit that names the files, and kept with it.

They stand in the commit's message in the catalog. Parquet's pages carry no checksum, and what says
what happened (batches, dead letters, publications) can't be computed again from the log: for it the
files' digests are what an edit is found by.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from pipelines.lake import scratch
from pipelines.lake.disk import sha256_of
from pipelines.lake.warehouse import DATA, SCHEMA, Warehouse
from pipelines.stores.objects import Objects, at_once

_OF_DATA: Final = re.compile(rf"{SCHEMA}/\w+/[\w-]+\.parquet", re.ASCII)


def is_of_data(path: str) -> bool:
    """Return whether a path in the folder `data` can be that of a data file."""
    return _OF_DATA.fullmatch(path) is not None


def message(files: dict[str, str]) -> str:
    """Return what a commit's message says of the digests of files."""
    return json.dumps({"files": files}, sort_keys=True)


def said(text: str | None) -> dict[str, str] | None:
    """Return the digests that a commit's message names; None where it isn't one of ours."""
    try:
        found = json.loads(text or "")["files"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        return None
    return found


def digests(warehouse: Warehouse, made: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of data files by their paths in the folder `data`.

    `made` names them as `data_files.made_since` does; what another writer took back is left out.
    """
    return dict(_of_objects(warehouse, made) if warehouse.place else _of_files(warehouse, made))


def digest(warehouse: Warehouse, path: str) -> str | None:
    """Return the SHA-256 of a data file by its path in the folder `data`; None: it isn't there."""
    found = digests(warehouse, [named(warehouse, path)])
    return found.get(path)


def found_files(warehouse: Warehouse) -> dict[str, float]:
    """Return when each file in the folder `data` was written, in seconds of the epoch, by path."""
    return dict(_objects(warehouse) if warehouse.place else _files(warehouse.data))


def remove(warehouse: Warehouse, path: str) -> None:
    """Remove a file by its path in the folder `data`."""
    if warehouse.place is None:
        (warehouse.data / path).unlink(missing_ok=True)
    else:
        Objects(warehouse.place).remove([f"{DATA}/{path}"])


def named(warehouse: Warehouse, path: str) -> str:
    """Return how `data_files.made_since` names a file, by its path in the folder `data`."""
    return f"{DATA}/{path}" if warehouse.place else str(warehouse.data / path)


def _of_files(warehouse: Warehouse, made: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path in map(Path, sorted(made)):
        with suppress(FileNotFoundError, IsADirectoryError):
            yield path.relative_to(warehouse.data).as_posix(), sha256_of(path)


def _of_objects(warehouse: Warehouse, made: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Read the objects from the store: what it has is what counts, not what was sent."""
    paths = sorted(made)
    with scratch.temporary() as folder:
        calls = [
            partial(_of_object, warehouse, path, folder / str(i)) for i, path in enumerate(paths)
        ]
        for path, sha256 in zip(paths, at_once(calls), strict=True):
            if sha256 is not None:
                yield path.removeprefix(f"{DATA}/"), sha256


def _of_object(warehouse: Warehouse, path: str, copy: Path) -> str | None:
    if warehouse.place is None or not Objects(warehouse.place).download(path, copy):
        return None
    sha256 = sha256_of(copy)
    copy.unlink()
    return sha256


def _files(data: Path) -> Iterator[tuple[str, float]]:
    for folder, _, names in os.walk(data):
        for name in names:
            path = Path(folder) / name
            with suppress(FileNotFoundError):
                yield path.relative_to(data).as_posix(), path.lstat().st_mtime


def _objects(warehouse: Warehouse) -> Iterator[tuple[str, float]]:
    if warehouse.place is None:
        return
    objects = Objects(warehouse.place)
    paths = objects.names(DATA)
    calls: list[Callable[[], object]] = [partial(objects.written_at, path) for path in paths]
    for path, written_at in zip(paths, at_once(calls), strict=True):
        if written_at is not None:
            yield path.removeprefix(f"{DATA}/"), written_at.timestamp()
