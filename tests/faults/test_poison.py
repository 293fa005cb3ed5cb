"""A message that kills its worker is alone before its attempts are spent (SPEC §8, promise 6)."""

import signal
from time import monotonic, sleep
from typing import Final

import pytest

from tests.faults.final_check import check
from tests.faults.scene import Scene, market_bodies

ATTEMPTS: Final = 100
"""As the examples set. The emulator sends messages to the streams of dead workers too, and counts
an attempt each time: after three deaths a message was on its thirteenth."""

LONGEST_S: Final = 1_500
KILLS: Final = b'{"id": "poison"}'


@pytest.mark.long
@pytest.mark.timeout(2 * LONGEST_S)
def test_a_message_that_kills_its_worker_takes_no_neighbour_along(scene: Scene) -> None:
    """Workers die and start anew until all others are in the log; none of these is given up."""
    given_up = scene.feed("given-up")
    policy = {"dead_letter_topic": given_up.topic, "max_delivery_attempts": ATTEMPTS}
    feed = scene.feed(dead_letter_policy=policy)
    events = market_bodies("/market", 60)
    half = len(events) // 2
    scene.publish(feed, events[:half])
    feed.publish([KILLS])
    scene.publish(feed, events[half:])

    begun_at, deaths = monotonic(), 0
    while scene.head < len(events) and monotonic() - begun_at < LONGEST_S:
        process = scene.follow(feed, faults=["poison:poison"])
        while scene.head < len(events) and process.running.poll() is None:
            sleep(0.5)
        deaths += process.running.poll() == -signal.SIGKILL

    assert len(events) == scene.head, f"after {deaths} deaths"
    assert deaths >= 1
    assert {KILLS} >= {one.message.data for one in scene.broker.pull(given_up.path)}
    check(scene)
