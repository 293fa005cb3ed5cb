"""The one check that each case ends in: nothing lost, nothing twice, all counts, all digests."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pipelines.ingest.decode import decode
from pipelines.ingest.validate import validate
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.messages import received
from schemas.envelope import ATTRIBUTE_PREFIX, CONTENT_TYPE
from schemas.record import Event, Received, Rejected
from tests.conftest import run
from tests.faults.scene import CLOSE, Message, Scene
from tests.lake.sending import rows

NOW: Final = datetime.fromisoformat("2026-12-01")
_OWN: Final = "manyhands"
_COUNTS: Final = """
SELECT
    sum(received), sum(accepted), sum(accepted + duplicate + conflict + rejected),
    bool_and(received = accepted + duplicate + conflict + rejected)
FROM ingest_batch
"""


def check(scene: Scene) -> None:
    """Insist on what holds whatever happened, once the broker has nothing left.

    Each message and each line, all of which are acknowledged by now, is in the log once, by its
    identity and content, or is kept as refused. The counts add up. The accepted events give, in
    their order, the same close digests in a fresh warehouse.
    """
    events = _events(scene.place)
    _check_once(events)
    _check_all_there(scene, events)
    _check_counts(scene, events)
    _check_digests(scene)


def _events(place: Path | Warehouse) -> list[tuple[Any, ...]]:
    return rows(place, "SELECT seq, source, id, content_sha256 FROM event ORDER BY seq")


def _check_once(events: Sequence[tuple[Any, ...]]) -> None:
    assert list(range(1, len(events) + 1)) == [seq for seq, *_ in events], "seq has gaps or repeats"
    identities = Counter((source, name) for _, source, name, _ in events)
    assert {} == {one: n for one, n in identities.items() if n > 1}, "events are there twice"


def _check_all_there(scene: Scene, events: Sequence[tuple[Any, ...]]) -> None:
    logged = {tuple(one) for _, *one in events}
    letters = {item for (item,) in rows(scene.place, "SELECT origin_item FROM dead_letter")}
    lost = [
        message.id
        for message in scene.messages
        if message.id not in letters and _identified(_as_received(message)) not in logged
    ]
    assert [] == lost, f"{len(lost)} messages are acknowledged and neither in the log nor refused"
    lines = {_identified(Received(0, "file", "1", line)) for line in scene.lines}
    assert set() == lines - logged, "lines of an ingest that ended well are not in the log"


def _as_received(message: Message) -> Received:
    kept = {"data": message.body, "attributes": message.attributes or {}, "message_id": message.id}
    return received(type("Kept", (), kept), 0, "pubsub:")


def _identified(one: Received) -> tuple[str, str, str] | None:
    """Return identity and content of an event; None for what is none."""
    decoded = decode(one)
    event = decoded if isinstance(decoded, Rejected) else validate(decoded, NOW)
    return (event.source, event.id, event.content_sha256) if isinstance(event, Event) else None


def _check_counts(scene: Scene, events: Sequence[tuple[Any, ...]]) -> None:
    ((taken, accepted, counted, is_each),) = rows(scene.place, _COUNTS)
    assert is_each, "a batch's counts don't add up"
    assert taken == counted, "the counts don't add up"
    assert taken >= len(scene.messages) + len(scene.lines), "less was counted than was sent"
    assert accepted == sum(source != _OWN for _, source, *_ in events), (
        "accepted isn't what is there"
    )


def _check_digests(scene: Scene) -> None:
    closed = run([*CLOSE, *scene.words])
    assert 0 == closed.code, closed.stderr
    assert _closes(scene.place) == list(_replayed(scene)), "a replay gives other digests"


def _closes(place: Path | Warehouse) -> list[tuple[Any, ...]]:
    return rows(place, "SELECT period, log_seq, digest FROM period_close ORDER BY period")


def _replayed(scene: Scene) -> Iterator[tuple[Any, ...]]:
    """Replay the log into a fresh warehouse, and close where the log was closed."""
    fresh = scene.folder / "replayed"
    closes = _closes(scene.place)
    assert closes, "nothing was closed"
    ends = [0, *(log_seq for _, log_seq, _ in closes)]
    for (after, to), (period, log_seq, _) in zip(pairwise(ends), closes, strict=True):
        path = scene.folder / f"{period}.ndjson"
        path.write_bytes(b"".join(_lines(scene.place, after, to)))
        ingested = run(
            ["ingest", f"--warehouse={fresh}", str(path), "--as-of=2026-12-01T00:00:00Z"]
        )
        assert 0 == ingested.code, ingested.stderr
        words = ["close", f"--period={period}", "--as-of=2027-01-01T00:00:00Z", "--json"]
        closed = run([*words, f"--warehouse={fresh}"])
        assert 0 == closed.code, closed.stderr
        yield period, log_seq, closed.json["closes"][0]["digest"]


def _lines(place: Path | Warehouse, after: int, to: int) -> Iterator[bytes]:
    """Yield the log's events, our own aside, as lines of a file."""
    query = (
        f"SELECT body, attributes FROM event WHERE seq > {after} AND seq <= {to}"
        f" AND source <> '{_OWN}' ORDER BY seq"
    )
    for body, attributes in rows(place, query):
        yield (_structured(body, attributes) if attributes else body).replace(b"\n", b" ") + b"\n"


def _structured(body: bytes, attributes: str) -> bytes:
    """Return an event of binary mode in structured mode."""
    given = json.loads(attributes)
    envelope = {
        name.removeprefix(ATTRIBUTE_PREFIX): text
        for name, text in given.items()
        if name != CONTENT_TYPE
    }
    return json.dumps(envelope)[:-1].encode() + b', "data": ' + body + b"}"
