"""The canonical form of an event (SPEC §4)."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import canonical, decimals, instants
from schemas.events import EVENT_TYPES, AssetGenerated, FxRatesPublished, LicenceRevoked
from tests.ingest import cases

PASSES = [name for name in cases.names("pass") if "event" in cases.read(name)]
TEXT = st.text(max_size=500).filter(lambda text: "\0" not in text)


def _revoked(reason: str) -> LicenceRevoked:
    return LicenceRevoked(licence_id="l", effective_at="2026-01-01T00:00:00Z", reason=reason)


def test_content_is_sorted_json_of_data_time_and_type() -> None:
    """The content has three keys, in order, without spaces."""
    content = canonical.content("licence-revoked", "2026-01-02T00:00:00.000000Z", _revoked("r"))

    expected = (
        '{"data":{"effective_at":"2026-01-01T00:00:00.000000Z","licence_id":"l","reason":"r"},'
        '"time":"2026-01-02T00:00:00.000000Z","type":"licence-revoked"}'
    )
    assert expected == content


def test_content_sha256_is_that_of_its_utf8() -> None:
    """The digest is in lower-case hex, of the bytes in UTF-8."""
    expected = "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"

    assert expected == canonical.content_sha256("é")


@given(TEXT)
def test_strings_are_escaped_as_in_rfc_8785(text: str) -> None:
    """Only quotes, backslashes and control characters are escaped, in the shortest way."""
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r"}
    short["\t"] = "\\t"
    escaped = "".join(short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text)

    assert f'"reason":"{escaped}"}}' in _revoked(text).canonical()
    assert f'"{escaped}"' == canonical.canonical_json(text)


@pytest.mark.parametrize("name", PASSES)
def test_a_model_writes_what_sorted_json_would(name: str) -> None:
    """The model's own order of fields is the sorted one, at any depth."""
    event = cases.read(name)["event"]

    data = EVENT_TYPES[event["type"]].model_validate(event["data"])

    plain = data.model_dump(by_alias=True, exclude_none=True)
    assert canonical.canonical_json(plain) == data.canonical()


@pytest.mark.parametrize("name", PASSES)
def test_the_canonical_form_is_its_own(name: str) -> None:
    """What is canonical stays as it is when it is validated again."""
    event = cases.read(name)["event"]
    model = EVENT_TYPES[event["type"]]

    once = model.model_validate(event["data"]).canonical()

    assert once == model.model_validate(json.loads(once)).canonical()


@given(st.permutations(["USD", "JPY", "SEK", "AED", "ZMW"]))
def test_the_order_of_keys_changes_nothing(currencies: list[str]) -> None:
    """Objects are equal whatever the order of their keys."""
    rates = dict.fromkeys(currencies, "1.10")
    data = FxRatesPublished(base="EUR", date="2026-10-01", rates=rates)

    expected = {"base": "EUR", "date": "2026-10-01", "rates": dict.fromkeys(currencies, "1.1")}
    assert canonical.canonical_json(expected) == data.canonical()


def test_the_order_of_lists_is_kept() -> None:
    """Two lists that differ in their order are different content."""
    one = {"image_id": "i", "share": "0.5"}
    two = {"image_id": "j", "share": "0.5"}
    event = cases.read("asset-generated.downloaded.pass.json")["event"]["data"]

    contents = {
        AssetGenerated.model_validate({**event, "attributions": order}).canonical()
        for order in ([one, two], [two, one])
    }

    assert 2 == len(contents)


@pytest.mark.parametrize(
    ("received", "plain"),
    [
        ("0", "0"),
        ("0.000000", "0"),
        ("10", "10"),
        ("100", "100"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("10.000", "10"),
        ("0.000001", "0.000001"),
        ("999999999999.999999", "999999999999.999999"),
    ],
)
def test_decimals_have_no_trailing_zeros(received: str, plain: str) -> None:
    """Zeros after the point that change nothing go, those before it stay."""
    assert plain == decimals.plain(received)


@given(st.integers(0, 10**18))
def test_a_decimal_is_read_exactly(micros: int) -> None:
    """A decimal string and its integer of smallest units are the same number."""
    text = f"{micros // 10**6}.{micros % 10**6:06}"

    assert micros == decimals.scaled(text, 6)
    assert micros == decimals.scaled(decimals.plain(text), 6)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-10-20T08:00:00Z", "2026-10-20T08:00:00.000000Z"),
        ("2026-10-20t08:00:00z", "2026-10-20T08:00:00.000000Z"),
        ("2026-10-20T08:00:00.1Z", "2026-10-20T08:00:00.100000Z"),
        ("2026-10-20t08:00:00.123456z", "2026-10-20T08:00:00.123456Z"),
        ("2026-10-20T08:00:00-00:00", "2026-10-20T08:00:00.000000Z"),
        ("2026-10-20T08:00:00.5+23:59", "2026-10-19T08:01:00.500000Z"),
        ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000000Z"),
        ("2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999Z"),
    ],
)
def test_instants_are_utc_with_six_decimals(received: str, expected: str) -> None:
    """An instant is written in one way, whatever offset it came with."""
    assert expected == instants.canonical(received)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - UTC, naive
def test_an_instant_is_read_as_it_was_written(moment: datetime) -> None:
    """Writing an instant and reading it loses nothing."""
    assert moment == instants.read(instants.written(moment))
    assert instants.written(moment) == instants.canonical(instants.written(moment))
