"""Writes JSON documents: sorted keys, ASCII, nothing rounded (SPEC §7.3)."""

import json
import math
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TextIO

LARGEST_EXACT_INTEGER = 2**53
"""Beyond it a reader whose numbers are doubles would round."""

SPOOL_BYTES = 8 << 20


def json_value(value: object) -> object:
    """Return a value as JSON can hold it exactly.

    Integers beyond 2^53 and decimals become strings, times ISO 8601 in UTC, bytes base64, and the
    floats that JSON has no word for `NaN`, `Infinity` and `-Infinity`.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _name_of_no_number(value)
    if isinstance(value, Mapping):
        return {_key(key): json_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(part) for part in value]
    return _text(value)


def _name_of_no_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _key(key: object) -> str:
    value = json_value(key)
    return value if isinstance(value, str) else json.dumps(value)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return utc.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return str(value)


def dumps(value: object) -> str:
    """Write one JSON document, on one line."""
    return json.dumps(json_value(value), sort_keys=True)


def write_list(stream: TextIO, items: Iterable[object]) -> None:
    """Write one JSON list, an item a line, one item in memory at once."""
    separator = "["
    for item in items:
        stream.write(f"{separator}\n{dumps(item)}")
        separator = ","
    stream.write("\n]\n" if separator == "," else "[]\n")


@contextmanager
def whole_or_nothing(stream: TextIO) -> Iterator[TextIO]:
    """Yield a stream whose text is copied to `stream` when the context ends without an error.

    It waits in memory, beyond 8 MiB in a temporary file.
    """
    with tempfile.SpooledTemporaryFile(
        max_size=SPOOL_BYTES, mode="w+", encoding="utf-8", errors="surrogatepass", newline=""
    ) as spool:
        yield spool  # type: ignore[misc]  # it is a text stream in all but its declared type
        spool.seek(0)
        shutil.copyfileobj(spool, stream)
