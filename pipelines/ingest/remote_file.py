"""Reads an object of a store as a file, a block at a time."""

import errno
import io
from contextlib import AbstractContextManager
from typing import Any, Final

from pipelines.lake.manifest_rows import unavailable
from pipelines.stores.clients import SECONDS, files_of, store_of
from pipelines.stores.errors import NotThereError, explained
from pipelines.stores.place import Place

BLOCK_BYTES: Final = 4 << 20
_WHAT: Final = "manifest root"
_KEY_BYTES: Final = 1024
"""Neither store has a longer key."""


class RemoteFile(io.RawIOBase):
    """An object as it was when it was opened, as long as the store says that it is.

    A read raises ManifestError where it is gone or denied by now, and else what `explained` does.
    """

    def __init__(self, root: Place, uri: str) -> None:
        """Look an object up.

        Raises NotThereError where it isn't there, or may not be read.
        """
        super().__init__()
        self._root, self._uri, self._path = root, uri, f"{root.bucket}/{root.key(uri)}"
        found = self._look_up()
        self.size = int(found["size"])
        self._version = _version(found)
        self._at = 0

    def has_changed(self) -> bool:
        """Return whether the store has another object of that name by now, or none."""
        try:
            return _version(self._look_up()) != self._version
        except NotThereError:
            return True

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  bytearray, memoryview
        """Read the bytes that come next, no more than there is room for; 0 at the end."""
        end = min(self._at + len(buffer), self.size)
        if end <= self._at:
            return 0
        block = self._read(self._at, end)
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def _look_up(self) -> dict[str, Any]:
        if len(self._path.encode()) - len(self._root.bucket) - 1 > _KEY_BYTES:
            raise NotThereError
        with self._explained():
            found = self._info()
        if found["type"] != "file" or found["name"] != self._path:  # s3fs cuts off ?versionId=
            raise NotThereError
        if (encoding := found.get("contentEncoding", "identity")) != "identity":
            message = f"{self._uri} is stored with the encoding {encoding}; store it without"
            raise NotThereError(message)
        return found

    def _info(self) -> dict[str, Any]:
        files = files_of(self._root)
        try:
            found: dict[str, Any] = files.info(self._path, timeout=SECONDS)
        except OSError as error:
            if isinstance(error, PermissionError) or error.errno == errno.EINVAL:
                # S3 says why in the body of its answer, and to a HEAD has none
                files.cat_file(self._path, start=0, end=1, timeout=SECONDS)
            raise
        return found

    def _read(self, start: int, end: int) -> bytes:
        try:
            with self._explained():
                files = files_of(self._root)
                block: bytes = files.cat_file(self._path, start=start, end=end, timeout=SECONDS)
        except NotThereError as error:
            unavailable(str(error) or f"{self._uri} is gone from {self._root} while it is read")
        if not 0 < len(block) <= end - start:
            unavailable(f"{self._uri} isn't as long as {self._root} says, {self.size} bytes")
        return block

    def _explained(self) -> AbstractContextManager[None]:
        return explained(_WHAT, self._root, self._uri, store_of(self._root, _WHAT))


def _version(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found.get(name) for name in ("size", "generation", "ETag", "VersionId"))
