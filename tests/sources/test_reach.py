"""A broker that can't be reached is never taken for an empty one (SPEC §8, promise 7)."""

import time
from collections.abc import Callable

import pytest

from pipelines.errors import NotFoundError, TryAgainError
from pipelines.pubsub import UnreachableError
from pipelines.sources.limits import Receiving
from pipelines.sources.reach import Reach

BROKEN = UnreachableError("no answer")


class _Broker:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.answer: int | Exception = 0
        self.asked = 0

    def look_up(self) -> int:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _reach(broker: _Broker, notes: list[str], *, follow: bool = False) -> Reach:
    receiving = Receiving(follow=follow, idle_seconds=10, patience_seconds=60)
    return Reach("pubsub:s", broker.look_up, receiving, notes.append, quiet_since=0.0)


def _until(reach: Reach, now: float, holds: Callable[[], bool]) -> None:
    """Tend it at one time, until the answer that is given in a thread is judged."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        reach.tend(now)
        time.sleep(0.001)


def _tend(reach: Reach, broker: _Broker, now: float) -> None:
    """Tend it, and judge the answer where it asked."""
    before = broker.asked
    reach.tend(now)
    time.sleep(0.01)
    if broker.asked > before:
        time.sleep(0.02)
        reach.tend(now)


def test_nothing_for_long_from_a_broker_that_answers_is_empty() -> None:
    """It is asked after the last thing came, however long that was ago."""
    broker, notes = _Broker(), list[str]()
    reach = _reach(broker, notes)
    _until(reach, 0.0, lambda: reach.attempts == 0)
    reach.heard(1.0)
    assert not reach.is_quiet(100.0)  # not asked since

    for now in (6.0, 10.9):
        _tend(reach, broker, now)
        assert not reach.is_quiet(now)
    assert reach.is_quiet(11.0)
    reach.heard(11.5)
    assert (False, []) == (reach.is_quiet(12.0), notes)


def test_nothing_from_a_broker_that_gives_no_answer_is_not_empty() -> None:
    """It ends with exit 75 after the patience, and not before."""
    broker, notes = _Broker(), list[str]()
    reach = _reach(broker, notes)
    _until(reach, 0.0, lambda: reach.attempts == 0)
    broker.answer = BROKEN

    for now in range(6, 62, 6):
        _tend(reach, broker, float(now))
        assert not reach.is_quiet(float(now))
    with pytest.raises(TryAgainError, match=r"can't be reached for 60 seconds"):
        reach.tend(70.0)


def test_a_follower_says_once_that_the_broker_is_out_of_reach_and_once_that_it_is_back() -> None:
    """It goes on asking meanwhile; what was quiet before counts anew."""
    broker, notes = _Broker(), list[str]()
    reach = _reach(broker, notes, follow=True)
    broker.answer = BROKEN
    for now in range(0, 300, 12):
        _tend(reach, broker, float(now))
    assert ["pubsub:s: the broker can't be reached for 60 seconds; still trying"] == notes

    broker.answer = 100
    _until(reach, 300.0, lambda: reach.attempts == 100)

    assert "pubsub:s can be reached again" == notes[-1]
    assert (2, 300.0) == (len(notes), reach.quiet_since)


def test_a_subscription_that_is_gone_ends_it_at_any_time() -> None:
    """What is answered is raised where it is judged."""
    broker, notes = _Broker(), list[str]()
    reach = _reach(broker, notes, follow=True)
    _until(reach, 0.0, lambda: reach.attempts == 0)
    broker.answer = NotFoundError("no such subscription")

    with pytest.raises(NotFoundError):
        _until(reach, 6.0, lambda: False)


def test_a_broker_is_not_asked_while_events_come() -> None:
    """What comes shows that it is there."""
    broker, notes = _Broker(), list[str]()
    reach = _reach(broker, notes)
    _until(reach, 0.0, lambda: reach.attempts == 0)

    for now in range(1, 100):
        reach.heard(float(now))
        _tend(reach, broker, float(now) + 0.5)

    assert 1 == broker.asked
