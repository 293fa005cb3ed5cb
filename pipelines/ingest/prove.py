"""Take the quick way with what can be proven valid, many texts at once (SPEC §3).

What is proven is what `decode` and `validate` would make of it, to the byte; they stay the
authority. `schemas/shape.py` says what a text of a shape is, `lake/proving.py` checks many of them
at once. What isn't proven may be valid all the same: it is left to them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.policy import EVERYONE, Policy, allows
from pipelines.ingest.tables import proven_table
from pipelines.ingest.unread import parted, texts_of
from pipelines.ingest.validate import LEAST, LOOKED_INTO, MAX_AHEAD, read_event
from pipelines.lake.proving import FOUND, UnprovableError, filtered, proven
from schemas.json_text import MAX_BYTES
from schemas.record import Event, Received, Rejected
from schemas.shape import Shape, shape_of

_ESCAPE: Final = b"\\"
_SAMPLE: Final = 64
_AT_ONCE: Final = 2_048
"""Texts that a thread of the engine takes at a time."""


@dataclass(slots=True)
class Proven:
    """What became of texts."""

    events: list[pa.Table]
    """Of EVENT_COLUMNS, by shape; those of one in the order received."""
    rest: pa.Array
    """Rows of the texts that aren't proven, in their order."""


def prove(
    texts: pa.Table, now: datetime, policy: Policy = EVERYONE, least: float = LEAST
) -> Proven:
    """Prove that texts, a table as `Unread` has it, are valid events.

    `now` is when the log records them, naive in UTC. A shape that fewer than `least` of the texts
    have is left to the rest.
    """
    is_left = np.ones(len(texts), bool)
    left = _candidates(texts)
    events = []
    for shape in _shapes(left, least):
        found = _allowed(_of_shape(left, shape), texts, shape.kind, now, policy)
        if len(found):
            events.append(proven_table(texts.take(found["row"]), found, shape.kind))
            is_left[found["row"].to_numpy()] = False
            left = left.filter(pa.array(is_left[left["row"].to_numpy()]))
    return Proven(events, pa.array(np.flatnonzero(is_left)))


def read_events(
    messages: Sequence[Received], now: datetime, policy: Policy = EVERYONE
) -> list[Event | Rejected]:
    """Return what `read_event` makes of each message, the quick way where it can be proven."""
    texts, _ = parted(messages)
    table = texts_of(texts).set_column(0, "position", pa.array(np.arange(len(texts))))
    proven = prove(table, now, policy)
    events = {
        id(event.received): event for found in proven.events for event in _events(found, texts)
    }
    return [events.get(id(one)) or read_event(one, now, policy) for one in messages]


def _events(table: pa.Table, texts: Sequence[Received]) -> Iterator[Event]:
    """Yield the events of a table whose positions are the places of their texts."""
    names = ("position", "source", "id", "type", "occurred_at", "content", "content_sha256")
    columns = (table[name].to_pylist() for name in names)
    for place, *event in zip(*columns, strict=True):
        yield Event(texts[place], *event)


def _candidates(texts: pa.Table) -> pa.Table:
    """Return `row` and `text` of what can have a shape: texts in UTF-8 without a backslash."""
    body = texts["body"].combine_chunks()
    found = pa.table({"row": pa.array(np.arange(len(body))), "text": body})
    found = filtered(found, pc.less_equal(pc.binary_length(body), MAX_BYTES))
    if len(body) and _ESCAPE in body.buffers()[2].to_pybytes():  # is quicker than to ask each
        found = found.filter(pc.invert(pc.match_substring(found["text"], _ESCAPE)))
    text = found["text"].combine_chunks()
    try:
        return found.set_column(1, "text", text.cast(pa.string()))
    except pa.ArrowInvalid:  # one of them isn't UTF-8; all those in ASCII are
        unsure = pa.Array.from_buffers(pa.string(), len(text), text.buffers(), offset=text.offset)
        return found.set_column(1, "text", unsure).filter(pc.string_is_ascii(unsure))


def _shapes(texts: pa.Table, least: float) -> list[Shape]:
    """Return the shapes that by a sample enough of the texts have, the most frequent first."""
    if len(texts) < max(least, 1):
        return []
    rows = pa.array(np.linspace(0, len(texts) - 1, _SAMPLE).astype(np.int64))
    sampled = Counter(shape_of(text.encode()) for text in texts["text"].take(rows).to_pylist())
    return [
        shape
        for shape, count in sampled.most_common()
        if shape and shape.kind not in LOOKED_INTO and count * len(texts) >= least * _SAMPLE
    ]


def _of_shape(texts: pa.Table, shape: Shape) -> pa.Table:
    split = pa.Table.from_batches(texts.to_batches(_AT_ONCE), texts.schema)
    try:
        return proven(split, shape)
    except UnprovableError:
        return FOUND.empty_table()


def _allowed(
    found: pa.Table, texts: pa.Table, kind: str, now: datetime, policy: Policy
) -> pa.Table:
    """Return the events that are neither in the future nor refused by the policy."""
    latest = pa.scalar(now + MAX_AHEAD, pa.timestamp("us"))
    found = filtered(found, pc.less_equal(found["occurred_at"], latest))
    if policy == EVERYONE:
        return found
    origins = texts["origin"].take(found["row"]).to_pylist()
    pairs = list(zip(origins, found["source"].to_pylist(), strict=True))
    allowed = {pair for pair in set(pairs) if allows(policy, *pair, kind)}
    return filtered(found, pa.array([pair in allowed for pair in pairs], pa.bool_()))
