"""A producer's check: what it counts, and what it holds in memory."""

import json
import tracemalloc
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.check import Check, Rules
from pipelines.ingest.figures import Report, Span
from pipelines.ingest.identities import Identities
from pipelines.sources.files import find_files
from schemas.record import Event, Received
from tests.marketplace import Events

NOW = datetime(2026, 12, 1)  # noqa: DTZ001  naive and in UTC
OCTOBER = Span(datetime(2026, 10, 1), datetime(2026, 11, 1))  # noqa: DTZ001


def _event(number: int, kind: str = "licence-revoked", origin: str = "a.ndjson") -> Event:
    received = Received(0, origin, str(number), b"")
    content = f'{{"type":"{kind}","n":{number}}}'
    digest = sha256(content.encode()).hexdigest()
    at = OCTOBER.starts_at
    return Event(received, "/market", f"e{number}", kind, at, content, digest)


def test_reports_are_not_counted_among_what_is_reported() -> None:
    """A report that lies in the files already changes no figure of the next."""
    report = Report("/market", OCTOBER)
    for number, kind in enumerate(["licence-revoked", "source-reported", "event-reversed"]):
        report.add(_event(number, kind))

    assert {"licence-revoked": 1, "event-reversed": 1} == report.figures.counts


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 10**12), st.integers(-40, 40))))
def test_a_report_adds_exactly_what_lies_in_its_span(sales: list[tuple[str, int, int]]) -> None:
    """Amounts of 6 decimals, on days around the span, one of them its first, another its end."""
    report = Report("/market", OCTOBER)
    codes = {"A": "USD", "B": "JPY"}
    expected: dict[str, Decimal] = {}
    for number, (currency, micros, day) in enumerate(sales):
        event = _event(number, "asset-generated")
        event.occurred_at += timedelta(days=day)
        amount = Decimal(micros).scaleb(-6)
        money = {"amount": f"{amount:f}", "currency": codes[currency]}
        event.content = json.dumps({"data": {"revenue": money}})
        report.add(event)
        if 0 <= day < 31:
            expected[codes[currency]] = expected.get(codes[currency], Decimal(0)) + amount

    assert expected == {code: Decimal(sum_) for code, sum_ in report.figures.amounts.items()}
    assert len(sales) == report.outside + report.figures.counts.total()


def test_an_identity_knows_the_file_and_the_line_that_it_stood_on() -> None:
    """Files may have lines of the same number."""
    identities = Identities()
    identities.add(_event(7, origin="a.ndjson"))
    identities.add(_event(8, origin="b.ndjson"))
    first, second = identities.find(_event(7)), identities.find(_event(8, "event-reversed"))

    assert first is not None
    assert second is not None
    assert ("a.ndjson", "7", True) == (first.origin, first.line, first.is_same)
    assert ("b.ndjson", "8", False) == (second.origin, second.line, second.is_same)
    assert identities.find(_event(9)) is None


def test_an_identity_takes_250_bytes_of_memory() -> None:
    """As docs/producers.md says."""
    count = 44_000  # by now the table of a dict has just grown, which takes the most for each
    identities = Identities()
    tracemalloc.start()
    for number in range(count):
        identities.add(_event(number))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 100 < held / count
    assert peak / count < 250


def test_memory_does_not_grow_with_the_size_of_a_file(tmp_path: Path) -> None:
    """What is refused, or sent again, isn't held."""
    events = Events()
    events.generation("1", "1")
    (line,) = Path(events.write(tmp_path / "one")).read_bytes().splitlines()
    padding = b" " * 10_000
    path = tmp_path / "a.ndjson"
    path.write_bytes((line + padding + b"\n" + b"{" + padding + b"\n") * 1_000)
    files, _ = find_files([str(path)])
    with ExitStack() as stack:
        check = Check(Rules(NOW, 1 << 30), stack)
        tracemalloc.start()
        refused = sum(1 for _ in check.refusals(files))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (1, 999, 1_000) == (check.accepted, check.duplicate, refused)
    assert path.stat().st_size > 20_000_000
    assert peak < 4_000_000
