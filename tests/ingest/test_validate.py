"""What is an event, what is refused, and for which reason (SPEC §3)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.ingest.outcome import Piece, Record
from pipelines.ingest.transforms import Decode, Validate
from pipelines.ingest.validate import validate
from schemas.canonical import canonical_json
from schemas.events import EVENT_TYPES
from schemas.record import Decoded, Event, Received, Rejected
from schemas.rejection import Reason
from tests import scenario
from tests.ingest import cases

JSON_BLANKS = b" \t\r\n"
WITHOUT_A_LOG = {
    "external_manifest",  # what its log holds is for the commit to say
    *(name for name in scenario.NAMES if not scenario.read(name)[1]["closes"]),
}
COUNTED_BY_THE_COMMIT = {reason.value for reason in cases.FOUND_BY_THE_COMMIT}


@pytest.mark.parametrize("name", cases.names("pass"))
def test_a_case_that_passes_has_its_canonical_content(name: str) -> None:
    """An accepted event's content is its canonical form, and its digest that of the content."""
    case = cases.read(name)

    event = cases.judge(cases.received(case), case.get("now", cases.NOW))

    assert isinstance(event, Event), event
    assert canonical_json(case["content"]) == event.content
    assert sha256(event.content.encode()).hexdigest() == event.content_sha256
    assert case["content"]["time"] == event.occurred_at.isoformat(timespec="microseconds") + "Z"


@pytest.mark.parametrize("name", [n for n in cases.names("pass") if "event" in cases.read(n)])
def test_binary_mode_gives_the_same_event(name: str) -> None:
    """An event in binary mode differs in nothing but how it was received."""
    case = cases.read(name)
    now = case.get("now", cases.NOW)
    structured = cases.structured(case["event"])

    event = cases.judge(structured, now)
    twin = cases.judge(cases.binary(case["event"]), now)

    assert isinstance(twin, Event), twin
    assert event == replace(twin, received=structured)


@pytest.mark.parametrize("name", cases.names("fail"))
def test_a_case_that_fails_has_its_reason(name: str) -> None:
    """A refused event names the first reason of the table, where in it, and how."""
    case = cases.read(name)

    rejected = cases.judge(cases.received(case), case.get("now", cases.NOW))

    if case["reason"] in cases.FOUND_BY_THE_COMMIT:
        assert isinstance(rejected, Event), rejected
        return
    assert isinstance(rejected, Rejected), rejected
    assert (case["reason"], case["path"]) == (rejected.reason, rejected.path)
    assert rejected.message


def test_every_type_has_a_case_that_passes() -> None:
    """No type is without an example."""
    assert set(EVENT_TYPES) == {name.split(".")[0] for name in cases.names("pass")}


def test_every_reason_has_a_case() -> None:
    """No reason is without an example, but for a source policy, which no file can hold."""
    reasons = {cases.read(name)["reason"] for name in cases.names("fail")}

    assert set(Reason) - {Reason.SOURCE_NOT_ALLOWED} == reasons


@pytest.mark.parametrize("name", scenario.NAMES)
def test_a_worked_case_is_counted_as_expected(name: str) -> None:
    """Every reason that comes before the commit's is found as often as the worked case says."""
    steps, expected = scenario.read(name)
    refused: Counter[str] = Counter()
    contents: dict[tuple[str, str], set[str]] = {}

    for outcome in _outcomes(steps):
        if isinstance(outcome, Rejected):
            refused[outcome.reason] += 1
        else:
            contents.setdefault((outcome.source, outcome.id), set()).add(outcome.content_sha256)

    counts = expected["ingest"]
    by_the_commit = {r: n for r, n in counts["rejected"].items() if r in COUNTED_BY_THE_COMMIT}
    before_it = {r: n for r, n in counts["rejected"].items() if r not in COUNTED_BY_THE_COMMIT}
    assert before_it == dict(refused)
    if not by_the_commit:
        assert counts["accepted"] == len(contents)
    if not counts["conflict"]:
        assert all(len(digests) == 1 for digests in contents.values())


