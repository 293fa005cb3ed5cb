"""What is proven is what reading it one by one makes of it; the models stay the authority."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.ingest import transforms
from pipelines.ingest.job import ingest
from pipelines.ingest.policy import EVERYONE, Entry, Policy
from pipelines.ingest.prove import prove, read_events
from pipelines.ingest.tables import events_table
from pipelines.ingest.unread import texts_of, unread
from pipelines.ingest.validate import LEAST, read_event
from pipelines.lake import sql
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.limits import Limits
from pipelines.sources.lines import Lines
from pipelines.sources.watch import Watch
from schemas.record import Event, Received
from tests.conftest import SLOW_EXAMPLES
from tests.ingest import cases
from tests.lake.sending import rows

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 12, 1)  # noqa: DTZ001  naive is UTC here
QUICK = ("advance-paid", "asset-generated", "image-licensed")
"""Types of which events can be proven."""

_SAMPLED = 32
"""So few texts are all looked at for their shape."""

EXAMPLES = settings(
    max_examples=settings().max_examples // SLOW_EXAMPLES,
    suppress_health_check=list(HealthCheck),
)


def _texts(outcome: str) -> list[bytes]:
    """Return the small texts of cases that are in structured mode and whole."""
    read = [cases.received(cases.read(name)) for name in cases.names(outcome)]
    texts = [one for one in read if one.attributes is None and one.size < 0]
    return [one.body for one in texts if len(one.body) < 5_000]


def _quick(texts: Sequence[bytes]) -> list[bytes]:
    return [text for text in texts if any(f'"{kind}"'.encode() in text for kind in QUICK)]


GOOD = _quick(_texts("pass"))
ANY = [*_texts("pass"), *_texts("fail")]

PIECES = [
    b'"', b"\\", b"\\u0041", b"\\ud800", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xed\xa0\x80",
    b"\xc3\xa9", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\r", b"\x0b",
    b" ", b"\t", b",", b":", b"{", b"}", b"[", b"]", b"null", b"true", b"1.0", b"1e3", b"-0", b"0",
    b"9" * 30, b"NaN", b"Infinity", b"'", b"/*x*/", b".", b"-", b"+02:00", b"-23:59", b"t", b"z",
    b":60", b"000000000000", b"/", b"a" * 128, b"a" * 256, b"digsrctype:", b"manyhands",
    b"[" * 20, b"https://cv.iptc.org/newscodes/digitalsourcetype/",
]  # fmt: skip
VALUES = [
    b"", b"0", b"1", b"0.5", b"1.50", b"0.000000000000000000", b"1.000000000000000000",
    b"0.0000001", b"12345678901234567", b"01", b"+1", b"HRK", b"XXX", b"compositeSynthetic",
    b"digitalArt", b"2026-10-01t10:00:00.5z", b"2026-02-30T00:00:00Z",
    b"2024-02-29T00:00:00+00:00", b"2000-01-01T00:30:00+01:00", b"2099-12-31T23:30:00-01:00",
    b"2026-10-01T00:30:00.123456+23:59", b"2026-12-31T23:59:60Z", b"1999-12-31T00:00:00Z",
    b"2027-06-01T00:00:00Z", b"manyhands",
]  # fmt: skip
MEMBERS = [
    b'"id":"x",', b'"ID":"x",', b'"Source":"/q",', b'"Data":{"asset_id":"q"},', b'"data":{},',
    b'"valid_until":null,', b'"valid_until":"2026-10-01T00:00:00Z",', b'"attributions":[],',
    b'"attributions":null,', b'"attributions":[{"image_id":"i","share":"0.50"}],', b'"x":null,',
    b'"x":-1,', b'"x":1.5,', b'"x":false,', b'"x":{"y":[]},', b'"subject":"\xf0\x9f\x98\x80",',
    b'"datacontenttype":"application/json",', b'"datacontenttype":null,', b'"dataschema":null,',
    b'"dataschema":"urn:manyhands:schema:asset-generated:1",', b'"a b":"c",', b'"":"",',
]  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Draw the text of a case, more or less damaged."""
    text = draw(st.sampled_from(GOOD) | st.sampled_from(ANY))
    for _ in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(_WAYS))(draw, text)
    return text.replace(b"\n", b" ")


def _at(draw: st.DrawFn, text: bytes) -> int:
    return draw(st.integers(0, len(text)))


