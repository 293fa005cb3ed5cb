"""Cuts a stream into whole lines, a block at a time; lines end at LF (SPEC §3.1, §3.4)."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.json_text import MAX_BYTES
from schemas.rejection import KEPT_BYTES


@dataclass(slots=True)
class Lines:
    """Whole lines of one source, as read; or of one that is too large its first 64 KiB."""

    origin: str
    """What the user knows the source as."""
    first_line: int
    """Number of the first line in its source, from 1; of decompressed text, if it is compressed."""
    text: bytes
    count: int
    """Lines."""
    size: int = -1
    """Bytes of the one line, its end left aside, where `text` is cut short; else -1."""
    sha256: str = ""
    """Of all of that line's bytes; else empty."""
    position: int = 0
    """Of the first line within its batch."""


def lines_of(
    stream: io.BufferedReader, origin: str, most_bytes: int, most_lines: int
) -> Iterator[Lines]:
    """Read a stream to what is its end when the end is reached.

    A piece has at most `most_bytes`, unless it is a single line, and at most `most_lines`.
    A line that is larger than an event may be is never held whole.
    """
    number = 1
    for lines in _pieces(stream, most_bytes, most_lines):
        lines.origin, lines.first_line = origin, number
        yield lines
        number += lines.count


def _pieces(stream: io.BufferedReader, most_bytes: int, most_lines: int) -> Iterator[Lines]:
    while block := stream.read1(most_bytes):
        end = block.rfind(b"\n") + 1
        yield from _cut(block[:end], most_lines)
        if end < len(block):
            line = block[end:]
            line += stream.readline(MAX_BYTES + 1 - len(line))
            is_ended = line.endswith(b"\n")
            if is_ended or len(line) <= MAX_BYTES:
                yield Lines("", 0, line, 1)
            else:
                lines, is_ended = _too_large(line, stream)
                yield lines
            if not is_ended:
                return  # what is appended from here on begins within a line


def _cut(text: bytes, most_lines: int) -> Iterator[Lines]:
    count = text.count(b"\n")
    if 0 < count <= most_lines:
        yield Lines("", 0, text, count)
    elif count:
        lines = text.removesuffix(b"\n").split(b"\n")
        for start in range(0, count, most_lines):
            part = lines[start : start + most_lines]
            yield Lines("", 0, b"\n".join(part) + b"\n", len(part))


def _too_large(start: bytes, stream: io.BufferedReader) -> tuple[Lines, bool]:
    """Measure the rest of a line, and return the line cut short, and whether it has an end."""
    sha256 = hashlib.sha256(start)
    size = len(start)
    is_ended = False
    while not is_ended and (more := stream.readline(MAX_BYTES)):
        is_ended = more.endswith(b"\n")
        content = more.removesuffix(b"\n")
        sha256.update(content)
        size += len(content)
    return Lines("", 0, start[:KEPT_BYTES], 1, size, sha256.hexdigest()), is_ended
