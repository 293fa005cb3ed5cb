"""What was refused and is taken later is no open dead letter any more (SPEC §3.4)."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from schemas.record import Received
from tests.lake.sending import NOW, relation, send
from tests.marketplace import Events

EARLY = NOW - timedelta(days=365)
"""What a clock says that is wrong: before the events happened."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _sale(amount: str = "1", **attributes: str) -> bytes:
    events = Events()
    events.generation("1", amount)
    return json.dumps(events.events[0] | attributes).encode()


def _binary(**attributes: str) -> Received:
    """Return the sale in binary mode."""
    envelope: dict[str, Any] = json.loads(_sale())
    body = json.dumps(envelope.pop("data")).encode()
    named = {f"ce-{name}": value for name, value in (envelope | attributes).items()}
    return Received(0, "projects/p/subscriptions/s", "1", body, named)


def _resolved(folder: Path) -> list[tuple[str, datetime | None]]:
    return [(row["reason"], row["resolved_at"]) for row in relation(folder, "dead_letter")]


def test_what_a_wrong_clock_refused_is_resolved_once_it_is_accepted(folder: Path) -> None:
    """Each letter with its bytes, wherever they came from; nothing else of it changes."""
    send(folder, [_sale(), b"{", _sale()], now=EARLY)
    before = relation(folder, "dead_letter")
    send(folder, [b"{}", b"{", _sale()])
    after = relation(folder, "dead_letter")

    first = [letter for letter in after if letter["received_at"] == EARLY]
    assert 3 == len(before)
    assert before == [letter | {"resolved_at": None} for letter in first]
    expected = {("not_an_event", None), ("not_json", None), ("time_in_future", NOW)}
    assert expected == set(_resolved(folder))


def test_what_a_wrong_clock_refused_again_is_resolved_by_a_duplicate(folder: Path) -> None:
    """The log has had the event all the while."""
    send(folder, [_sale()])
    send(folder, [_sale()], now=EARLY)
    open_again = _resolved(folder)
    send(folder, [_sale()])

    assert [("time_in_future", None)] == open_again
    assert [("time_in_future", NOW)] == _resolved(folder)


def test_a_large_event_is_resolved_by_all_of_its_bytes(folder: Path) -> None:
    """What is kept of it is its beginning, which another event may share."""
    pad = "x" * 100_000
    send(folder, [_sale(subject=f"{pad}a")], now=EARLY)
    send(folder, [_sale(subject=f"{pad}b")])
    other = _resolved(folder)
    send(folder, [_sale(subject=f"{pad}a")])

    assert [("time_in_future", None)] == other
    assert [("time_in_future", NOW)] == _resolved(folder)


def test_an_event_that_was_put_right_leaves_what_was_wrong_open(folder: Path) -> None:
    """It is another event's bytes; of a conflict the log has not the content."""
    send(folder, [_sale("1"), _sale("2")])
    send(folder, [_sale("3")], now=EARLY)
    send(folder, [_sale("1"), _sale("2")])

    assert [("id_conflict", None), ("time_in_future", None)] == sorted(
        _resolved(folder), key=lambda letter: letter[0]
    )


def test_in_binary_mode_the_attributes_belong_to_what_is_the_same(folder: Path) -> None:
    """The body alone doesn't say which event it is."""
    send(folder, [_binary(subject="a")], now=EARLY)
    send(folder, [_binary(subject="b"), _binary(id="e2")])
    others = _resolved(folder)
    send(folder, [_binary(subject="a")])

    assert [("time_in_future", None)] == others
    assert [("time_in_future", NOW)] == _resolved(folder)


def test_a_batch_that_resolves_nothing_writes_no_dead_letter(folder: Path) -> None:
    """Where letters stay open, a commit leaves their table's files as they are."""
    send(folder, [_sale("2")], now=EARLY)
    before = sorted(folder.rglob("dead_letter/*"))
    send(folder, [_sale("1")])

    assert before
    assert before == sorted(folder.rglob("dead_letter/*"))
