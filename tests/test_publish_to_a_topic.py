"""Statements published to a topic of a real broker, by real commands, some of them killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import grpc
import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pipelines.outputs import topics
from pipelines.outputs.statement_issued import StatementIssued
from tests.cli.processes import MANYHANDS
from tests.conftest import Run
from tests.emulator import Emulator
from tests.faults import launcher
from tests.outputs import stored
from tests.published import (
    APRIL,
    STATEMENTS,
    drained,
    marketplace,
    recorded,
    sealed,
    statement_ids,
)

RECORD = "pipelines.lake.publications:record"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a marketplace with two closed months, of which nothing was published."""
    return marketplace(tmp_path_factory.mktemp("published"))


@pytest.fixture
def market(
    manyhands: Run,
    closed: Path,
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return the commands, on a copy of that marketplace, beside the broker."""
    shutil.copytree(closed, tmp_path / "warehouse")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    return manyhands


def _killed_at(place: str, words: list[str], folder: Path) -> None:
    """Run a command that is killed when it calls a function."""
    program = [sys.executable, "-m", launcher.__name__, f"kill:before:{place}:1", "--", *words]
    ended = subprocess.run(program, cwd=folder, env=_environment(), check=False, timeout=60)
    assert -signal.SIGKILL == ended.returncode


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def test_a_message_is_a_statement_as_it_was_sealed(
    market: Run, emulator: Emulator, tmp_path: Path
) -> None:
    """In binary mode: the body is the sealed bytes, and there are exactly seven attributes."""
    topic, subscription = emulator.make("sealed")
    outcome = market("publish", f"--to=pubsub:{topic}")
    messages = drained(emulator, subscription, 4)
    statements = sealed(tmp_path / "warehouse")

    assert (0, f"4 statements published to pubsub:{topic}\n") == (outcome.code, outcome.stdout)
    assert sorted(statements.values()) == sorted(message.data for message in messages)
    ana = next(one for one in messages if one.data == statements["2026-01/ana"])
    digest = market("statements", "list", "--period=2026-01", "--json").json[0]["digest"]
    assert {
        "ce-datacontenttype": "application/json",
        "ce-id": digest,
        "ce-source": "manyhands",
        "ce-specversion": "1.0",
        "ce-subject": "ana",
        "ce-time": "2026-02-01T00:00:00.000000Z",
        "ce-type": "statement-issued",
    } == dict(ana.attributes)


def test_a_close_publishes_between_what_was_issued_and_what_is_new(
    market: Run, emulator: Emulator, tmp_path: Path
) -> None:
    """Then there is nothing left to send; a period that is named goes out again, the same."""
    topic, subscription = emulator.make("closing")
    closed = market("close", "--due", APRIL, f"--publish-to=pubsub:{topic}", "--json")
    first = drained(emulator, subscription, 6)
    none = market("publish", f"--to=pubsub:{topic}", "--json")
    again = market("publish", f"--to=pubsub:{topic}", "--period=2026-03", "--json")
    repeated = drained(emulator, subscription, 2)

    assert [6, 0, 2] == [
        closed.json["published"]["published"],
        none.json["published"],
        again.json["published"],
    ]
    assert [*STATEMENTS, "2026-03/ana", "2026-03/ben"] == statement_ids(first)
    march = {one.data: dict(one.attributes) for one in first if b"2026-03/" in one.data}
    assert march == {one.data: dict(one.attributes) for one in repeated}
    assert 6 == len(recorded(tmp_path / "warehouse", f"pubsub:{topic}"))


def test_a_kill_between_publish_and_record_skips_none(
    market: Run, emulator: Emulator, tmp_path: Path
) -> None:
    """What was sent and not recorded is sent again with the same ids; then there is nothing."""
    topic, subscription = emulator.make("killed")
    words = ["publish", f"--to=pubsub:{topic}"]
    _killed_at(RECORD, words, tmp_path)
    sent = drained(emulator, subscription, 2)
    nothing = recorded(tmp_path / "warehouse", f"pubsub:{topic}")
    after = market(*words, "--json")
    again = drained(emulator, subscription, 4)

    assert ["2026-01/ana", "2026-01/ben"] == statement_ids(sent)
    assert [] == nothing
    assert (0, 4) == (after.code, after.json["published"])
    assert STATEMENTS == statement_ids(again)
    ids = [{one.attributes["ce-id"] for one in messages} for messages in (sent, again)]
    assert ids[0] < ids[1]
    assert 0 == market(*words, "--json").json["published"]


def test_a_close_that_is_killed_while_it_publishes_goes_on(
    market: Run, emulator: Emulator, tmp_path: Path
) -> None:
    """The period was closed; the next close, with nothing due, sends what is missing."""
    topic, subscription = emulator.make("goes-on")
    words = ["close", "--due", APRIL, f"--publish-to=pubsub:{topic}"]
    market("publish", f"--to=pubsub:{topic}")
    drained(emulator, subscription, 4)
    _killed_at(RECORD, words, tmp_path)
    drained(emulator, subscription, 2)
    after = market(*words, "--json")

    assert ([], 2) == (after.json["closes"], after.json["published"]["published"])
    assert ["2026-03/ana", "2026-03/ben"] == statement_ids(drained(emulator, subscription, 2))
    assert 6 == len(recorded(tmp_path / "warehouse", f"pubsub:{topic}"))


def test_what_was_sent_before_a_failure_is_recorded(
    market: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that stops answering ends the command with 75; when it answers, the rest goes."""
    topic, subscription = emulator.make("stopped")
    monkeypatch.setattr(topics, "WINDOW_EVENTS", 1)
    monkeypatch.setattr(topics, "PATIENCE_S", 2.0)
    send = topics.Topic._send_window

    def stop_after_one(self: topics.Topic, events: list[StatementIssued]) -> object:
        if recorded(tmp_path / "warehouse", self.name):
            emulator.suspend()
        return send(self, events)

    monkeypatch.setattr(topics.Topic, "_send_window", stop_after_one)
    try:
        outcome = market("publish", f"--to=pubsub:{topic}")
    finally:
        emulator.resume()
    monkeypatch.undo()

    assert (75, "") == (outcome.code, outcome.stdout)
    assert "the broker can't be reached" in outcome.stderr
    assert [["2026-01/ana", "published"]] == recorded(tmp_path / "warehouse", f"pubsub:{topic}")
    environment = emulator.environment | {"MANYHANDS_WAREHOUSE": str(tmp_path / "warehouse")}
    subprocess.run(
        [MANYHANDS, "publish", f"--to=pubsub:{topic}"],
        env=os.environ | environment,
        check=True,
    )
    # the one that was under way when the broker stopped may have come to it twice
    assert set(STATEMENTS) == set(statement_ids(drained(emulator, subscription, 4)))


def test_a_broker_that_is_down_closes_nothing(
    market: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 75 within the patience, not after the client's ten minutes, and the period is due."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr(topics, "PATIENCE_S", 1.0)
    assert emulator.address
    began = time.monotonic()
    outcome = market("close", "--due", APRIL, "--publish-to=pubsub:projects/p/topics/statements")

    assert time.monotonic() - began < 30
    assert (75, "") == (outcome.code, outcome.stdout)
    assert "projects/p/topics/statements: the broker can't be reached" in outcome.stderr
    assert ["2026-03"] == market("status", APRIL, "--json").json["due"]


def test_a_topic_that_is_missing_closes_nothing(market: Run) -> None:
    """Exit 3, and the period is still due."""
    named = "--publish-to=pubsub:projects/marketplace/topics/nowhere"
    outcome = market("close", "--due", APRIL, named)

    assert (3, "") == (outcome.code, outcome.stdout)
    assert "nowhere: no such topic; make it, or name another" in outcome.stderr
    assert ["2026-03"] == market("status", APRIL, "--json").json["due"]


def test_a_statement_that_is_too_large_fails_the_command_once(
    market: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After all others were sent; from then on `status` counts it, and a folder gets it."""
    topic, subscription = emulator.make("too-large")
    (tmp_path / "out").mkdir()
    sizes = {name: len(text) for name, text in sealed(tmp_path / "warehouse").items()}
    largest = max(sizes, key=lambda name: sizes[name])
    monkeypatch.setattr(topics, "LARGEST_BYTES", sizes[largest] - 1)
    small = sorted(name for name in sizes if sizes[name] < sizes[largest])
    first = market("publish", f"--to=pubsub:{topic}", "--json")
    second = market("publish", f"--to=pubsub:{topic}", "--json")

    assert (1, len(small)) == (first.code, first.json["published"])
    assert [largest] == first.json["too_large"]
    assert f"error: {largest}: too large for pubsub:{topic}; all others are" in first.stderr
    assert (0, 0) == (second.code, second.json["published"])
    assert small == statement_ids(drained(emulator, subscription, len(small)))
    counts = market("status", "--json").json["published"][f"pubsub:{topic}"]
    assert {"published": len(small), "too_large": 4 - len(small), "unpublished": 0} == counts
    assert 4 == market("publish", "--to=out", "--json").json["published"]


def test_a_statement_that_is_too_large_is_told_though_another_failed_first(
    market: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded once all others were sent: a run that ends with 75 doesn't use up the exit."""
    topic, _ = emulator.make("too-large-later")
    sizes = [len(text) for text in sealed(tmp_path / "warehouse").values()]
    monkeypatch.setattr(topics, "LARGEST_BYTES", max(sizes) - 1)
    with monkeypatch.context() as failing:
        failing.setattr(topics.Topic, "_publish", _unanswered)
        first = market("publish", f"--to=pubsub:{topic}")
    second = market("publish", f"--to=pubsub:{topic}")
    third = market("publish", f"--to=pubsub:{topic}")

    assert [75, 1, 0] == [first.code, second.code, third.code]
    assert "too large" not in first.stderr


def _unanswered(_topic: topics.Topic, _event: StatementIssued) -> Future[str]:
    future: Future[str] = Future()
    future.set_exception(ServiceUnavailable("down"))
    return future


def test_a_topic_takes_nine_million_bytes_and_is_sent_no_more(
    manyhands: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker takes a statement of exactly that size; of one byte more it is never asked."""
    topic, subscription = emulator.make("largest")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    rows = []
    for name, size in (("large", topics.LARGEST_BYTES), ("larger", topics.LARGEST_BYTES + 1)):
        text = {"lines": "", "statement_id": f"2026-10/{name}"}
        padding = size - len(stored.sealed(text)["sealed"])  # type: ignore[arg-type]
        sized = stored.sealed(text | {"lines": "x" * padding})
        rows.append(stored.statement("2026-10", name) | sized)
    stored.make(
        tmp_path / "warehouse", {"period_close": [stored.closed("2026-10", 2)], "statement": rows}
    )
    outcome = manyhands("publish", f"--to=pubsub:{topic}", "--json")
    answer = (outcome.code, outcome.json["published"], outcome.json["too_large"])

    assert (1, 1, ["2026-10/larger"]) == answer
    assert [topics.LARGEST_BYTES] == _sizes(emulator, subscription)


def _sizes(emulator: Emulator, subscription: str) -> list[int]:
    """Return the sizes of messages, which may be beyond the 4 MiB of a channel's default."""
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(emulator.address, options=options) as channel:
        client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        pulled = client.pull(request={"subscription": subscription, "max_messages": 10}, timeout=30)
        return [len(one.message.data) for one in pulled.received_messages]
