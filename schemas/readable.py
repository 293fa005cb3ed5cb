"""What can be read of a refused event: its time, its money, its source (SPEC §3.1, §3.2).

Each is read by the rules for an event that is accepted, whatever else the event was refused for.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import ValidationError

from schemas import instants
from schemas.decimals import scaled
from schemas.envelope import ATTRIBUTE_PREFIX
from schemas.events import PAYMENTS
from schemas.json_text import MAX_DEPTH, UnreadableError, read_json
from schemas.parts import Money
from schemas.rejection import Reason

_TIME: Final = f"{ATTRIBUTE_PREFIX}time"
_SOURCE: Final = f"{ATTRIBUTE_PREFIX}source"
_MICRO_DIGITS: Final = 6
_MARK: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\],]', re.DOTALL)
_CLOSERS: Final = {b"{": b"}", b"[": b"]"}
_DEPTH_OF_DATA: Final = 2
"""How deep the members of an event's data are; the event's own are 1 deep."""


class Readable(NamedTuple):
    """What could be read of an event."""

    occurred_at: datetime | None
    """Naive in UTC; None where there is no time, or none that can be read."""
    amounts: tuple[tuple[str, int], ...]
    """Currency and micros of each amount that can be read."""
    source: str | None = None
    """None where there is none."""


def readable(payload: bytes, attributes: str | None, *, is_cut: bool = False) -> Readable:
    """Read what was refused, as far as it can be; nothing in it makes this fail.

    `payload` is what was received (binary mode: the body), or its beginning where it is cut;
    `attributes` is the JSON of binary mode's attributes.
    """
    body = _members(_up_to_last_member(payload) if is_cut else payload)
    if attributes is None:
        time, source, data = body.get("time"), body.get("source"), body.get("data")
    else:
        envelope = _members(attributes.encode())
        time, source, data = envelope.get(_TIME), envelope.get(_SOURCE), body
    named = source if isinstance(source, str) else None
    return Readable(_instant(time), tuple(_amounts(data)), named)


def _members(text: bytes) -> dict[str, object]:
    try:
        value = read_json(text)
    except UnreadableError as error:
        value = _shallow_value(text) if error.reason is Reason.TOO_DEEP else None
    return value if isinstance(value, dict) else {}


def _shallow_value(text: bytes) -> object:
    try:
        return read_json(_without_what_is_deep(text))
    except UnreadableError:
        return None


def _without_what_is_deep(text: bytes) -> bytes:
    """Return a JSON text with null for every list and object that is deeper than an event may be.

    Where more is closed than is open, or a string isn't whole, it is no JSON, and nothing is left.
    """
    kept: list[bytes] = []
    depth, begun = 0, 0
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark in _CLOSERS:
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += (text[begun : match.start()], b"null")
        elif mark in {b"}", b"]"}:
            depth -= 1
            if depth == MAX_DEPTH:
                begun = match.end()
        if depth < 0 or mark == b'"':
            return b""
    return b"".join((*kept, text[begun:])) if depth == 0 else b""


def _up_to_last_member(text: bytes) -> bytes:
    """Return the beginning of a JSON text up to the last whole member of the event or its data."""
    closers: list[bytes] = []
    end, missing = 0, b""
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark == b'"':  # a string that isn't whole
            break
        if mark in _CLOSERS:
            closers.append(_CLOSERS[mark])
        elif mark in {b"}", b"]"}:
            del closers[-1:]
        elif mark == b"," and len(closers) <= _DEPTH_OF_DATA:
            end, missing = match.start(), b"".join(reversed(closers))
    return text[:end] + missing


def _instant(time: object) -> datetime | None:
    if not isinstance(time, str) or not re.fullmatch(instants.PATTERN, time):
        return None
    try:
        return instants.read(instants.canonical(time))
    except ValueError:
        return None


def _amounts(data: object) -> Iterator[tuple[str, int]]:
    if not isinstance(data, dict):
        return
    for field in sorted(PAYMENTS.values()):  # of whatever type the event is
        try:
            money = Money.model_validate(data.get(field))
        except ValidationError:
            continue
        yield money.currency, scaled(money.amount, _MICRO_DIGITS)
