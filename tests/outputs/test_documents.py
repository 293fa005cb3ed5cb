"""JSON documents: exact, sorted, whole or not at all."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest

from pipelines.outputs.documents import dumps, whole_or_nothing, write_list
from pipelines.values import json_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("ä", "ä"),
        (2**53, 2**53),
        (-(2**53), -(2**53)),
        (2**53 + 1, "9007199254740993"),
        (-(2**53) - 1, "-9007199254740993"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000000"), "0.000000"),
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (datetime(2026, 10, 1, 8, tzinfo=UTC), "2026-10-01T08:00:00.000000Z"),
        (datetime(2026, 10, 1, 8), "2026-10-01T08:00:00.000000Z"),  # noqa: DTZ001  naive is UTC
        (
            datetime(2026, 10, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-09-30T23:00:00.000000Z",
        ),
        (date(2026, 10, 1), "2026-10-01"),
        (b"\xff\x00", "/wA="),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([2**60, (Decimal(1),)], ["1152921504606846976", ["1"]]),
        ({1: {"a": Decimal("0.5")}, "b": None}, {"1": {"a": "0.5"}, "b": None}),
    ],
)
def test_a_value_is_carried_exactly(value: object, expected: object) -> None:
    """What a JSON number would round is a string; times are ISO 8601 in UTC."""
    assert expected == json_value(value)


def test_a_document_is_one_line_of_ascii_with_sorted_keys() -> None:
    """So that it can be compared, and printed anywhere."""
    assert r'{"a": "\u00e4", "b": 1}' == dumps({"b": 1, "a": "ä"})


@pytest.mark.parametrize("items", [[], [{"a": 1}], [{"a": 1}, {"a": 2}]])
def test_a_list_is_one_document(items: list[dict[str, int]]) -> None:
    """Of none, one and several items."""
    stream = StringIO()

    write_list(stream, items)

    assert items == json.loads(stream.getvalue())


def test_nothing_is_written_where_reading_fails_halfway() -> None:
    """A reader of stdout gets a whole document or none."""
    stream = StringIO()

    with pytest.raises(ZeroDivisionError), whole_or_nothing(stream) as whole:
        write_list(whole, (1 // number for number in (1, 0)))

    assert "" == stream.getvalue()


def test_more_than_fits_in_memory_is_written_whole() -> None:
    """Beyond 8 MiB the text waits in a file; nothing of it changes."""
    stream = StringIO()
    items = ["ü" * 1_000] * 10_000

    with whole_or_nothing(stream) as whole:
        write_list(whole, items)

    assert items == json.loads(stream.getvalue())
