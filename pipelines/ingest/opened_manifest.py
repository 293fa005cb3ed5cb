"""Opens the file of a manifest: the first of its name under the roots, in their order."""

import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from pipelines.ingest.remote_file import BLOCK_BYTES, RemoteFile
from pipelines.ingest.roots import Root
from pipelines.lake.manifest_rows import unavailable
from pipelines.stores.errors import NotThereError
from pipelines.stores.place import Place

_NOT_FILES: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class OpenedManifest:
    """A file that is open, and its size: as it was then, by who keeps it."""

    file: BinaryIO
    size: int
    has_changed: Callable[[], bool]
    """Says whether it was replaced since, where its store can say so."""


@contextmanager
def opened(uri: str, roots: Sequence[Root]) -> Iterator[OpenedManifest]:
    """Open the first file of a uri; it is closed when the context ends.

    Raises ManifestError where no root has one that can be read, TryAgainError where a root that is
    asked before can't be reached.
    """
    if not roots:
        unavailable(f"{uri} was not looked for: set manifest_roots (MANYHANDS_MANIFEST_ROOTS)")
    found = _first(uri, roots)
    with found.file:
        yield found


def _first(uri: str, roots: Sequence[Root]) -> OpenedManifest:
    """Open the first file of that name; where there is none, say what else has the name."""
    reasons = []
    for root, path in candidates(uri, roots):
        try:
            return _open_in(root, path)
        except NotThereError as error:
            reasons.append(str(error))
    nowhere = f"{uri} is under none of the {len(roots)} manifest roots"
    return unavailable(next(filter(None, reasons), nowhere))


def candidates(uri: str, roots: Sequence[Root]) -> Iterator[tuple[Root, str]]:
    """Yield each root that a uri can be in, with its path there.

    A relative one is in a folder, one that begins with the name of a root in a bucket in that.
    """
    for root in roots:
        if isinstance(root, Place):
            if uri.startswith(f"{root}/"):
                yield root, uri.removeprefix(f"{root}/")
        elif "://" not in uri:
            yield root, uri


def _open_in(root: Root, uri: str) -> OpenedManifest:
    return _open_remote(root, uri) if isinstance(root, Place) else _open_local(root, uri)


def _open_remote(root: Place, uri: str) -> OpenedManifest:
    remote = RemoteFile(root, uri)
    file = cast("BinaryIO", io.BufferedReader(remote, BLOCK_BYTES))
    return OpenedManifest(file, remote.size, remote.has_changed)


def _open_local(root: Path, uri: str) -> OpenedManifest:
    """Open a file; what is judged is what was opened, whatever takes its name."""
    path = _within(root, uri)
    try:
        if what := _no_file(path.stat().st_mode):
            message = f"{uri} is {what}, not a file"
            raise NotThereError(message)
        # without waiting, as a named pipe would do for a writer
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        unavailable(f"it can't be read: {error.strerror}")
    file = open(descriptor, "rb")  # noqa: PTH123, SIM115  a descriptor is no path; `opened` closes
    status = os.fstat(descriptor)
    if what := _no_file(status.st_mode):
        file.close()
        unavailable(f"{uri} is {what}, not a file")
    return OpenedManifest(file, status.st_size, lambda: False)


def _within(root: Path, uri: str) -> Path:
    """Return the path of a uri in a root.

    Raises NotThereError where nothing is there, or it leads out of the root.
    """
    try:
        path = (root / uri).resolve()
        is_there = path.is_relative_to(root.resolve()) and path.exists()
    except (OSError, RuntimeError) as error:  # too long a name, a loop of symbolic links
        raise NotThereError from error
    if not is_there:
        raise NotThereError
    return path


def _no_file(mode: int) -> str:
    """Return what it is that has a mode; empty where it is a file."""
    return next((what for is_kind, what in _NOT_FILES if is_kind(mode)), "")
