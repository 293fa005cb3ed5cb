"""What was refused is read as far as it can be, and nothing in it makes that fail."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_text import MAX_BYTES
from schemas.readable import Readable, readable

AT = datetime(2026, 1, 15, 12, 0, 0)  # noqa: DTZ001  UTC
TIME = "2026-01-15T13:00:00+01:00"


def sale(**fields: object) -> dict[str, Any]:
    """Return an event that no model knows, with an amount and other fields."""
    data = {"revenue": {"amount": "12.50", "currency": "USD"}, "unknown": 1}
    return {"type": "asset-sold", "time": TIME, "data": data} | fields


def read(event: object, attributes: object = None) -> Readable:
    """Read an event as it would be received."""
    kept = None if attributes is None else json.dumps(attributes)
    return readable(json.dumps(event).encode(), kept)


def test_time_and_amount_are_read_whatever_else_is_wrong() -> None:
    """The type is unknown and so is a field; the time is in UTC and the amount in micros."""
    assert Readable(AT, (("USD", 12_500_000),)) == read(sale())


def test_binary_mode_has_its_time_in_the_attributes() -> None:
    """The body is the data; a `time` in it is none of the envelope's."""
    body = {**sale()["data"], "time": "2027-01-01T00:00:00Z"}

    assert Readable(AT, (("USD", 12_500_000),)) == read(body, {"ce-time": TIME})
    assert Readable(None, (("USD", 12_500_000),)) == read(body, {})


def test_the_source_is_read_in_both_modes() -> None:
    """As text; anything else is no source."""
    assert ["/shop", "/kiosk", None] == [
        read(sale(source="/shop")).source,
        read(sale(source="/shop"), {"ce-source": "/kiosk"}).source,
        read(sale(source=["/shop"])).source,
    ]


def test_every_kind_of_payment_is_read() -> None:
    """Fee, revenue and training fee, each on its own."""
    amounts = {
        name: {"amount": amount, "currency": "EUR"}
        for name, amount in (("fee", "1"), ("revenue", "2"), ("training_fee", "4"))
    }

    assert (("EUR", 1_000_000), ("EUR", 2_000_000), ("EUR", 4_000_000)) == (
        read(sale(data=amounts)).amounts
    )


@pytest.mark.parametrize(
    "money",
    [
        {"amount": 9000, "currency": "USD"},
        {"amount": "-1", "currency": "USD"},
        {"amount": "1e3", "currency": "USD"},
        {"amount": "0.0000001", "currency": "USD"},
        {"amount": "9" * 13, "currency": "USD"},
        {"amount": "9" * 100_000, "currency": "USD"},
        {"amount": "1", "currency": "XXX"},
        {"amount": "1", "currency": "USD", "more": "1"},
        {"amount": "1"},
        "1 USD",
        None,
        [],
    ],
    ids=lambda money: str(money)[:30],
)
def test_an_amount_by_other_rules_than_ours_is_not_read(money: object) -> None:
    """A number, a sign, an exponent, a seventh decimal: the time is read all the same."""
    assert Readable(AT, ()) == read(sale(data={"fee": money}))


