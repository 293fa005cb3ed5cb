"""Read spans of files: from bytes to lines (SPEC §3.1, §3.4)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import apache_beam as beam

from pipelines.sources.files import Span
from schemas.json_text import BLANK, MAX_BYTES
from schemas.record import Received
from schemas.rejection import KEPT_BYTES


def read(span: Span, first_position: int) -> Iterator[Received]:
    """Read the lines of a span; those of nothing but white space are skipped.

    A line that is larger than an event may be is never held whole: of it the first 64 KiB, the
    size and the SHA-256 are kept.
    """
    with Path(span.path).open("rb") as file:
        file.seek(span.offset)
        end = span.offset + span.size
        for number in range(span.lines):
            line = file.readline(min(MAX_BYTES + 1, end - file.tell()))
            if not line:
                message = f"{span.origin} became shorter while it was read; run the command again"
                raise OSError(message)
            received = Received(
                first_position + number, span.origin, str(span.first_line + number), line
            )
            if len(line) > MAX_BYTES and not line.endswith(b"\n"):
                _measure(received, file, end)
            received.body = received.body.removesuffix(b"\n")
            if received.size >= 0 or received.body.strip(BLANK):
                yield received


def _measure(received: Received, file: IO[bytes], end: int) -> None:
    sha256 = hashlib.sha256(received.body)
    size = len(received.body)
    while size and file.tell() < end:
        more = file.readline(min(MAX_BYTES, end - file.tell()))
        content = more.removesuffix(b"\n")
        sha256.update(content)
        size += len(content)
        if len(content) < len(more):
            break
    received.body = received.body[:KEPT_BYTES]
    received.size = size
    received.sha256 = sha256.hexdigest()


@dataclass
class Read(beam.PTransform[Any, Any]):
    """Read pairs of a span and its first line's position into lists of `Received`."""

    def expand(self, placed: Any) -> Any:  # noqa: ANN401  Beam's
        """Give one list a span."""
        return placed | beam.MapTuple(_read_all).with_output_types(list[Received])


def _read_all(span: Span, first_position: int) -> list[Received]:
    return list(read(span, first_position))
