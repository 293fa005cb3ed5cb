"""A message that kills its worker is alone before its attempts are spent (SPEC §8, promise 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import isolation
from tests.conftest import SLOW_EXAMPLES

EXAMPLES = settings(max_examples=settings().max_examples // SLOW_EXAMPLES * 10)


@dataclass
class Sent:
    """A message as a broker has it."""

    message_id: str
    kills: bool
    delivery_attempt: int = 0
    is_through: bool = False


def _live(held: Sequence[Sent], most: int) -> None:
    """Let a worker try what it holds, a batch of each tier in turn, until one batch kills it."""
    for message in held:
        message.delivery_attempt += 1
    while left := [message for message in held if not message.is_through]:
        for of_tier in sorted({isolation.tier(message.delivery_attempt) for message in left}):
            tried = [m for m in left if isolation.tier(m.delivery_attempt) == of_tier]
            batch = isolation.chosen(tried, isolation.most_together(of_tier, most), of_tier)
            if any(message.kills for message in batch):
                return
            for message in batch:
                message.is_through = True


def _given_up(sent: Sequence[Sent], most: int, attempts: int) -> list[Sent]:
    """Return what a broker gives up that sends again all that a dead worker held."""
    while held := [m for m in sent if not m.is_through and m.delivery_attempt < attempts][:most]:
        _live(held, most)
    return [message for message in sent if not message.is_through]


numbers = st.integers(1, 10**9)


@EXAMPLES
@given(neighbours=st.integers(0, 1_000), most=st.integers(1, 10_000), seed=numbers, data=st.data())
def test_one_message_that_kills_takes_no_neighbour_along(
    neighbours: int, most: int, seed: int, data: st.DataObject
) -> None:
    """Whatever its place and the size of a batch, with 20 attempts it alone is given up."""
    sent = [Sent(f"{seed + number}", kills=False) for number in range(neighbours)]
    place = data.draw(st.integers(0, neighbours))
    sent.insert(place, Sent("kills", kills=True))

    assert ["kills"] == [one.message_id for one in _given_up(sent, most, isolation.SAFE_ATTEMPTS)]


@pytest.mark.thorough
@EXAMPLES
@given(neighbours=st.integers(0, 1_000), seed=numbers, places=st.lists(st.integers(0), max_size=5))
def test_several_that_kill_take_no_neighbour_along(
    neighbours: int, seed: int, places: list[int]
) -> None:
    """With the 100 attempts that the examples set, five of them part from all others."""
    sent = [Sent(f"{seed + number}", kills=False) for number in range(neighbours)]
    for number, place in enumerate(places):
        sent.insert(place % (len(sent) + 1), Sent(f"kills {number}", kills=True))

    given_up = _given_up(sent, 10_000, 100)

    assert {f"kills {number}" for number in range(len(places))} == {m.message_id for m in given_up}


def test_a_batch_is_smaller_with_every_attempt() -> None:
    """N messages at first, N/10 at the third attempt, N/100 at the fourth, one at last."""
    together = [isolation.most_together(isolation.tier(attempt), 10_000) for attempt in range(9)]

    assert [10_000, 10_000, 10_000, 1_000, 100, 1, 1, 1, 1] == together
    assert 1 == isolation.most_together(4, 50)
