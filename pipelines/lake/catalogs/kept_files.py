"""Keeps the data files of a commit until it is known whether the commit was made.

DuckLake removes what it wrote where a COMMIT fails, and so also where the commit was made and only
its answer was lost: then the catalog names files that are gone. So each file gets a second name
before the commit, in a folder `staged/commit-<mark>`, by which it is put back. The folder is locked
by the process that commits, as those of `scratch` are; if that is gone, the next one that opens the
warehouse looks at what it left.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.lake import scratch
from pipelines.lake.disk import entries, name_too, sync_file
from pipelines.lake.rights import follow
from pipelines.lake.warehouse import Warehouse

PREFIX: Final = "commit-"
_SESSION: Final = "session"
_OWN: Final = frozenset({_SESSION, scratch.LOCK})


@dataclass(frozen=True)
class Kept:
    """The second names of the files of one commit."""

    folder: Path
    data: Path
    session: str
    """What the server knows the session by that commits."""

    def put_back(self) -> None:
        """Give each file its first name again, where it lost that, and flush both to disk."""
        for path in self._files():
            first = self.data / path.relative_to(self.folder)
            if not first.exists():
                name_too(path, first)
                sync_file(first.parent)

    def forget(self) -> None:
        """Take the second names away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        found = map(Path, sorted(entries(self.folder)))
        return [path for path in found if path.is_file() and path.name not in _OWN]


@contextmanager
def kept(warehouse: Warehouse, mark: str, session: str, made: Iterable[str]) -> Iterator[Kept]:
    """Give the new files of a commit a second name, on disk; whoever is done with it forgets it."""
    with scratch.within(warehouse.staged) as making:
        (making / _SESSION).write_text(session, encoding="ascii")
        sync_file(making / _SESSION)
        for path in map(Path, made):
            second = making / path.relative_to(warehouse.data)
            second.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another writer's, which took it back
                if path.is_file():
                    name_too(path, second)
        for entry in [making, *map(Path, sorted(entries(making)))]:
            follow(entry, warehouse.staged)
            if entry.is_dir():
                sync_file(entry)
        folder = making.rename(warehouse.staged / f"{PREFIX}{mark}")
        sync_file(warehouse.staged)
        yield Kept(folder, warehouse.data, session)


def recover(warehouse: Warehouse, was_committed: Callable[[str, str], bool]) -> None:
    """Put back the files of commits that were made by processes that are gone.

    `was_committed` says of a mark, and the session that was to commit, whether that was made.
    """
    for folder in warehouse.staged.glob(f"{PREFIX}*"):
        with ExitStack() as stack:
            try:
                is_abandoned = stack.enter_context(scratch.taken_over(folder))
            except FileNotFoundError:  # forgotten since
                continue
            if is_abandoned:
                session = (folder / _SESSION).read_text(encoding="ascii")
                keeping = Kept(folder, warehouse.data, session)
                if was_committed(folder.name.removeprefix(PREFIX), session):
                    keeping.put_back()
                keeping.forget()
