"""Fetch the manifests that events name: copy, hash and check them before the commit (SPEC §3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from pipelines.errors import ManyhandsError
from pipelines.ingest.opened_manifest import OpenedManifest, candidates, opened
from pipelines.ingest.roots import Root
from pipelines.lake.manifest import NoRoomError, keep, keep_again, kept
from pipelines.lake.manifest_rows import ManifestError, check_beginning, mismatch, unavailable
from pipelines.lake.warehouse import Warehouse
from schemas.record import Event

_READINGS: Final = 2
"""So often is read what is replaced while it is read."""


@dataclass(frozen=True)
class Manifests:
    """Where manifests are looked for, how large they may be, and where their copies are kept."""

    warehouse: Warehouse
    roots: tuple[Root, ...]
    most_bytes: int
    aside: Warehouse | None = None
    """Where a dry run copies what the warehouse has no copy of; None: to the warehouse."""

    def fetch(self, uri: str, sha256: str, rows: int) -> None:
        """Copy, hash and check a manifest, unless its copy is there.

        Raises ManifestError, NoRoomError where the copy doesn't fit on its disk, TryAgainError
        where a remote root can't be reached, ManyhandsError where it doesn't know the caller.
        """
        _refuse_elsewhere(uri, self.roots)
        is_kept = self._kept_rows(sha256) is not None
        if not is_kept and not keep_again(self.warehouse, sha256, rows):
            self._read(uri, sha256, rows)
        actual = self._kept_rows(sha256)
        if actual != rows:
            mismatch(f"{uri} has {actual} rows, not {rows}")

    def _kept_rows(self, sha256: str) -> int | None:
        found = kept(self.warehouse, sha256)
        if found is None and self.aside:
            found = kept(self.aside, sha256)
        return found.rows if found else None

    def _read(self, uri: str, sha256: str, rows: int) -> None:
        """Copy and check a manifest, again where it was replaced meanwhile."""
        for _ in range(_READINGS):
            with opened(uri, self.roots) as found:
                try:
                    self._keep(uri, found, sha256, rows)
                except ManifestError:
                    if not found.has_changed():
                        raise
                else:
                    return
        unavailable(f"{uri} was replaced each of the {_READINGS} times that it was read")

    def _keep(self, uri: str, found: OpenedManifest, sha256: str, rows: int) -> None:
        if found.size > self.most_bytes:
            unavailable(
                f"{uri} has {found.size} bytes, and at most {self.most_bytes} are allowed"
                " (MANYHANDS_MANIFEST_BYTES)"
            )
        _refuse_by_beginning(found.file, rows)
        keep(self.aside or self.warehouse, found.file, found.size, sha256, rows)


def _refuse_by_beginning(file: BinaryIO, rows: int) -> None:
    try:
        check_beginning(file, rows)
    except OSError as error:
        unavailable(f"it can't be read: {error.strerror}")


def _refuse_elsewhere(uri: str, roots: Sequence[Root]) -> None:
    leads_out = uri.startswith("/") or ".." in uri.split("/")
    is_nowhere = ("://" in uri or roots) and not any(candidates(uri, roots))
    if not uri or "\0" in uri or leads_out or is_nowhere:
        message = (
            "should be a path relative to a manifest root that is a folder, or begin with one in a"
            " bucket, without `..`"
        )
        unavailable(message)


def fetch_manifest(event: Event, manifests: Manifests) -> Event:
    """Mark an event whose manifest can't be used; the commit says whether it counts.

    Raises ManyhandsError where a manifest can't be copied for want of room, credentials or
    network, which isn't the event's fault.
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
