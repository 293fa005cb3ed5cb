"""A broker that is out of reach is never an empty one, and costs nothing (SPEC §8, promise 7)."""

import signal
from random import Random
from time import sleep

import pytest

from tests import emulator
from tests.emulator import wait_until
from tests.faults.final_check import check
from tests.faults.proxy import proxy_to
from tests.faults.scene import Scene, market_bodies

ACKNOWLEDGE = "pipelines.sources.broker:Broker.acknowledge"


@pytest.mark.long
def test_an_ingest_goes_on_when_the_broker_is_back(scene: Scene) -> None:
    """Its acknowledgement is lost, its connections are cut: events come again, as duplicates."""
    with proxy_to(scene.broker.port) as proxy:
        scene.address = proxy.address
        feed = scene.feed()
        events = market_bodies("/first")
        scene.publish(feed, events)
        process = scene.follow(
            feed, flags=["--patience=3"], faults=[f"stop:before:{ACKNOWLEDGE}:1"]
        )
        wait_until(lambda: process.is_stopped, 60, "it is before its acknowledgement")
        proxy.cut(is_open=False)
        process.send(signal.SIGCONT)
        process.says("not acknowledged", 90)
        process.says("can't be reached for 3 seconds; still trying")
        proxy.cut(is_open=True)
        process.says("can be reached again")
        scene.publish(feed, market_bodies("/second"))
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

    assert 1 == process.stderr.count("still trying"), process.stderr
    assert counts["accepted"] == len(scene.messages)
    check(scene)


@pytest.mark.long
@pytest.mark.parametrize("fifth", range(5))
def test_connections_cut_at_any_moment_cost_nothing(
    scene: Scene, chance: Random, fifth: int
) -> None:
    """Twenty cuts while messages come."""
    del fifth
    with proxy_to(scene.broker.port) as proxy:
        scene.address = proxy.address
        feed = scene.feed()
        process = scene.follow(feed)
        for number in range(20):
            scene.publish(feed, market_bodies(f"/{number}"))
            sleep(chance.uniform(0, 2))
            proxy.cut(is_open=chance.random() < 0.5)
            sleep(chance.uniform(0, 3))
            proxy.cut(is_open=True)
        scene.reach(len(scene.messages), 300)
        scene.stop(process)
    check(scene)


def test_a_broker_that_does_not_answer_is_not_an_empty_one(scene: Scene) -> None:
    """Stopped: exit 75 without `--follow`, after the patience. Anew, without its state: exit 3."""
    own = emulator.start()
    try:
        scene.broker = own
        feed = scene.feed()
        words = ("ingest", feed.source, "--idle-seconds=30", "--patience=2")
        following = scene.follow(feed, flags=["--patience=2"])
        process = scene.start(*words)
        scene.publish(feed, market_bodies("/first"))
        scene.reach(len(scene.messages))
        own.suspend()
        assert 75 == process.ended(60), process.stderr
        assert "can't be reached for 2 seconds" in process.stderr
        following.says("still trying")
        own.resume()
        following.says("can be reached again")
        own.stop()
        own = scene.broker = emulator.start(own.port)
        assert 3 == following.ended(60), following.stderr
        assert "no such subscription" in following.stderr
        check(scene)
    finally:
        own.stop()
