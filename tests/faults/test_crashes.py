"""SIGKILL anywhere loses nothing acknowledged and counts nothing twice (SPEC §8, promise 1)."""

import signal
from random import Random
from typing import Final

import pytest

from tests.faults.final_check import check
from tests.faults.scene import CLOSE, Scene, market_bodies
from tests.lake.sending import rows

INGEST: Final = (
    "before:pipelines.ingest.work:stage",
    "before:pipelines.lake.log:commit_once",
    "after:pipelines.lake.log:commit_once",
    "before:pipelines.sources.broker:Broker.acknowledge",
    "after:pipelines.sources.broker:Broker.acknowledge",
)
"""Where an ingest is killed: before its run, around its commit, around its acknowledgement."""

CLOSER: Final = (
    "before:pipelines.close.job:compute",
    "before:pipelines.close.job:seal",
    "before:pipelines.lake.transaction:commit_once",
    "after:pipelines.lake.transaction:commit_once",
)
"""Where a closer is killed; tests/test_publish_to_a_topic.py kills between publish and record."""


def _kill_each(scene: Scene, call: int) -> None:
    """Kill an ingest at each place, all at once on one warehouse, and let another one go on."""
    feeds = [scene.feed(f"at{number}") for number in range(len(INGEST))]
    for number, feed in enumerate(feeds):
        scene.publish(feed, market_bodies(f"/at{number}", 20 * call))
    flags = ["--batch-events=20"]
    killed = [
        scene.follow(feed, faults=[f"kill:{place}:{call}"], flags=flags)
        for feed, place in zip(feeds, INGEST, strict=True)
    ]
    assert [-signal.SIGKILL] * len(INGEST) == [process.ended() for process in killed]
    following = scene.follow(*feeds)
    scene.reach(len(scene.messages))
    scene.stop(following)
    check(scene)


def test_an_ingest_killed_at_any_step_goes_on(scene: Scene) -> None:
    """Five die, each before or after a step of its first batch; a sixth one brings all in."""
    _kill_each(scene, 1)


@pytest.mark.long
@pytest.mark.parametrize("call", [2, 3, 5])
def test_an_ingest_killed_at_a_later_batch_goes_on(scene: Scene, call: int) -> None:
    """The batches before are in the log and acknowledged."""
    _kill_each(scene, call)


def _kill_at_random(scene: Scene, chance: Random, kills: int) -> None:
    feed = scene.feed()
    for number in range(kills):
        scene.publish(feed, market_bodies(f"/kill{number}", 60))
        process = scene.follow(feed, flags=["--batch-events=30", "--batch-seconds=0.05"])
        process.kill_after(chance.uniform(1, 8))
    following = scene.follow(feed)
    scene.reach(len(scene.messages), 300)
    scene.stop(following)
    check(scene)


@pytest.mark.long
def test_an_ingest_killed_at_any_moment_goes_on(scene: Scene, chance: Random) -> None:
    """One random kill."""
    _kill_at_random(scene, chance, 1)


@pytest.mark.long
@pytest.mark.parametrize("fifth", range(5))
def test_an_ingest_killed_fifty_times_goes_on(scene: Scene, chance: Random, fifth: int) -> None:
    """Ten random kills each."""
    del fifth
    _kill_at_random(scene, chance, 10)


def _logged(scene: Scene, name: str = "market") -> None:
    feed = scene.feed(name)
    scene.publish(feed, market_bodies(f"/{name}"))
    ingest = scene.start("ingest", feed.source, "--idle-seconds=1", "--batch-seconds=0.2")
    assert 0 == ingest.ended(), ingest.stderr


def test_a_closer_killed_around_its_commit_leaves_one_close_or_none(scene: Scene) -> None:
    """Two die, the first before its commit and the second after it; a third one finds the close."""
    _logged(scene)
    for place in CLOSER[2:]:
        assert 0 == len(rows(scene.warehouse, "FROM period_close"))
        assert -signal.SIGKILL == scene.start(*CLOSE, faults=[f"kill:{place}:1"]).ended()
    assert 1 == len(rows(scene.warehouse, "FROM period_close"))
    check(scene)


@pytest.mark.long
@pytest.mark.parametrize("place", CLOSER)
def test_two_closers_killed_at_a_step_leave_it_to_a_third(scene: Scene, place: str) -> None:
    """Both die there, at the same time; a third one closes, or finds the close of one of them."""
    _logged(scene)
    killed = [scene.start(*CLOSE, faults=[f"kill:{place}:1"]) for _ in range(2)]
    codes = [process.ended() for process in killed]
    assert -signal.SIGKILL in codes
    assert {*codes} <= {-signal.SIGKILL, 0, 5}, [process.stderr for process in killed]
    check(scene)
    assert 1 == len(rows(scene.warehouse, "FROM period_close"))


@pytest.mark.long
@pytest.mark.parametrize("fifth", range(5))
def test_a_closer_killed_fifty_times_leaves_one_close(
    scene: Scene, chance: Random, fifth: int
) -> None:
    """Ten random kills each; what a killed one committed is what all others find."""
    del fifth
    _logged(scene)
    for _ in range(10):
        scene.start(*CLOSE).kill_after(chance.uniform(1, 15))
    check(scene)
    assert 1 == len(rows(scene.warehouse, "FROM period_close"))


@pytest.mark.long
@pytest.mark.parametrize("call", range(1, 4))
@pytest.mark.parametrize("side", ["before", "after"])
def test_maintenance_killed_around_a_commit_loses_nothing(
    scene: Scene, side: str, call: int
) -> None:
    """A merge is there whole or not at all, and the next one goes on."""
    _logged(scene)
    _logged(scene, "more")
    place = f"{side}:pipelines.lake.transaction:commit_once:{call}"
    assert -signal.SIGKILL == scene.start("maintain", faults=[f"kill:{place}"]).ended()
    again = scene.start("maintain")
    assert 0 == again.ended(), again.stderr
    check(scene)