def _with_a_byte(draw: st.DrawFn, text: bytes) -> bytes:
    at = _at(draw, text)
    return text[:at] + draw(st.binary(min_size=1, max_size=1)) + text[at + 1 :]


def _with_a_piece(draw: st.DrawFn, text: bytes) -> bytes:
    at = _at(draw, text)
    return text[:at] + draw(st.sampled_from(PIECES)) + text[at:]


def _without_a_piece(draw: st.DrawFn, text: bytes) -> bytes:
    at = _at(draw, text)
    return text[:at] + text[at + draw(st.integers(1, 6)) :]


def _with_a_value(draw: st.DrawFn, text: bytes) -> bytes:
    strings = list(re.finditer(rb'(?<=")[^"]*(?=")', text))
    if not strings:
        return text
    one = draw(st.sampled_from(strings))
    return text[: one.start()] + draw(st.sampled_from(VALUES)) + text[one.end() :]


def _with_a_member(draw: st.DrawFn, text: bytes) -> bytes:
    places = [one.end() for one in re.finditer(rb"\{", text)]
    if not places:
        return text
    at = draw(st.sampled_from(places))
    return text[:at] + draw(st.sampled_from(MEMBERS)) + text[at:]


def _in_another_order(draw: st.DrawFn, text: bytes) -> bytes:
    try:
        event = json.loads(text)
        members = draw(st.permutations(list(event.items())))
        data = draw(st.permutations(list(event["data"].items())))
    except (ValueError, AttributeError, TypeError, KeyError):
        return text
    written = json.dumps({**dict(members), "data": dict(data)}, ensure_ascii=draw(st.booleans()))
    return written.encode(errors="surrogatepass")


_WAYS = (
    _with_a_byte,
    _with_a_piece,
    _without_a_piece,
    _with_a_value,
    _with_a_member,
    _in_another_order,
)


def _received(some: Sequence[bytes]) -> list[Received]:
    return [Received(place, "f", str(place + 1), text) for place, text in enumerate(some)]


def _proven(some: Sequence[bytes], policy: Policy = EVERYONE) -> dict[int, object]:
    """Return the rows that are proven, by their place; the rest is every other place."""
    rows: dict[int, object] = {}
    for start in range(0, len(some), _SAMPLED):
        texts = texts_of(_received(some)[start : start + _SAMPLED])
        found = prove(texts, NOW, policy, least=0)
        proven = [row for table in found.events for row in table.to_pylist()]
        places = [row["position"] - start for row in proven]
        assert sorted([*places, *found.rest.to_pylist()]) == list(range(len(texts)))
        rows |= {row["position"]: row for row in proven}
    return rows


def _one_by_one(some: Sequence[bytes]) -> dict[int, object]:
    """Return the rows that decode and validate make of texts, by their place."""
    read = [read_event(one, NOW) for one in _received(some)]
    events = [one for one in read if isinstance(one, Event)]
    return {row["position"]: row for row in events_table(events).to_pylist()}


@given(st.lists(texts(), min_size=1, max_size=12))
@EXAMPLES
def test_what_is_proven_is_what_reading_it_makes_of_it(some: list[bytes]) -> None:
    """Row by row: content, digest, time and identity; and nothing that is refused is proven."""
    one_by_one = _one_by_one(some)

    proven = _proven(some)

    assert {place: one_by_one.get(place) for place in proven} == proven


def test_every_case_is_read_alike() -> None:
    """Valid or not."""
    one_by_one = _one_by_one(ANY)

    proven = _proven(ANY)

    assert {place: one_by_one.get(place) for place in proven} == proven


def test_what_is_valid_and_not_proven_is_rare() -> None:
    """Of the cases only those with escapes, or with attributes of ours or others that are odd."""
    kinds = tuple(f"{kind}." for kind in QUICK)
    read = {name: cases.received(cases.read(name)) for name in cases.names("pass")}
    whole = {name: one.body for name, one in read.items() if one.attributes is None}

    left = {name for name, text in whole.items() if name.startswith(kinds) and not _proven([text])}

    assert {
        "asset-generated.brackets_in_strings.pass.json",
        "asset-generated.integer_of_4300_digits.pass.json",
        "asset-generated.null_attributes.pass.json",
        "asset-generated.sixteen_deep.pass.json",
        "asset-generated.surrogate_pair.pass.json",
    } == left


def test_each_type_that_is_mostly_sent_can_be_proven() -> None:
    """A model that says something new is left to pydantic, and this test says so."""
    proven = [GOOD[place] for place in _proven(GOOD)]

    assert set(QUICK) == {json.loads(text)["type"] for text in proven}


