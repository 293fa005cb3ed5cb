"""A message that kills its worker is alone before its attempts are spent (SPEC §8, promise 6)."""

from types import SimpleNamespace

import pytest

from pipelines.sources.isolation import ALONE, chosen, most_together, tier


@pytest.mark.parametrize(
    ("attempt", "most"),
    [(None, 10_000), (1, 10_000), (2, 10_000), (3, 1_000), (4, 100), (5, 1), (99, 1)],
)
def test_what_was_tried_more_often_is_tried_in_smaller_batches(
    attempt: int | None, most: int
) -> None:
    """All, a tenth, a hundredth, and at last alone."""
    assert most == most_together(tier(attempt), 10_000)


def test_a_batch_is_never_empty() -> None:
    """A tenth of a small batch is still one message."""
    assert [1, 1, 1] == [most_together(of_tier, 5) for of_tier in (3, 4, ALONE)]


def test_attempts_are_not_mixed() -> None:
    """A message on its second attempt doesn't share a batch with one on its first."""
    assert [0, 1, 2, 3, 4, 5, 5] == [tier(attempt) for attempt in (None, 1, 2, 3, 4, 5, 50)]


@pytest.mark.parametrize("of_tier", [0, 1, 2])
def test_messages_on_their_first_attempts_are_taken_in_their_order(of_tier: int) -> None:
    """The first that came are the first in the log."""
    assert [0, 1, 2] == chosen(range(10), 3, of_tier)


def test_those_before_one_that_kills_come_first_at_one_attempt_those_after_it_at_the_next() -> None:
    """The order is the same in every process, and turned round with the next attempt."""
    held = [SimpleNamespace(message_id=str(number), delivery_attempt=6) for number in range(100)]
    again = [SimpleNamespace(message_id=one.message_id, delivery_attempt=7) for one in held]

    first = {one.message_id for one in chosen(held, 50, ALONE)}
    turned = {one.message_id for one in chosen(again, 50, ALONE)}

    assert {one.message_id for one in held} == first | turned
    assert set() == first & turned
