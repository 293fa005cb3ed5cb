"""Whatever comes, in whatever order and however often, the rest flows (SPEC §3.4, §8)."""

import json
from collections.abc import Sequence
from itertools import chain, cycle, islice
from random import Random
from typing import Any, Final

import pytest

from tests.emulator import wait_until
from tests.faults.final_check import check
from tests.faults.scene import Scene, market
from tests.feed import binary, bodies
from tests.lake.sending import rows

HURTFUL: Final = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deeper in an event": b'{"data":' * 20_000,
    "a huge number": b'{"data": ' + b"9" * 1_000_000 + b"}",
    "a huge exponent": b'{"data": 1e' + b"9" * 100_000 + b"}",
    "a lone surrogate": b'{"id": "\\ud800"}',
    "half of one": "\ud800".encode("utf-8", "surrogatepass"),
    "NUL": b'{"id": "a\\u0000b"}',
    "NULs": bytes(1_000),
    "no UTF-8": b"\xff\xfe{",
    "repeated keys": b'{"a":1,"a":1}',
    "NaN": b'{"data": NaN}',
    "9.9 MB": b'{"data": "' + b"x" * 9_900_000 + b'"}',
    "blank": b"  \n ",
    "a formula": b'{"id": "=cmd|calc"}',
    "a path": b'{"uri": "../../../../etc/passwd"}',
}
SHORT: Final = [body for body in HURTFUL.values() if len(body) < 10_000]
"""What a broker can hold thousands of."""


def _send_all(
    scene: Scene, chance: Random, valid: Sequence[dict[str, Any]], refused: int, name: str = "a"
) -> None:
    """Publish valid events, in both modes and any order, twice, among others; and bring all in."""
    feed = scene.feed(name)
    process = scene.follow(feed)
    sent: list[tuple[bytes, dict[str, str] | None]] = [(body, None) for body in bodies(valid)]
    sent += [binary(event) for event in valid]
    sent += [(body, None) for body in islice(chain(HURTFUL.values(), cycle(SHORT)), refused)]
    chance.shuffle(sent)
    for body, attributes in sent:
        scene.publish(feed, [body], attributes)
    _wait(scene)
    scene.stop(process)


def _wait(scene: Scene) -> None:
    count = len(scene.messages)
    query = "SELECT coalesce(sum(received), 0) FROM ingest_batch"
    wait_until(lambda: scene.head >= 1, 60, "something is in the log")
    wait_until(lambda: rows(scene.warehouse, query)[0][0] >= count, 120, f"{count} are received")


def test_input_that_hurts_parsers_is_refused_while_the_rest_flows(
    scene: Scene, chance: Random
) -> None:
    """Among events twice, in both modes, in any order; one of them with other content."""
    events = market("/market")
    other = events[-1] | {"data": events[-1]["data"] | {"customer_id": "another"}}
    _send_all(scene, chance, [*events, other], len(HURTFUL))

    assert len(events) == scene.head
    query = "SELECT count(DISTINCT origin_item) FROM dead_letter WHERE reason <> 'id_conflict'"
    assert [(len(HURTFUL),)] == rows(scene.warehouse, query)
    assert [(2,)] == rows(scene.warehouse, f"{query.replace('<>', '=')}")
    check(scene)


@pytest.mark.long
@pytest.mark.parametrize("percent", [5, 50, 95])
def test_any_share_of_invalid_input_is_refused(scene: Scene, chance: Random, percent: int) -> None:
    """5, 50 or nearly 100 % of it."""
    events = market("/market", 100)
    _send_all(scene, chance, events, 2 * len(events) * percent // (100 - percent))

    assert len(events) == scene.head
    check(scene)


@pytest.mark.long
def test_nothing_but_invalid_input_is_refused(scene: Scene) -> None:
    """100 %: all are dead letters, none is in the log, and the ingest goes on."""
    feed = scene.feed()
    scene.publish(feed, [json.dumps({"id": number}).encode() for number in range(500)])
    ended = scene.start("ingest", feed.source, "--idle-seconds=3", "--json")
    assert 0 == ended.ended(), ended.stderr
    assert {"not_an_event": 500} == ended.document["rejected"]
    assert 0 == scene.head
    assert [(500,)] == rows(scene.warehouse, "SELECT count(*) FROM dead_letter")


@pytest.mark.long
@pytest.mark.parametrize("time", range(3))
def test_redelivery_at_any_age_changes_nothing(scene: Scene, chance: Random, time: int) -> None:
    """The same messages again, in any order, over several processes and after a close."""
    del time
    events = market("/market", 60)
    for number in range(3):
        _send_all(scene, chance, events, 0, f"a{number}")
    check(scene)
