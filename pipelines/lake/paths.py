"""Turns paths into what DuckDB may be given: the one place that knows what it makes of a name.

It takes `*`, `?` and `[` for a pattern, a backslash for a separator, `key=value` for a column, and
takes no name that isn't UTF-8. So a folder whose name is more than letters, digits and a few marks
goes by a symbolic link with a plain name, which this process keeps among its temporary files.
"""

import atexit
import os
import re
import tempfile
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

from pipelines.lake import scratch
from pipelines.lake.warehouse import DATA, Warehouse

_PLAIN = re.compile(r"[\w.+,@~-]+", re.ASCII)
_PLAIN_PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  a folder in it is made by mkdtemp
"""Where links are kept if the name of the folder for temporary files isn't plain itself."""

_LINKS: dict[int, dict[Path, Path]] = {}
"""By process: a fork has its own, and leaves those that it was born with alone.

All links have names of one length, so that none begins with another.
"""

_NUMBERS = count()


def for_engine(path: Path) -> Path:
    """Return a path that leads to `path` and that DuckDB takes as it is."""
    path = path.absolute()
    for place in (path, *path.parents):
        if place.name and not _PLAIN.fullmatch(place.name):
            return _link(place) / path.relative_to(place)
    return path


def data_path(warehouse: Warehouse) -> str:
    """Return what DuckLake is given for the place of a warehouse's data files."""
    if warehouse.place is None:
        return f"{for_engine(warehouse.data)}/"
    return f"{warehouse.place}/{DATA}/"


def as_named(text: str) -> str:
    """Return a text of the engine's with the names that the user knows."""
    for place, link in _LINKS.get(os.getpid(), {}).items():
        text = text.replace(str(link), str(place))
    return text


def _link(place: Path) -> Path:
    links = _LINKS.setdefault(os.getpid(), {})
    if place not in links or not links[place].is_symlink():
        if not _folder_of_links(os.getpid()).is_dir():
            _folder_of_links.cache_clear()
        link = _folder_of_links(os.getpid()) / f"{next(_NUMBERS):08}"
        link.symlink_to(place)
        links[place] = link
    return links[place]


@cache
def _folder_of_links(process: int) -> Path:
    places = (tempfile.gettempdir(), *_PLAIN_PLACES)
    place = next(place for place in places if _is_plain(Path(place)) and os.access(place, os.W_OK))
    stack = ExitStack()
    atexit.register(lambda: stack.close() if os.getpid() == process else None)
    return stack.enter_context(scratch.temporary(place))


def _is_plain(path: Path) -> bool:
    return all(_PLAIN.fullmatch(part.name) for part in (path, *path.parents) if part.name)
