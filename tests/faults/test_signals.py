"""SIGTERM and SIGINT are the way to stop a stream, and lose nothing (SPEC §7.3, §8)."""

import signal
from time import monotonic

import pytest

from tests.emulator import wait_until
from tests.faults.final_check import check
from tests.faults.scene import Scene, market_bodies

COMMIT = "pipelines.lake.log:commit_once"
MANY = ("--batch-events=2000", "--batch-seconds=5")


@pytest.mark.long
def test_sigterm_ends_a_stream_with_a_backlog(scene: Scene) -> None:
    """Exit 0 within 20 seconds; another process gets what it hadn't begun, before its lease ends.

    The broker gives what a process held to nobody for one lease, so a lease of ten seconds here.
    """
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market", 1_500))
    process = scene.follow(feed, flags=["--batch-events=200"])
    scene.reach(200)
    scene.stop(process)
    assert scene.head < len(scene.messages)
    following = scene.follow(feed, flags=MANY)
    scene.reach(len(scene.messages))
    scene.stop(following)
    check(scene)


@pytest.mark.long
def test_sigterm_ends_a_stream_with_a_large_backlog(scene: Scene) -> None:
    """50,000 messages: within 20 seconds too, also when all of them are held."""
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market", 50_000))
    process = scene.follow(feed, flags=["--batch-events=25000", "--batch-seconds=30"])
    scene.reach(1)
    begun_at = monotonic()
    scene.stop(process)
    assert monotonic() - begun_at < 20
    following = scene.follow(feed, flags=["--batch-events=10000", "--batch-seconds=5"])
    scene.reach(len(scene.messages), 300)
    scene.stop(following)
    check(scene)


def test_a_second_signal_ends_a_stream_at_once(scene: Scene) -> None:
    """Exit 143 or 130, in the middle of a commit; its batch comes again, and is in the log once."""
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market"))
    process = scene.follow(feed, faults=[f"stop:before:{COMMIT}:1"])
    wait_until(lambda: process.is_stopped, 60, "it is before its commit")
    process.send(signal.SIGTERM)
    process.send(signal.SIGINT)
    process.send(signal.SIGCONT)  # both are pending now
    assert process.ended(20) in {130, 143}, process.stderr
    following = scene.follow(feed)
    scene.reach(len(scene.messages))
    scene.stop(following)
    check(scene)
