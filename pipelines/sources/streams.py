"""Streams of bytes that fail aloud: where a file changes under its reader, or data is damaged."""

import io
import os
from typing import Any, BinaryIO, Final, cast

from pipelines.sources.formats import Compression

BLOCK_BYTES: Final = 1 << 17
_COMPARED_BYTES: Final = 4096


class UnfinishedError(Exception):
    """A source wasn't read to its end; the text goes on after the source's name."""

    def __init__(self, what: str, remedy: str, *, is_sound: bool = True) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.is_sound = is_sound
        """Whether what was read of it before is surely what it held."""


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """Return a reader that asks for a block at a time."""
    return io.BufferedReader(raw, BLOCK_BYTES)


class Borrowed(io.RawIOBase):
    """An open file to read, which is left open."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = cast("io.RawIOBase", file)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401  as io has it
        """Read into a buffer, and return how many bytes."""
        return self._file.readinto(buffer)


class Watched(Borrowed):
    """An open file that may be appended to while it is read, and nothing else.

    After each block it is looked at: one that became shorter, or begins in another way, was
    truncated (`copytruncate`) or written over, and the block may be a mixture of old and new.
    So what was read until then is what the file held, and no more is read.
    Raises UnfinishedError.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Watch a file that had `size` bytes before."""
        super().__init__(file)
        self._size = size
        self._beginning = os.pread(file.fileno(), _COMPARED_BYTES, 0)
        self._check()

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401  as io has it
        """Read into a buffer, and return how many bytes."""
        count = super().readinto(buffer)
        self._check()
        return count

    def _check(self) -> None:
        descriptor = self._file.fileno()
        size = os.fstat(descriptor).st_size
        beginning = os.pread(descriptor, len(self._beginning), 0)
        if size < self._size or beginning != self._beginning:
            what = "was cut short or written over after the command began"
            remedy = (
                "what it held after that was not read: if it was copied before (copytruncate),"
                " ingest the copy, and run the command again"
            )
            raise UnfinishedError(what, remedy)
        self._size = size


class Decompressed(io.RawIOBase):
    """The text of gzip or zstd data, of as many members or frames as follow each other.

    It holds a block of each, and the window of the data: at most 128 MiB, where zstd asks for it.
    Raises UnfinishedError where the data is damaged or ends within a member; gzip's checksum
    stands at the member's end, so what was read before isn't sound either.
    """

    def __init__(self, stream: io.BufferedReader, kind: Compression) -> None:
        import pyarrow as pa

        self._kind = kind
        self._stream = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), kind)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  as io has it
        """Read into a buffer, and return how many bytes."""
        try:
            count: int = self._stream.readinto(buffer)
        except OSError as error:
            if error.errno is not None:
                raise  # the system's, not of the data
            what = f"holds {self._kind} data that is damaged or ends too early ({error})"
            remedy = "get it whole and run the command again"
            raise UnfinishedError(what, remedy, is_sound=False) from None
        return count