@pytest.mark.parametrize(
    "time",
    ["", None, 5, [], "2026-01-15", "2026-01-15T12:00:00", "2026-02-30T00:00:00Z", f"{TIME}\n"],
    ids=repr,
)
def test_a_time_that_is_blank_or_unreadable_is_none(time: object) -> None:
    """The amount is read all the same."""
    assert Readable(None, (("USD", 12_500_000),)) == read(sale(time=time))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{",
        b'{"time":"2026-01-15T12:00:00Z"',
        b'{"time":"2026-01-15T12:00:00Z","time":"2026-01-15T12:00:00Z"}',
        b'{"time":"\\ud800"}',
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"time":' + b"9" * 60_000 + b"}",
        b'{"time":1e999999,"data":{"fee":{"amount":-1e999999,"currency":1}}}',
        b'{"time":NaN}',
        b'{"data":"' + b"x" * MAX_BYTES + b'"}',
        b"[" * MAX_BYTES,
        b"{" * MAX_BYTES,
        b"[" * (MAX_BYTES // 2) + b"]" * (MAX_BYTES // 2),
        b"[{" * (MAX_BYTES // 4) + b"}]" * (MAX_BYTES // 4),
        b'{"a":' + b"[" * 40 + b'"' + b"]" * 40 + b"}",
        b'{"a":' + b"[" * 40 + b"]" * 42 + b',"time":"2026-01-15T12:00:00Z"}',
    ],
    ids=lambda payload: repr(payload[:30]),
)
@pytest.mark.parametrize("attributes", [None, "{}", "not JSON", "[" * 9_000, '{"ce-time": 5}'])
def test_nothing_that_was_received_makes_reading_fail(
    payload: bytes, attributes: str | None
) -> None:
    """Huge, deep, cut short, no UTF-8: there is no time and no amount."""
    assert Readable(None, ()) == readable(payload, attributes)


def nested(depth: int) -> object:
    """Return a list that opens brackets so deep, with brackets and quotes in texts in it."""
    value: object = ']}"'
    for _ in range(depth):
        value = [value, {"[": "{"}, value] if isinstance(value, str) else [value, "[{\\"]
    return value


@pytest.mark.parametrize("depth", [14, 15, 16, 17, 18, 60, 900])
def test_what_is_too_deep_is_read_without_what_is_deep(depth: int) -> None:
    """Wherever in the event that is; an amount that is deep itself isn't read."""
    data = sale()["data"]
    expected = Readable(AT, (("USD", 12_500_000),), "/shop")

    for deep in (
        {"source": "/shop", "first": nested(depth), **sale(), "last": nested(depth)},
        sale(source="/shop", data={"first": nested(depth), **data, "last": nested(depth)}),
        sale(source="/shop", data=data | {"fee": {"amount": nested(depth), "currency": "USD"}}),
    ):
        assert expected == read(deep)
        text = json.dumps(deep).encode()
        assert expected[:2] == readable(text, None, is_cut=True)[:2]
    assert expected == read(data | {"last": nested(depth)}, {"ce-time": TIME, "ce-source": "/shop"})


CUT = json.dumps(
    {
        "id": 'a "quoted, {name',
        "time": TIME,
        "data": {
            "training_fee": {"amount": "7", "currency": "USD"},
            "manifest": [{"image_id": f"i{number}", "weight": "1"} for number in range(40)],
            "fee": {"amount": "8", "currency": "USD"},
        },
    }
).encode()


def test_of_what_was_cut_short_the_beginning_is_read() -> None:
    """A time and a fee before the manifest that it was cut in; without the cut, all."""
    beginning = CUT[:1_000]

    assert Readable(AT, (("USD", 7_000_000),)) == readable(beginning, None, is_cut=True)
    assert Readable(None, ()) == readable(beginning, None)
    assert 2 == len(readable(CUT, None).amounts)
    assert Readable(AT, ()) == readable(beginning, json.dumps({"ce-time": TIME}), is_cut=True)


def test_wherever_it_is_cut_nothing_wrong_is_read() -> None:
    """Each part that is read is one that stands there, and more of the text never tells less."""
    seen = [readable(CUT[:size], None, is_cut=True) for size in range(len(CUT) + 1)]
    fees = [("USD", 8_000_000), ("USD", 7_000_000)]

    assert {None, AT} == {read.occurred_at for read in seen}
    assert {(), (fees[1],)} == {read.amounts for read in seen}
    assert sorted(map(len, (read.amounts for read in seen))) == [len(read.amounts) for read in seen]


@pytest.mark.parametrize("payload", [b'[1,2,{"' * 9_000, b",,]}" * 16_000, b'"' * 65_536, b'{"\\'])
def test_what_is_cut_and_hostile_is_not_read(payload: bytes) -> None:
    """In the time that its bytes take."""
    assert Readable(None, ()) == readable(payload, None, is_cut=True)


@given(st.lists(st.tuples(st.sampled_from(["USD", "JPY"]), st.integers(0, 10**18 - 1))))
def test_sums_are_exact(paid: list[tuple[str, int]]) -> None:
    """What is read of each amount, as text, adds up to the micro, however large."""
    events = [
        sale(data={"fee": {"amount": f"{Decimal(micros).scaleb(-6):f}", "currency": currency}})
        for currency, micros in paid
    ]

    assert paid == [amount for event in events for amount in read(event).amounts]