@pytest.mark.parametrize("name", [n for n in scenario.NAMES if n not in WITHOUT_A_LOG])
def test_contents_hash_to_the_log_digest_of_a_worked_case(name: str) -> None:
    """The canonical forms are those of the worked case, to the byte, up to its first close."""
    steps, expected = scenario.read(name)
    first_close = expected["closes"][0]
    before = list(takewhile(lambda step: "close" not in step, steps["steps"]))
    log: dict[tuple[str, str], str] = {}

    for event in _outcomes({"steps": before}):
        if isinstance(event, Event):
            log.setdefault((event.source, event.id), event.content_sha256)

    assert first_close["log_seq"] == len(log)
    assert first_close["log_digest"] == _log_digest(log)


def _log_digest(log: dict[tuple[str, str], str]) -> str:
    """Seal a log as SPEC §6 says: blocks of 4,096 events, then the blocks."""
    numbered = enumerate(log.items(), start=1)
    lines = [f"{seq} {source} {id_} {digest}\n" for seq, ((source, id_), digest) in numbered]
    blocks = ["".join(lines[at : at + 4096]) for at in range(0, len(lines), 4096)]
    digests = [sha256(block.encode()).hexdigest() + "\n" for block in blocks]
    return sha256("".join(digests).encode()).hexdigest()


def _outcomes(steps: dict[str, list[dict[str, object]]]) -> Iterator[Event | Rejected]:
    for step in steps["steps"]:
        items = step.get("ingest", [])
        assert isinstance(items, list)
        for body in filter(lambda line: line.strip(JSON_BLANKS), map(scenario.line, items)):
            yield cases.judge(Received(0, "file", "1", body), str(step["recorded_at"]))


@pytest.mark.parametrize(
    "first",
    [
        {"id": "e1", "type": "nope"},
        {"data": {}},
        {"specversion": "1.0", "time": "2026-10-20T08:00:00Z"},
    ],
)
def test_the_first_error_of_an_envelope_is_named(first: dict[str, object]) -> None:
    """The path goes to the first attribute that is off, in the order of the specification."""
    order = ["specversion", "id", "source", "type", "time", "data"]

    rejected = validate(Decoded(Received(0, "f", "1", b""), first), datetime(2026, 12, 1))  # noqa: DTZ001

    assert isinstance(rejected, Rejected)
    assert next(name for name in order if name not in first) == rejected.path


def test_what_a_producer_wrote_never_makes_a_detail_long() -> None:
    """A name or a type of a mebibyte is shown by its first characters."""
    data = {"x" * 1_000_000: 1}
    event = cases.read("asset-generated.downloaded.pass.json")["event"]

    by_field = cases.judge(cases.structured({**event, "data": {**event["data"], **data}}))
    by_type = cases.judge(cases.structured({**event, "type": "y" * 1_000_000}))

    assert isinstance(by_field, Rejected)
    assert isinstance(by_type, Rejected)
    assert len(by_field.path) < 100
    assert len(by_type.message) < 100


def test_the_transforms_hand_on_what_they_refuse() -> None:
    """In its place among what passes, in the order received."""
    event = cases.read("asset-generated.downloaded.pass.json")["event"]
    batch = [
        cases.structured(event),
        Received(1, "case", "2", b"{"),
        cases.structured({**event, "id": "e2"}),
        cases.structured({**event, "type": "nope"}),
    ]

    with beam.Pipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner") as p:
        pieces = p | beam.Create([Piece(Path(), list(batch))])
        validated = pieces | Decode() | Validate(now=datetime(2026, 12, 1))  # noqa: DTZ001
        assert_that(
            validated | beam.Map(_told),
            equal_to(
                [
                    [
                        "e1",
                        "manyhands/0.1.0 decode: not_json",
                        "e2",
                        "manyhands/0.1.0 validate: unknown_type",
                    ]
                ]
            ),
        )


def _told(piece: Piece) -> list[str]:
    return [_told_one(record) for record in piece.records]


def _told_one(record: Record) -> str:
    if isinstance(record, Rejected):
        return f"{record.processor}: {record.reason}"
    return record.id if isinstance(record, Event) else repr(record)