def test_a_log_is_the_same_whichever_way_its_events_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of every relation, but for the ids of batches, which are drawn."""
    path = tmp_path / "events.ndjson"
    several = [text.replace(b'"e1"', b'"e%d"' % place) for place, text in enumerate(ANY)]
    path.write_bytes(b"\n".join(text.replace(b"\n", b" ") for text in several))
    stored = {}
    for name, least in (("quick", 0), ("slow", 1 << 30)):
        monkeypatch.setattr(transforms, "prove", partial(prove, least=least))
        stored[name] = _ingested(tmp_path / name, path)

    assert stored["slow"] == stored["quick"]
    assert len(stored["slow"]["event"]) > len(GOOD) // 2


def _ingested(folder: Path, source: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of a log and its facts, once a file was ingested in small batches."""
    warehouse, limits = Warehouse(folder), Limits(lines=40)
    done = ingest(
        warehouse,
        [str(source)],
        clock=lambda: NOW,
        manifest_roots=[],
        watch=Watch(lambda _: None),
        limits=limits,
    )
    assert sum(one.counts.received for one in done) == len(ANY) - ANY.count(b"")
    names = ("dead_letter", "event", "ingest_batch", *sql.names("facts"))
    drawn = {"dead_letter": "batch_id", "event": "batch_id", "ingest_batch": "batch_id"}
    return {
        name: rows(
            folder,
            f"SELECT * {f'EXCLUDE ({drawn[name]})' if name in drawn else ''}"
            f" FROM {name} ORDER BY ALL",
        )
        for name in names
    }


def test_a_text_that_is_not_utf_8_takes_no_other_with_it() -> None:
    """Those in ASCII beside it are proven."""
    good = next(text for text in GOOD if text.isascii())

    assert {0, 2} == set(_proven([good, good.replace(b'"1.0"', b'"\xff"'), good]))


def test_what_the_policy_refuses_is_left() -> None:
    """And so is what is in the future."""
    good = next(text for text in GOOD if b"asset-generated" in text)
    late = re.sub(rb'("time": ?")[^"]*', rb"\g<1>2026-12-01T00:05:00.000001Z", good)
    other = re.sub(rb'("source": ?")[^"]*', rb"\g<1>/other", good)
    policy = Policy((Entry("/other", types=("asset-generated",)), Entry("/m*", ("elsewhere",))))

    assert {0, 2} == set(_proven([good, late, other]))
    assert {2} == set(_proven([good, late, other], policy))


def test_a_shape_that_few_texts_have_is_left() -> None:
    """A query for it would be more work than reading them."""
    good = next(text for text in GOOD if b"asset-generated" in text)
    table = texts_of(_received([good] * 400))

    assert [0, 400] == [len(prove(table, NOW, least=least).rest) for least in (400, LEAST)]


def test_messages_are_read_alike_whatever_else_is_among_them() -> None:
    """In binary mode, cut short, or proven: each stays in its place."""
    good = next(text for text in GOOD if b"asset-generated" in text)
    apart = [cases.received(cases.read(name)) for name in cases.names("fail")[:40]]
    messages = [*_received([good] * 600), *apart, *_received([good])]

    read = read_events(messages, NOW)

    assert [read_event(one, NOW) for one in messages] == read


def test_lines_are_a_table_as_they_are_one_by_one() -> None:
    """A line that is blank is one of the table, and no message."""
    parts = [Lines("a", 3, b'{"a":1}\r\n\n \t\n', 3), Lines("b", 1, b"x\n{}", 2, position=3)]

    table = unread(parts).texts

    expected = [(0, "a", "3", b'{"a":1}\r'), (1, "a", "4", b""), (2, "a", "5", b" \t"),
                (3, "b", "1", b"x"), (4, "b", "2", b"{}")]  # fmt: skip
    assert expected == [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("name", sql.names("functions/proof"))
def test_a_macro_says_which_function_it_is(name: str) -> None:
    """Its head names the module of the models that has it."""
    head = sql.text("functions/proof", name)
    module = re.search(r"of (schemas/\w+\.py)", head)

    assert module
    assert f"def {name}(" in (ROOT / module[1]).read_text(encoding="utf-8")


def test_nothing_received_is_nothing_proven() -> None:
    """An empty table has no shapes."""
    assert {} == _proven([])
    assert pa.array([], pa.int64()) == prove(texts_of([]), NOW).rest
