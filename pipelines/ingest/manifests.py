"""Fetch the manifests that events name: copy, hash and check them before the commit (SPEC §3.3)."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.errors import ManyhandsError
from pipelines.lake.manifest import NoRoomError, keep, kept_rows
from pipelines.lake.manifest_rows import ManifestError, check_beginning, mismatch, unavailable
from pipelines.lake.warehouse import Warehouse
from schemas.record import Event

_NOT_FILES: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class Manifests:
    """Where manifests are looked for, how large they may be, and where their copies are kept."""

    warehouse: Warehouse
    roots: tuple[Path, ...]
    most_bytes: int

    def fetch(self, uri: str, sha256: str, rows: int) -> None:
        """Copy, hash and check a manifest, unless its copy is there.

        Raises ManifestError, and NoRoomError where the copy doesn't fit on its disk.
        """
        _refuse_elsewhere(uri)
        if kept_rows(self.warehouse, sha256) is None:
            with _opened(uri, self.roots) as file:
                self._refuse_too_large(uri, file)
                _refuse_by_beginning(file, rows)
                keep(self.warehouse, file, sha256, rows)
        actual = kept_rows(self.warehouse, sha256)
        if actual != rows:
            mismatch(f"{uri} has {actual} rows, not {rows}")

    def _refuse_too_large(self, uri: str, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size
        if size > self.most_bytes:
            unavailable(
                f"{uri} has {size} bytes, and at most {self.most_bytes} are allowed"
                " (MANYHANDS_MANIFEST_BYTES)"
            )


def _refuse_by_beginning(file: BinaryIO, rows: int) -> None:
    try:
        check_beginning(file, rows)
    except OSError as error:
        unavailable(f"it can't be read: {error.strerror}")


def _refuse_elsewhere(uri: str) -> None:
    if not uri or "\0" in uri or "://" in uri or uri.startswith("/") or ".." in uri.split("/"):
        message = "should be a path relative to a local manifest root, without `..`"
        unavailable(message)


@contextmanager
def _opened(uri: str, roots: Sequence[Path]) -> Iterator[BinaryIO]:
    """Open the file of a uri; what is judged is what was opened, whatever takes its name."""
    try:
        # without waiting, as a named pipe would do for a writer
        descriptor = os.open(_find(uri, roots), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        unavailable(f"it can't be read: {error.strerror}")
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor is no path
        _refuse_unless_file(uri, os.fstat(descriptor).st_mode)
        yield file


def _find(uri: str, roots: Sequence[Path]) -> Path:
    """Return the first file of that name; where there is none, what else has the name."""
    found = [path for root in roots if (path := _within(root, uri))]
    files = [path for path in found if path.is_file()]
    if not roots:
        unavailable(f"{uri} was not looked for: set manifest_roots (MANYHANDS_MANIFEST_ROOTS)")
    if not found:
        unavailable(f"{uri} is under none of the {len(roots)} manifest roots")
    if not files:
        _refuse_unless_file(uri, found[0].stat().st_mode)
    return files[0]


def _within(root: Path, uri: str) -> Path | None:
    """Return the path of a uri in a root; None where nothing is there, or it leads out of it."""
    try:
        path = (root / uri).resolve()
        return path if path.is_relative_to(root.resolve()) and path.exists() else None
    except (OSError, RuntimeError):  # too long a name, a loop of symbolic links
        return None


def _refuse_unless_file(uri: str, mode: int) -> None:
    for is_kind, what in _NOT_FILES:
        if is_kind(mode):
            unavailable(f"{uri} is {what}, not a file")


def fetch_manifest(event: Event, manifests: Manifests) -> Event:
    """Mark an event whose manifest can't be used; the commit says whether it counts.

    Raises ManyhandsError where a manifest can't be copied for want of room, which isn't the
    event's fault.
    """
    if event.manifest is not None:
        try:
            manifests.fetch(*event.manifest)
        except ManifestError as error:
            event.fault = (error.reason.value, error.message)
        except NoRoomError as error:
            message = (
                f"event {event.id} of {event.source}: its manifest {event.manifest[0]} {error};"
                " make room and run the command again"
            )
            raise ManyhandsError(message) from error
    return event
