"""Keeps the data files of a commit in an object store until it is known whether it was made.

As `kept_files` does, for the same reason: each new object is copied, within the store, to
`staged/commit-<mark>/` before the commit. Nothing there says whether the process that commits is
still alive. So what another one left is put back as soon as the catalog has its mark, and thrown
away a day later where it hasn't.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.lake.catalogs.kept_files import PREFIX
from pipelines.lake.warehouse import DATA, STAGED, Warehouse
from pipelines.stores.objects import Objects
from pipelines.stores.place import Place

_SESSION: Final = "session"
_OF_SESSION: Final = re.compile(rf"{STAGED}/{PREFIX}([^/]+)/{_SESSION}")
_ABANDONED: Final = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """The copies of the objects of one commit."""

    place: Place
    mark: str
    session: str
    """What the server knows the session by that commits."""

    @property
    def _folder(self) -> str:
        return f"{STAGED}/{PREFIX}{self.mark}"

    def put_back(self) -> None:
        """Copy each object to where it was, if it isn't there."""
        objects, own = Objects(self.place), len(self._folder) + 1
        copies = [(path, path[own:]) for path in objects.names(f"{self._folder}/{DATA}")]
        objects.copy(pair for pair in copies if not objects.exists(pair[1]))

    def forget(self) -> None:
        """Remove the copies; the name of the session last, without which nobody looks for them."""
        objects = Objects(self.place)
        objects.remove(objects.names(f"{self._folder}/{DATA}"))
        objects.remove([f"{self._folder}/{_SESSION}"])


@contextmanager
def kept(warehouse: Warehouse, mark: str, session: str, made: Iterable[str]) -> Iterator[Kept]:
    """Copy the new objects of a commit; whoever is done with the copies forgets them."""
    keeping = Kept(_place(warehouse), mark, session)
    objects = Objects(keeping.place)
    folder = f"{STAGED}/{PREFIX}{mark}"
    objects.create(f"{folder}/{_SESSION}", session.encode("ascii"))
    objects.copy((path, f"{folder}/{path}") for path in made)
    yield keeping


def recover(
    warehouse: Warehouse,
    is_committed: Callable[[str], bool],
    was_committed: Callable[[str, str], bool],
) -> None:
    """Put back the objects of commits that were made by processes that may be gone.

    `is_committed` says of a mark whether it is in the catalog now; `was_committed` ends the session
    that was to commit before it says so, after which that stays as it is.
    """
    place = _place(warehouse)
    objects = Objects(place)
    for path in objects.names(STAGED, PREFIX):
        found = _OF_SESSION.fullmatch(path)
        if found is None:
            continue
        mark = found[1]
        session = objects.read(path)
        if session is None:  # forgotten since
            continue
        if not session.isascii():  # nobody's of ours
            continue
        keeping = Kept(place, mark, session.decode("ascii"))
        if is_committed(mark):
            keeping.put_back()
        elif not _is_abandoned(objects, path):
            continue
        elif was_committed(mark, keeping.session):
            keeping.put_back()
        keeping.forget()


def _is_abandoned(objects: Objects, path: str) -> bool:
    written_at = objects.written_at(path)
    return written_at is not None and datetime.now(UTC) - written_at > _ABANDONED


def _place(warehouse: Warehouse) -> Place:
    if warehouse.place is None:
        message = f"{warehouse.folder} is in no object store"
        raise RuntimeError(message)
    return warehouse.place
