"""A message that kills its worker is alone before its attempts are spent (SPEC §8, promise 6)."""

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


def test_which_of_those_that_were_tried_before_come_first_is_chance() -> None:
    """Those behind one that kills would never get through, if it always came first."""
    first = {chosen(range(10), 1, ALONE)[0] for _ in range(500)}

    assert set(range(10)) == first  # it fails once in 10^21 runs
    taken = chosen(range(100), 10, 3)
    assert (10, sorted(taken)) == (len(set(taken)), taken)
