"""What was received, as a table, before anybody looked inside (SPEC §3.1, §3.4).

A table of lines is made from their text as it is, without an object for each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from pipelines.ingest.read import read, readable
from pipelines.sources.batch import Portion
from pipelines.sources.lines import Lines
from schemas.json_text import BLANK
from schemas.record import Received

COLUMNS: Final = pa.schema(
    {
        "position": pa.int64(),
        "origin": pa.string(),
        "origin_item": pa.string(),
        "body": pa.binary(),
    }
)


@dataclass(slots=True)
class Unread:
    """What was received of a portion."""

    texts: pa.Table
    """Of COLUMNS: texts of structured mode, whole; among them can be blank lines."""
    apart: list[Received]
    """Everything else: binary mode, and what is cut short."""


def received(texts: pa.Table) -> Iterator[Received]:
    """Yield texts that aren't blank one by one."""
    columns = (column.to_pylist() for column in texts.columns)
    for position, origin, origin_item, body in zip(*columns, strict=True):
        if body.strip(BLANK):
            yield Received(position, origin, origin_item, body)


def unread(portion: Portion) -> Unread:
    """Return what was received of a portion as a table, and what doesn't fit in it."""
    lines = [part for part in portion if isinstance(part, Lines) and part.size < 0]
    others = [part for part in portion if not (isinstance(part, Lines) and part.size < 0)]
    texts, apart = parted(list(read(others)))
    return Unread(pa.concat_tables([_of_lines(lines), texts_of(texts)]), apart)


def parted(messages: Sequence[Received]) -> tuple[list[Received], list[Received]]:
    """Return whole texts of structured mode, and everything else.

    A blank message is no blank line: it is refused, not skipped, and so stands apart.
    """
    texts: list[Received] = []
    apart: list[Received] = []
    for one in messages:
        is_text = one.attributes is None and one.size < 0 and one.body.strip(BLANK)
        (texts if is_text else apart).append(one)
    return texts, apart


def _of_lines(lines: Sequence[Lines]) -> pa.Table:
    if not lines:
        return COLUMNS.empty_table()
    text = b"".join(one.text if one.text.endswith(b"\n") else one.text + b"\n" for one in lines)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    # an array of texts has nothing between them
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    counts = [one.count for one in lines]
    numbers = np.arange(len(ends)) - np.repeat(np.cumsum([0, *counts[:-1]]), counts)
    positions = numbers + np.repeat([one.position for one in lines], counts)
    items = numbers + np.repeat([one.first_line for one in lines], counts)
    names = pa.array([readable(one.origin) for one in lines])
    origins = pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(lines)), counts), names)
    return pa.table(
        [
            pa.array(positions, pa.int64()),
            origins.cast(pa.string()),
            pa.array(items, pa.int64()).cast(pa.string()),
            _binary(offsets, text.replace(b"\n", b"")),
        ],
        schema=COLUMNS,
    )


def texts_of(texts: Sequence[Received]) -> pa.Table:
    """Return whole texts of structured mode as a table of COLUMNS."""
    offsets = np.zeros(len(texts) + 1, np.int32)
    offsets[1:] = np.cumsum([len(one.body) for one in texts])
    return pa.table(
        [
            pa.array([one.position for one in texts], pa.int64()),
            pa.array([one.origin for one in texts], pa.string()),
            pa.array([one.origin_item for one in texts], pa.string()),
            _binary(offsets, b"".join(one.body for one in texts)),
        ],
        schema=COLUMNS,
    )


def _binary(offsets: "np.ndarray[tuple[int], np.dtype[np.int32]]", text: bytes) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
