"""A message that kills its worker is alone before its attempts are spent (SPEC §8, promise 6)."""

import signal
from time import monotonic
from typing import Final

import pytest

from tests.faults.final_check import check
from tests.faults.scene import Message, Scene, market_bodies

ATTEMPTS: Final = 20
LONGEST_S: Final = 1_500


@pytest.mark.long
@pytest.mark.timeout(2 * LONGEST_S)
def test_a_message_that_kills_its_worker_takes_no_neighbour_along(scene: Scene) -> None:
    """It is given up after its attempts, and it alone; all others are in the log."""
    given_up = scene.feed("given-up")
    policy = {"dead_letter_topic": given_up.topic, "max_delivery_attempts": ATTEMPTS}
    feed = scene.feed(dead_letter_policy=policy)
    events = market_bodies("/market", 60)
    half = len(events) // 2
    scene.publish(feed, events[:half])
    (poison,) = feed.publish([b'{"id": "poison"}'])
    scene.publish(feed, events[half:])

    dead: list[Message] = []
    begun_at, deaths = monotonic(), 0
    while not dead and monotonic() - begun_at < LONGEST_S:
        process = scene.follow(feed, faults=["poison:poison"])
        while process.running.poll() is None and not dead:
            pulled = scene.broker.pull(given_up.path)
            dead += [Message(one.message.message_id, one.message.data) for one in pulled]
        deaths += process.running.poll() == -signal.SIGKILL
    following = scene.follow(feed)
    scene.reach(len(events))
    scene.stop(following)

    assert [b'{"id": "poison"}'] == [message.body for message in dead]
    assert ATTEMPTS - 2 <= deaths <= ATTEMPTS
    assert poison not in {message.id for message in scene.messages}
    check(scene)
