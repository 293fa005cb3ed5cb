"""Values of the engine's as JSON carries them exactly (SPEC §7.3)."""

import json
import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

JsonValue = str | int | float | bool | list["JsonValue"] | dict[str, "JsonValue"] | None

LARGEST_EXACT_INTEGER = 2**53
"""Beyond it a reader whose numbers are doubles would round."""


def json_value(value: object) -> JsonValue:
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
