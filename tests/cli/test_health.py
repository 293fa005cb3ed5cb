"""When an ingest is alive, and when it is ready."""

from dataclasses import dataclass

import pytest

from pipelines.cli.health import LONGEST_TURN_S, Health
from pipelines.sources.watch import Outstanding, Watch

READY_S = 60.0


@dataclass
class _Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    """Return a clock that a test sets."""
    return _Clock()


@pytest.fixture
def watch() -> Watch:
    """Return a watch of an ingest that holds nothing."""
    return Watch(print)


@pytest.fixture
def health(watch: Watch, clock: _Clock) -> Health:
    """Return the health of an ingest whose loop turned once."""
    health = Health(watch, READY_S, clock)
    health.turned()
    return health


def _hold(watch: Watch, since: float, messages: int = 3) -> None:
    watch.outstanding = lambda: Outstanding(messages, 100, None, since)


def test_only_the_first_turn_is_the_first(watch: Watch) -> None:
    """By it a service manager is told that an ingest is ready."""
    health = Health(watch, READY_S)

    assert [True, False, False] == [health.turned() for _ in range(3)]


def test_an_idle_ingest_is_alive_and_ready(health: Health, clock: _Clock) -> None:
    """However long nothing comes, as long as its loop turns."""
    clock.now += 100_000
    health.turned()

    assert (True, True) == (health.live().is_good, health.ready().is_good)


def test_it_is_alive_while_a_long_batch_is_committed(health: Health, clock: _Clock) -> None:
    """The loop doesn't turn then; only after more than the longest batch takes it is stuck."""
    clock.now += LONGEST_TURN_S
    long = health.live()
    clock.now += 1
    stuck = health.live()

    assert (True, False) == (long.is_good, stuck.is_good)
    assert "has not turned for 3601 seconds" in stuck.reason


def test_what_never_turned_is_stuck_at_last(watch: Watch, clock: _Clock) -> None:
    """From its beginning on."""
    health = Health(watch, READY_S, clock)
    assert health.live().is_good
    clock.now += LONGEST_TURN_S + 1

    assert not health.live().is_good


def test_it_is_not_ready_before_its_loop_turns(watch: Watch, clock: _Clock) -> None:
    """The warehouse or a broker has not answered."""
    verdict = Health(watch, READY_S, clock).ready()

    assert (False, True) == (verdict.is_good, verdict.reason.startswith("starting"))


def test_messages_without_a_commit_make_it_red(health: Health, watch: Watch, clock: _Clock) -> None:
    """Once they are there for longer than it may take, though its loop turns."""
    _hold(watch, clock.now)
    clock.now += READY_S
    health.turned()
    in_time = health.ready()
    clock.now += 1
    health.turned()
    late = health.ready()

    assert (True, False, True) == (in_time.is_good, late.is_good, health.live().is_good)
    assert "3 messages are outstanding, and for 61 seconds nothing was committed" in late.reason


def test_a_backlog_that_is_committed_is_green(health: Health, watch: Watch, clock: _Clock) -> None:
    """Something may always be outstanding, as long as commits come."""
    _hold(watch, clock.now)
    clock.now += 10 * READY_S
    health.committed()
    clock.now += READY_S

    assert health.ready().is_good


def test_a_message_after_a_long_silence_is_no_backlog(
    health: Health, watch: Watch, clock: _Clock
) -> None:
    """What counts is when messages came, not when the last commit was."""
    health.committed()
    clock.now += 100_000
    _hold(watch, clock.now - 1)

    assert health.ready().is_good
