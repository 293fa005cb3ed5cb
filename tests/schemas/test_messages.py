"""What people read of an event that is refused: short, literal, without inner names."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import first_error
from schemas.events import EVENT_TYPES
from schemas.json_text import UnreadableError, read_json

SHARES = [{"contributor_id": "ana", "share": "0.5"}, {"contributor_id": "ben", "share": "0.4"}]
IMAGES = [{"image_id": "a", "share": "0.1"}, {"image_id": "a", "share": "0.2"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xef\xbb\xbf{}", "begins with a byte order mark; save the file as UTF-8 without one"),
        (b'{"a": NaN}', "NaN is not allowed"),
        (b'{"a": -Infinity}', "-Infinity is not allowed"),
        (b'{"a": 1, "a": 1}', "an object has the same key twice"),
        (b'"\\ud800"', "a lone surrogate (half of a UTF-16 pair) is not allowed"),
    ],
)
def test_a_text_that_is_not_json_says_what_it_has(text: bytes, message: str) -> None:
    """In words of JSON, not of the parser."""
    with pytest.raises(UnreadableError) as caught:
        read_json(text)

    assert message == caught.value.message


@pytest.mark.parametrize(
    ("event_type", "field", "value", "message"),
    [
        ("image-licensed", "contributors", SHARES, "shares must add up to 1"),
        ("image-licensed", "contributors", [SHARES[0]] * 2, "a contributor is listed twice"),
        ("asset-generated", "attributions", IMAGES, "an image is listed twice"),
        ("asset-generated", "revenues", "1", "unknown field"),
    ],
)
def test_a_field_says_what_must_hold(
    event_type: str, field: str, value: object, message: str
) -> None:
    """As somebody who sends events would say it."""
    fields = {**_VALID[event_type], field: value}
    with pytest.raises(ValidationError) as caught:
        EVENT_TYPES[event_type].model_validate(fields)

    assert (field, message) == first_error(caught.value, fields)


_MONEY = {"amount": "1", "currency": "USD"}
_VALID: dict[str, dict[str, Any]] = {
    "image-licensed": {
        "licence_id": "L",
        "image_id": "a",
        "licensee_id": "lab",
        "use": "download",
        "fee": _MONEY,
        "digital_source_type": "digitalCapture",
        "valid_from": "2026-01-01T00:00:00Z",
        "contributors": [{"contributor_id": "ana", "share": "1"}],
    },
    "asset-generated": {
        "asset_id": "a",
        "model_id": "m",
        "version": "1",
        "customer_id": "c",
        "action": "licensed",
        "revenue": _MONEY,
    },
}
