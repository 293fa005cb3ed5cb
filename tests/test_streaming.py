"""Events over Pub/Sub, with the command as its users run it and a real broker (SPEC §3.1, §8)."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.processes import MANYHANDS
from tests.conftest import Outcome, Run
from tests.emulator import Emulator, wait_until
from tests.feed import QUICK, Feed, binary, bodies
from tests.lake.sending import rows
from tests.marketplace import Events, small

Process = subprocess.Popen[str]


@pytest.fixture
def feed(emulator: Emulator, request: pytest.FixtureRequest) -> Feed:
    """Make a topic and a subscription that are called as the test is."""
    name = "t" + "".join(c for c in request.node.name if c.isalnum())[-100:]
    return Feed(emulator, *emulator.make(name))


@pytest.fixture
def streamed(manyhands: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands that find the broker."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    return manyhands


def _start(emulator: Emulator, folder: Path, *words: str) -> Process:
    return subprocess.Popen(
        [MANYHANDS, "ingest", *words],
        cwd=folder,
        env=os.environ | emulator.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def following(feed: Feed, tmp_path: Path) -> Iterator[Process]:
    """Run `ingest --follow` as a process."""
    process = _start(feed.emulator, tmp_path, feed.source, "--follow", "--json", *QUICK)
    yield process
    process.kill()
    process.communicate()


def _head(folder: Path) -> int:
    if not (folder / "warehouse/catalog.sqlite").exists():
        return 0
    ((head,),) = rows(folder / "warehouse", "SELECT seq FROM head")
    return int(head)


def _held_by_broker(streamed: Run, feed: Feed) -> Outcome:
    """Ingest again what the broker still has, into the same warehouse."""
    return streamed("ingest", feed.source, *QUICK, "--json")


def test_both_modes_of_a_message_are_the_same_event(
    feed: Feed, streamed: Run, tmp_path: Path
) -> None:
    """Structured and binary: the second is a duplicate of the first."""
    events = small(Events()).events
    feed.publish(bodies(events))
    for event in events:
        body, attributes = binary(event)
        feed.publish([body], attributes)

    ended = streamed("ingest", feed.source, *QUICK, "--json")

    assert 0 == ended.code, ended.stderr
    assert (2 * len(events), len(events), len(events)) == (
        ended.json["received"],
        ended.json["accepted"],
        ended.json["duplicate"],
    )
    assert len(events) == _head(tmp_path)
    assert 0 == _held_by_broker(streamed, feed).json["received"]


def test_a_message_that_is_refused_again_is_one_dead_letter(
    feed: Feed, streamed: Run, tmp_path: Path
) -> None:
    """Its origin is the subscription, its item the message's id; a blank body is no JSON."""
    (blank, broken) = feed.publish([b" \n", b"{"])

    assert {"not_json": 2} == streamed("ingest", feed.source, *QUICK, "--json").json["rejected"]
    query = "SELECT origin, origin_item, reason FROM dead_letter ORDER BY origin_item"
    letters = [(feed.source, blank, "not_json"), (feed.source, broken, "not_json")]
    assert letters == rows(tmp_path / "warehouse", query)


def test_a_subscription_that_is_not_there_makes_nothing(
    emulator: Emulator, streamed: Run, tmp_path: Path
) -> None:
    """Exit 3, before anything is done; a source that is named wrongly is a usage error."""
    ended = streamed("ingest", f"pubsub:projects/{emulator.port}/subscriptions/nothing", *QUICK)

    assert (3, "") == (ended.code, ended.stdout)
    assert "no such subscription" in ended.stderr
    assert 2 == streamed("ingest", "pubsub:nothing").code
    assert not (tmp_path / "warehouse").exists()


def test_following_needs_a_subscription(streamed: Run, tmp_path: Path) -> None:
    """Files end; there is nothing to wait for."""
    path = small(Events()).write(tmp_path / "events.ndjson")

    ended = streamed("ingest", "--follow", path)

    assert (2, True) == (ended.code, "name a subscription" in ended.stderr)


def test_files_and_subscriptions_are_ingested_by_one_command(
    feed: Feed, streamed: Run, tmp_path: Path
) -> None:
    """Files first; what came over both is a duplicate."""
    events = small(Events()).events
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(bodies(events)))
    feed.publish(bodies(events))

    ended = streamed("ingest", feed.source, "events.ndjson", *QUICK, "--json")

    assert len(events) == ended.json["accepted"] == ended.json["duplicate"]
    query = "SELECT received, duplicate FROM ingest_batch ORDER BY head, duplicate"
    assert [(9, 0), (9, 9)] == rows(tmp_path / "warehouse", query)


def test_sigterm_ends_a_stream_after_the_batch_in_flight(
    feed: Feed, following: Process, streamed: Run, tmp_path: Path
) -> None:
    """Exit 0; what was committed is acknowledged, and nothing is left that was begun."""
    events = small(Events()).events
    feed.publish(bodies(events))
    wait_until(lambda: _head(tmp_path) == len(events), 60, "the log holds the events")
    following.send_signal(signal.SIGTERM)
    stdout, stderr = following.communicate(timeout=20)

    assert 0 == following.returncode, stderr
    assert len(events) == json.loads(stdout)["accepted"]
    assert 0 == _held_by_broker(streamed, feed).json["received"]
