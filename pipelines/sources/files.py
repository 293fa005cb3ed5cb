"""Finds the files of sources (SPEC §7.3)."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from pipelines.errors import NotFoundError, UsageError
from pipelines.sources.opened import STANDARD_INPUT, Source, find

SUFFIXES = tuple(
    f"{events}{compressed}"
    for events in (".ndjson", ".jsonl")
    for compressed in ("", ".gz", ".zst")
)
"""What files of events are called in a folder; what they hold, their bytes say."""


def find_files(sources: Sequence[str]) -> tuple[list[Source], list[str]]:
    """Return the files of sources in their order, and the other files that folders hold.

    A folder is read recursively, in order of its paths' bytes.

    Raises NotFoundError where a source isn't there, UsageError where a file can't be NDJSON.
    """
    files: list[str] = []
    others: list[str] = []
    for source in sources:
        if not source:
            message = "a source has an empty name; name a file, a folder or -"
            raise UsageError(message)
        if Path(source).is_dir():
            for path in sorted(_walk(source), key=os.fsencode):
                (files if _holds_events(path) else others).append(path)
        elif source == STANDARD_INPUT or Path(source).exists():
            files.append(source)
        else:
            message = f"{source}: no such file or folder; nothing was read"
            raise NotFoundError(message)
    return [find(path) for path in files], others


def _holds_events(path: str) -> bool:
    return path.endswith(SUFFIXES) and Path(path).is_file()


def _walk(folder: str) -> Iterator[str]:
    """Return all files below a folder, and the folders that are links, which aren't followed."""
    for parent, folders, names in os.walk(folder, onerror=_raise):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        yield from (str(Path(parent) / name) for name in [*names, *linked])


def _raise(error: OSError) -> NoReturn:
    """Fail rather than leave out a folder that can't be read."""
    raise error
