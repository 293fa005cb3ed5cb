"""What is JSON, and what is refused before anybody looks at what it says (SPEC §3.1, §3.4)."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.decode import decode
from schemas.json_text import MAX_BYTES, MAX_DEPTH, UnreadableError, read_json
from schemas.record import Decoded, Event, Received, Rejected
from schemas.rejection import Reason
from tests.ingest import cases

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
EVENT: cases.Case = cases.read("image-licensed.for_training.pass.json")["event"]


def _reason(text: bytes, max_depth: int = MAX_DEPTH) -> Reason | None:
    try:
        read_json(text, max_depth)
    except UnreadableError as error:
        return error.reason
    return None


@given(st.binary() | st.text().map(str.encode), st.booleans())
def test_no_bytes_raise(body: bytes, in_binary_mode: bool) -> None:  # noqa: FBT001
    """Whatever arrives becomes an event or a rejection."""
    attributes = {"ce-id": "e1"} if in_binary_mode else None

    assert isinstance(cases.judge(Received(0, "f", "1", body, attributes)), Event | Rejected)


@given(JSON)
def test_no_json_raises(value: object) -> None:
    """Whatever JSON says, it becomes an event or a rejection."""
    body = json.dumps(value).encode()

    assert isinstance(cases.judge(Received(0, "f", "1", body)), Event | Rejected)


@given(st.sampled_from(sorted(EVENT)), JSON)
def test_no_envelope_raises(name: str, value: object) -> None:
    """Whatever stands in the place of an attribute, there is an event or a rejection."""
    assert isinstance(cases.judge(cases.structured({**EVENT, name: value})), Event | Rejected)


@given(st.sampled_from(sorted(cases.names("pass"))), st.data())
def test_no_data_raises(name: str, data: st.DataObject) -> None:
    """Whatever stands in the place of a field, there is an event or a rejection."""
    event = cases.read(name).get("event", EVENT)
    field = data.draw(st.sampled_from([*event["data"], "odd"]))
    changed = {**event, "data": {**event["data"], field: data.draw(JSON)}}

    assert isinstance(cases.judge(cases.structured(changed)), Event | Rejected)


@given(JSON)
def test_json_is_read_as_it_was_written(value: object) -> None:
    """Strict reading changes no value that it takes."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")

    try:
        read = read_json(text)
    except UnreadableError as error:
        assert error.reason == Reason.TOO_DEEP  # noqa: PT017 - nothing else may be wrong with it
    else:
        assert json.loads(text) == read


def _depth(text: bytes) -> int:
    """Scan byte by byte, as the rule is written."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            in_string = escaped or byte != ord('"')
            escaped = not escaped and byte == ord("\\")
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth = max(depth - 1, 0)
        else:
            in_string = byte == ord('"')
    return deepest


@given(st.text(alphabet='[]{}"\\a:, ', max_size=60).map(str.encode), st.integers(1, 5))
def test_depth_is_counted_outside_strings(text: bytes, max_depth: int) -> None:
    """A text is too deep exactly where a scan byte by byte opens more than the allowed depth."""
    assert (_depth(text) > max_depth) == (_reason(text, max_depth) == Reason.TOO_DEEP)


def test_size_is_that_of_what_was_received() -> None:
    """A message cut short by its reader is as large as it was, not as what is left of it."""
    body = b"{}".ljust(MAX_BYTES)

    whole = decode(Received(0, "f", "1", body))
    cut = decode(Received(0, "f", "1", b"{}", size=MAX_BYTES + 1, sha256="0" * 64))

    assert isinstance(whole, Decoded)
    assert isinstance(cut, Rejected)
    assert Reason.TOO_LARGE == cut.reason


@contextmanager
def _digits(limit: int) -> Iterator[None]:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("limit", [0, 640, 4300])
def test_the_length_of_integers_is_ours_to_limit(limit: int) -> None:
    """An integer of 4,300 digits is JSON and one of 4,301 is not, whatever Python was told."""
    with _digits(limit):
        assert _reason(b"-" + b"9" * 4300) is None
        assert _reason(b"-" + b"9" * 4301) == Reason.NOT_JSON
        assert _reason(b"9" * 4301) == Reason.NOT_JSON


@pytest.mark.parametrize("text", ["1e400", "0.5", "-0", '"\\u0000"', '"\\ud83d\\ude00"', "true"])
def test_any_value_is_json(text: str) -> None:
    """RFC 8259 takes any value, and numbers of any size."""
    assert _reason(text.encode()) is None


def test_the_content_type_of_binary_mode_is_the_envelopes() -> None:
    """A content type stands for `datacontenttype`; where both are given both must be right."""
    good = cases.binary(EVENT)
    assert good.attributes is not None
    outcomes = {}

    for content_type, attribute in (("json", "json"), ("json", "xml"), ("xml", "json")):
        attributes = {
            **good.attributes,
            "content-type": f"application/{content_type}",
            "ce-datacontenttype": f"application/{attribute}",
        }
        outcome = cases.judge(Received(0, "f", "1", good.body, attributes))
        outcomes[content_type, attribute] = isinstance(outcome, Event)

    assert {("json", "json"): True, ("json", "xml"): False, ("xml", "json"): False} == outcomes


def test_attributes_of_the_transport_are_none_of_the_event() -> None:
    """Attributes without `ce-` change nothing, and none stands in for the body."""
    message = cases.binary(EVENT)
    assert message.attributes is not None
    message.attributes |= {"googclient_x": "1", "ce-data": "{}", "id": "other"}

    event = cases.judge(message)

    assert isinstance(event, Event), event
    assert EVENT["id"] == event.id
