"""Finds the files of sources and cuts them into spans: bounded, and small to hand over."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from pipelines.errors import NotFoundError

STANDARD_INPUT = "-"
SUFFIXES = (".ndjson", ".jsonl")
BLOCK_BYTES = 1 << 17


@dataclass(frozen=True)
class Span:
    """Whole lines of a file, about a block of them."""

    path: str
    origin: str
    """What the user knows the file as."""
    offset: int
    size: int
    """Bytes."""
    first_line: int
    """Number of the first line, from 1."""
    lines: int


@dataclass(frozen=True)
class Limits:
    """How much one batch may hold; a batch is one run of the pipeline and one commit."""

    lines: int = int(os.environ.get("MANYHANDS_BATCH_LINES", "50000"))
    size: int = int(os.environ.get("MANYHANDS_BATCH_BYTES", str(32 << 20)))
    """Bytes."""


def find_files(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the files of sources in their order, and the other files that folders hold.

    A folder is read recursively, in order of its paths' bytes.

    Raises NotFoundError where a source isn't there.
    """
    files: list[str] = []
    others: list[str] = []
    for source in sources:
        if Path(source).is_dir():
            paths = sorted(_walk(source), key=os.fsencode)
            files += [path for path in paths if _holds_events(path)]
            others += [path for path in paths if not _holds_events(path)]
        elif source == STANDARD_INPUT or Path(source).exists():
            files.append(source)
        else:
            message = f"{source}: no such file or folder; nothing was ingested"
            raise NotFoundError(message)
    for path in files:
        if not _is_stream(path):
            Path(path).open("rb").close()
    return files, others


def _holds_events(path: str) -> bool:
    return path.endswith(SUFFIXES) and Path(path).is_file()


def _is_stream(source: str) -> bool:
    """Tell whether a source can be read only once: standard input, a pipe, a device."""
    return source == STANDARD_INPUT or not Path(source).is_file()


def _walk(folder: str) -> Iterator[str]:
    """Give all files below a folder, and the folders that are links, which aren't followed."""
    for parent, folders, names in os.walk(folder, onerror=_raise):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        yield from (str(Path(parent) / name) for name in [*names, *linked])


def _raise(error: OSError) -> NoReturn:
    """Fail rather than leave out a folder that can't be read."""
    raise error


def batches(files: Iterable[str], limits: Limits) -> Iterator[list[Span]]:
    """Cut files into batches of spans; a batch goes on from one file to the next."""
    batch: list[Span] = []
    for span in _spans_of_all(files, limits):
        full = sum(part.lines for part in batch) + span.lines > limits.lines
        if batch and (full or sum(part.size for part in batch) + span.size > limits.size):
            yield batch
            batch = []
        batch.append(span)
        if span.path != span.origin and _ends_its_file(span):
            yield batch
            batch = []
    if batch:
        yield batch


def _ends_its_file(span: Span) -> bool:
    return span.offset + span.size == Path(span.path).stat().st_size


def _spans_of_all(files: Iterable[str], limits: Limits) -> Iterator[Span]:
    block_lines = max(1, limits.lines // 4)
    for file in files:
        if file == STANDARD_INPUT:
            yield from _spans_of_stream(sys.stdin.buffer, file, limits.size, block_lines)
        elif _is_stream(file):
            with Path(file).open("rb") as stream:
                yield from _spans_of_stream(stream, file, limits.size, block_lines)
        else:
            yield from spans(file, file, 1, block_lines)


def spans(path: str, origin: str, first_line: int, most_lines: int) -> Iterator[Span]:
    """Cut a file at line ends, at the first one after each block or after `most_lines`."""
    offset, line = 0, first_line
    with Path(path).open("rb") as file:
        size, lines = 0, 0
        while block := file.read(BLOCK_BYTES):
            for piece in _pieces(block, most_lines):
                size += len(piece)
                lines += piece.count(b"\n")
                if piece.endswith(b"\n"):
                    yield Span(path, origin, offset, size, line, lines)
                    offset, line, size, lines = offset + size, line + lines, 0, 0
        if size:
            yield Span(path, origin, offset, size, line, lines + 1)


def _pieces(block: bytes, most_lines: int) -> Iterator[bytes]:
    """Cut a block after its last line end, and before that where it holds too many lines."""
    start = 0
    last = block.rfind(b"\n") + 1
    while block.count(b"\n", start, last) > most_lines:
        end = start
        for _ in range(most_lines):
            end = block.index(b"\n", end) + 1
        yield block[start:end]
        start = end
    yield from (piece for piece in (block[start:last], block[last:]) if piece)


def _spans_of_stream(stream: IO[bytes], origin: str, size: int, most_lines: int) -> Iterator[Span]:
    """Write a stream to a temporary file, about `size` bytes at a time, and cut that."""
    line, rest = 1, b""
    with tempfile.TemporaryDirectory(prefix="manyhands-") as folder:
        path = str(Path(folder) / "stream")
        while True:
            rest, is_over = _spool(stream, rest, path, size)
            for span in spans(path, origin, line, most_lines):
                yield span
                line = span.first_line + span.lines
            if is_over:
                return


def _spool(stream: IO[bytes], rest: bytes, path: str, size: int) -> tuple[bytes, bool]:
    """Write about `size` bytes of whole lines; give what is left over, and whether that is all."""
    written = 0
    with Path(path).open("wb") as file:
        written += file.write(rest)
        while block := stream.read(BLOCK_BYTES):
            cut = block.rfind(b"\n") + 1 if written + len(block) >= size else 0
            if cut:
                file.write(block[:cut])
                return block[cut:], False
            written += file.write(block)
    return b"", True
