"""The final check finds what it is for: with the product broken, it is red."""

import signal
from collections.abc import Sequence

import pytest

from tests.emulator import wait_until
from tests.faults.final_check import check
from tests.faults.scene import Scene, market_bodies

COMMIT = "pipelines.lake.log:commit_once"


def test_acknowledging_before_the_commit_is_found(scene: Scene) -> None:
    """An ingest that acknowledges first, and dies before its commit, has lost its messages."""
    feed = scene.feed()
    kept, lost = market_bodies("/kept"), market_bodies("/lost", 5)
    scene.publish(feed, kept)
    process = scene.follow(feed, faults=["early", f"kill:before:{COMMIT}:2"])
    scene.reach(len(kept))
    scene.publish(feed, lost)
    assert -signal.SIGKILL == process.ended()
    drain = scene.start("ingest", feed.source, "--idle-seconds=11", "--lease-seconds=10")
    assert 0 == drain.ended(), drain.stderr

    with pytest.raises(AssertionError, match=f"^{len(lost)} messages are acknowledged"):
        check(scene)


def _overtake(scene: Scene, faults: Sequence[str]) -> None:
    """Stop an ingest before its commit, and let it go on when another one has the same events."""
    feed, other = scene.feed(), scene.feed("b")
    events = market_bodies("/market")
    scene.publish(feed, events)
    scene.publish(other, events)
    first = scene.follow(feed, faults=[*faults, f"stop:before:{COMMIT}:1"])
    wait_until(lambda: first.is_stopped, 60, "the first ingest is before its commit")
    second = scene.follow(other)
    scene.reach(len(events))
    scene.stop(second)
    first.send(signal.SIGCONT)
    first.says("events received")
    scene.stop(first)


@pytest.mark.long
def test_an_ingest_that_is_overtaken_judges_its_batch_again(scene: Scene) -> None:
    """Its events are duplicates of those that another one committed meanwhile."""
    _overtake(scene, [])
    check(scene)


def test_committing_without_compare_and_set_is_found(scene: Scene) -> None:
    """Then both commit at the same positions, and events are there twice."""
    _overtake(scene, ["blind"])

    with pytest.raises(AssertionError, match="seq has gaps or repeats"):
        check(scene)
