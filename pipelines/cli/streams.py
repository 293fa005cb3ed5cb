"""The standard streams of a process: stdout fails by name, and stderr never fails.

A descriptor that is closed at the start is opened on nothing, so that no file that is opened later
gets its number, and with it what libraries print.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast


class StdoutError(Exception):
    """Data could not be written to stdout; the text is the system's reason."""

    def __init__(self, reason: str, *, has_reader: bool) -> None:
        super().__init__(reason)
        self.has_reader = has_reader
        """Whether it isn't a pipe whose reader has gone."""


class _Raw(io.RawIOBase):
    """The bytes of a standard stream, which is left open."""

    def __init__(self, stream: TextIO) -> None:
        self._raw = cast("io.FileIO", getattr(stream.buffer, "raw", stream.buffer))

    def writable(self) -> bool:
        """Return that it can be written."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._raw.isatty()


class _Stdout(_Raw):
    def write(self, data: Any, /) -> int | None:  # noqa: ANN401  as io has it
        """Write bytes, and return how many.

        Raises StdoutError.
        """
        try:
            return self._raw.write(data)
        except OSError as error:
            has_reader = not isinstance(error, BrokenPipeError)
            raise StdoutError(error.strerror or str(error), has_reader=has_reader) from error


class _Stderr(_Raw):
    """It has no buffer: what a signal cuts short would be written again from there."""

    def write(self, data: Any, /) -> int | None:  # noqa: ANN401  as io has it
        """Write bytes, and return how many there were; what can't be written is left out."""
        size = len(data)
        with suppress(OSError):
            while data and (written := self._raw.write(data)):
                data = data[written:]
        return size


@contextmanager
def standard_streams() -> Iterator[None]:
    """Replace stdout and stderr while the context lasts; a stdout that is closed stays None."""
    _open_closed()
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123  a device, no path
        sys.stderr = _escaping(sys.stderr or nothing, sys.__stderr__, _Stderr)
        if sys.stdout:
            sys.stdout = _escaping(sys.stdout, sys.__stdout__, _Stdout)
        try:
            yield
        finally:
            sys.stderr.flush()
            sys.stdout, sys.stderr = before


def _open_closed() -> None:
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_WRONLY)  # which takes the lowest number that is free


def _escaping(stream: TextIO, original: TextIO | None, raw: type[_Raw]) -> TextIO:
    """Return a stream that writes what the terminal can't show as its code."""
    if stream is original:
        stream.flush()
        written = raw(stream)
        buffer = written if raw is _Stderr else io.BufferedWriter(written)
        return io.TextIOWrapper(
            cast("io.BufferedWriter", buffer),
            stream.encoding,
            "backslashreplace",
            line_buffering=stream.isatty(),
            write_through=raw is _Stderr,
        )
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def silence_stdout() -> None:
    """Drop what stdout still holds: what could not be written once would fail again at the end."""
    with suppress(OSError, ValueError):  # one without a descriptor, as in a test, holds nothing
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
        sys.stdout.flush()
