"""JSON as strictly as an event's text is read (SPEC §3.4: too_large, too_deep, not_json).

An NDJSON manifest's lines are read in the same way (§3.3).
"""

import json
import re
from codecs import BOM_UTF8
from typing import Final, NoReturn

from schemas.rejection import Reason

MAX_BYTES: Final = 1_048_576
BLANK: Final = b" \t\r\n"
"""JSON's white space: a line of nothing else is skipped."""
MAX_DEPTH: Final = 16
MAX_DIGITS: Final = 4_300
_SAFE_DIGITS: Final = 640
"""Python's `int` reads so many digits whatever the limit of `sys.set_int_max_str_digits`."""
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKET: Final = bytes(set(range(256)) - set(b"[]{}"))


class UnreadableError(ValueError):
    """A text that can't be read: the first reason of the table that applies, and the detail."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def read_json(text: bytes, max_depth: int = MAX_DEPTH) -> object:
    """Read a JSON text of UTF-8 bytes.

    Raises `UnreadableError` with the first reason of too_large, too_deep and not_json.
    """
    check_size(len(text))
    _check_depth(text, max_depth)
    try:
        _check_mark(text)
        value: object = _DECODER.decode(text.decode())
        if b"\\u" in text:
            _check_surrogates(value)
    except ValueError as error:
        raise UnreadableError(Reason.NOT_JSON, _without_text(error)) from None
    return value


def check_size(size: int) -> None:
    """Raise `UnreadableError` where a text of so many bytes is too large."""
    if size > MAX_BYTES:
        message = f"{size} bytes, more than {MAX_BYTES}"
        raise UnreadableError(Reason.TOO_LARGE, message)


def _check_depth(text: bytes, max_depth: int) -> None:
    if text.count(b"{") + text.count(b"[") <= max_depth:
        return
    depth = 0
    for bracket in _STRING.sub(b"", text).translate(None, _NO_BRACKET):
        depth = depth + 1 if bracket in b"[{" else max(depth - 1, 0)
        if depth > max_depth:
            message = f"brackets and braces open more than {max_depth} deep"
            raise UnreadableError(Reason.TOO_DEEP, message)


def _check_mark(text: bytes) -> None:
    if text.startswith(BOM_UTF8):
        message = "begins with a byte order mark; save the file as UTF-8 without one"
        raise ValueError(message)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "an object has the same key twice"
        raise ValueError(message)
    return members


def _integer(digits: str) -> int | float:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    if len(digits.removeprefix("-")) > MAX_DIGITS:
        message = f"an integer of over {MAX_DIGITS} digits"
        raise ValueError(message)
    return float(digits)  # no field allows one so large, and a float is refused too


def _no_number(name: str) -> NoReturn:
    message = f"{name} is not allowed"
    raise ValueError(message)


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "a lone surrogate (half of a UTF-16 pair) is not allowed"
        raise ValueError(message) from None


def _without_text(error: ValueError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg.removesuffix(' at')} at character {error.pos}"
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {error.start}"
        case _:
            return str(error)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_constant=_no_number
)
