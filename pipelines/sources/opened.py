"""Opens a source, once, and reads it as what it holds; one that changes meanwhile is an error.

A file is read from one descriptor to its end, whatever takes its name meanwhile.
"""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.errors import UsageError
from pipelines.sources.formats import HEAD_BYTES, compression, foreign
from pipelines.sources.streams import Borrowed, Decompressed, UnfinishedError, Watched, buffered

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file has a name."""

    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Identity":
        """Return the identity of a file by its status."""
        return cls(status.st_dev, status.st_ino)


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: a file, or a stream (standard input, a pipe, a device)."""

    name: str
    """What the user knows it as."""
    identity: Identity | None = None
    """Of the file that had the name when the command began; None of a stream."""
    size: int = 0
    """Bytes that the file had then."""
    path: str = ""
    """Where it is opened, if not by its name."""

    @property
    def place(self) -> Path:
        """Where it is opened."""
        return Path(self.path or self.name)


def find(name: str) -> Source:
    """Return the source of a name.

    Raises UsageError where a file's first bytes say that it can't be NDJSON; a stream can tell
    only when it is opened.
    """
    if name == STANDARD_INPUT or not Path(name).is_file():
        return Source(name)
    with Path(name).open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        head = file.read(HEAD_BYTES)
        if compression(head):
            file.seek(0)
            _check_compressed(name, file)
        else:
            _check_head(name, head)
    return Source(name, Identity.of(status), status.st_size)


def _check_compressed(name: str, file: BinaryIO) -> None:
    try:
        _as_held(name, buffered(Borrowed(file)))
    except UnfinishedError:
        """Damaged data is told when it is read, with what of it is in the log."""


@contextmanager
def opened(source: Source) -> Iterator[io.BufferedReader]:
    """Open a source as the text that it holds.

    Raises UsageError where that can't be NDJSON, and UnfinishedError, here, at any read and where
    the context ends, if not all was read of what had the name from the command's beginning on.
    """
    with ExitStack() as stack:
        file = stack.enter_context(_binary(source))
        if _is_file(file):
            _check_opened(source, os.fstat(file.fileno()))
            stream = buffered(Watched(file, source.size))
        else:
            stream = buffered(Borrowed(file))
        yield _as_held(source.name, stream)
        _check_name(source)


def _binary(source: Source) -> AbstractContextManager[BinaryIO]:
    if source.name == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    if source.identity is None:
        return source.place.open("rb")  # which waits for a pipe to fill a block
    return source.place.open("rb", buffering=0)


def _is_file(file: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except io.UnsupportedOperation:
        return False


def _check_opened(source: Source, status: os.stat_result) -> None:
    """Raise UnfinishedError where what was opened isn't what had the name before."""
    if source.identity not in {None, Identity.of(status)}:
        what = "was replaced by another file before it was read"
        remedy = (
            "neither was read: ingest the old file by the name that it has now, and the new one"
        )
        raise UnfinishedError(what, remedy)


def _check_name(source: Source) -> None:
    """Raise UnfinishedError where the name is another file's now; a file moved away was read."""
    try:
        status = source.place.stat()
    except FileNotFoundError:
        return
    if source.identity not in {None, Identity.of(status)}:
        what = "was replaced by another file while it was read"
        remedy = "that is all of the old file, but the new one was not read: run the command again"
        raise UnfinishedError(what, remedy)


def _as_held(name: str, stream: io.BufferedReader) -> io.BufferedReader:
    """Return a stream decompressed, if need be, and refuse what can't be NDJSON."""
    kind = compression(stream.peek(HEAD_BYTES))
    if kind:
        stream = buffered(Decompressed(stream, kind))
    head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
    if kind and compression(head):
        message = f"{name}: compressed twice, and was not read; decompress it once"
        raise UsageError(message)
    _check_head(name, head, f" within {kind}" if kind else "")
    return stream


def _check_head(name: str, head: bytes, within: str = "") -> None:
    if kind := foreign(head):
        message = f"{name}: {kind.what}{within}, not NDJSON, so it was not read; {kind.remedy}"
        raise UsageError(message)
