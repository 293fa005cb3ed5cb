"""Reads an event of the log again: from the bytes received, else from its canonical content."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from pipelines.ingest.prove import read_events
from pipelines.ingest.validate import read_event
from pipelines.lake.rebuilding import Logged
from pipelines.verify.finding import Code, Finding
from schemas.record import Event, Received, Rejected


def read_all_again(
    events: Sequence[Logged], recorded_at: datetime
) -> Iterator[tuple[Logged, Event | None, list[Finding]]]:
    """Yield what each event of a batch is, and what of it isn't as it was received."""
    received = [_received(event, position) for position, event in enumerate(events)]
    for position, (event, of_bytes) in enumerate(
        zip(events, read_events(received, recorded_at), strict=True)
    ):
        yield event, *_read_again(event, position, recorded_at, of_bytes)


def _read_again(
    event: Logged, position: int, recorded_at: datetime, of_bytes: Event | Rejected
) -> tuple[Event | None, list[Finding]]:
    """Return what an event of the log is, and what of it isn't as it was received.

    The bytes received and the canonical content each say it, and the digest says which of them is
    as it was. None: nobody can say what the event is.
    """
    if isinstance(of_bytes, Event) and of_bytes.content_sha256 == event.content_sha256:
        return of_bytes, []
    of_content = _read_content(event, position, recorded_at)
    if of_content is not None and of_content.content_sha256 == event.content_sha256:
        return of_content, [_of_body(event, of_bytes)]
    if isinstance(of_bytes, Event) and of_bytes.content == event.content:
        expected = of_bytes.content_sha256
        finding = _finding(event, "content_sha256", expected, event.content_sha256)
        return of_bytes, [finding]
    return None, [_of_body(event, of_bytes), _of_content(event, of_content)]


def _of_body(event: Logged, read: Event | Rejected) -> Finding:
    if isinstance(read, Rejected):
        found = f"bytes that are refused ({read.reason}: {read.message})"
    else:
        found = f"bytes of an event with the digest {read.content_sha256}"
    expected = f"bytes of an event with the digest {event.content_sha256}"
    return _finding(event, "body", expected, found)


def _of_content(event: Logged, read: Event | None) -> Finding:
    found = read.content_sha256 if read else "no event"
    return _finding(event, "content", event.content_sha256, found)


def _finding(event: Logged, field: str, expected: str, found: str) -> Finding:
    return Finding(Code.CONTENT, "event", f"seq={event.seq} {field}", expected, found)


def _received(event: Logged, position: int) -> Received:
    body, attributes = event.body or b"", event.received_attributes()
    return Received(position, "log", str(event.seq), body, attributes)


def _read_content(event: Logged, position: int, recorded_at: datetime) -> Event | None:
    """Return the event of the canonical content, in an envelope of the identity as stored."""
    try:
        envelope = {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            **json.loads(event.content),
        }
    except (ValueError, TypeError, RecursionError):
        return None
    body = json.dumps(envelope).encode()
    read = read_event(Received(position, "log", str(event.seq), body, None), recorded_at)
    return read if isinstance(read, Event) else None
