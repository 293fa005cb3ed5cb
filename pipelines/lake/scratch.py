"""Makes folders for what is on its way, and removes those whose process is gone.

Each holds a file that its process has locked. The system takes the lock away with the process,
however that ends, so that what a SIGKILL leaves is told from what is in use, also where a process
has the number of one before it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipelines.interrupts import uninterrupted

LOCK = ".manyhands-in-use"
TEMPORARY = "manyhands-"
"""How names of folders begin in the folder for temporary files."""

HIDDEN = ".manyhands-"
"""How they begin beside what is being made."""


@contextmanager
def temporary(place: str = "") -> Iterator[Path]:
    """Make a folder among the temporary files, for as long as the context lasts."""
    with _made(Path(place or tempfile.gettempdir()), TEMPORARY) as made:
        yield made


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Make a hidden folder beside a path, on its disk, for as long as the context lasts."""
    with within(path.parent) as made:
        yield made


@contextmanager
def within(folder: Path) -> Iterator[Path]:
    """Make a hidden folder in a folder, for as long as the context lasts."""
    with _made(folder, HIDDEN) as made:
        yield made


def tidy(*places: Path) -> None:
    """Remove from folders, which need not be there, what killed processes left hidden in them."""
    for place in places:
        _remove_abandoned(place, HIDDEN)


@contextmanager
def _made(parent: Path, prefix: str) -> Iterator[Path]:
    _remove_abandoned(parent, prefix)
    with ExitStack() as stack:
        with uninterrupted():
            folder, lock = _make(parent, prefix)
            stack.callback(_remove, folder, lock)
        yield folder


def _remove(folder: Path, lock: int) -> None:
    with uninterrupted():
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder and lock it; another process that takes it for abandoned costs a try."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            lock = os.open(folder / LOCK, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            if is_locked_by_us(lock) and (folder / LOCK).exists():
                return folder, lock
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        os.close(lock)


def _remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders of processes that are gone; what isn't ours to look into stays."""
    with suppress(OSError):
        for entry in os.scandir(parent):
            if entry.name.startswith(prefix):
                _remove_if_abandoned(entry.path)


def _remove_if_abandoned(folder: str) -> None:
    with suppress(OSError), taken_over(Path(folder)) as is_abandoned:
        if is_abandoned:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def taken_over(folder: Path) -> Iterator[bool]:
    """Return whether the process that had a folder's lock is gone; then the context has it.

    Raises OSError where the folder has no lock that this user may open.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        yield is_locked_by_us(lock)
    finally:
        os.close(lock)


def is_locked_by_us(lock: int) -> bool:
    """Lock a file and return True, or False where a living process has it."""
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
