"""Runs contestants in turns on the same data, and compares what they took."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from statistics import median
from typing import Final

from bench.measure import Measured
from pipelines.errors import ManyhandsError

ROUNDS: Final = 5
LONG_ROUNDS: Final = 3
LONG_S: Final = 600.0
"""Where a round takes longer, there are LONG_ROUNDS of them."""

Found = Mapping[str, int]
"""What a contestant's result comes to: a count or a sum by name."""


@dataclass(frozen=True)
class Contestant:
    """Somebody who does the work: ours, who is named first, or a peer."""

    name: str
    run: Callable[[], tuple[Measured, Found]]
    """Does it once, and returns what it took and what it came to."""
    fits: Callable[[Found, Found], bool] = lambda ours, found: found == ours
    """Whether what it came to fits what ours came to: who does nothing can't win."""


@dataclass(frozen=True)
class Taken:
    """What a contestant took in all rounds; a round has one value in each list."""

    name: str
    seconds: tuple[float, ...]
    """None where it failed."""
    work: tuple[float, ...]
    peak_mib: int
    """The most of all rounds."""
    found: Found

    @property
    def median(self) -> float:
        """Seconds of the middle round; not a number where it failed."""
        return median(self.seconds) if self.seconds else nan

    @property
    def work_median(self) -> float:
        """Seconds of the processors in the middle round."""
        return median(self.work)


def part(one: Taken, other: Taken, of: str = "median") -> float:
    """Return what another took, as part of one, in percent."""
    return 100 * float(getattr(other, of)) / float(getattr(one, of))


def in_turns(
    contestants: Sequence[Contestant], rounds: int | None = None, *, may_fail: bool = False
) -> list[Taken]:
    """Let each contestant do the work once a round, every other round in reverse order.

    Without `rounds` there are ROUNDS, or LONG_ROUNDS where the first takes more than LONG_S.
    A peer that fails, for want of memory, say, ends with it, or is left out where it `may_fail`.

    Raises ManyhandsError where somebody fails, or a peer comes to what doesn't fit what ours did.
    """
    measured: dict[str, list[tuple[Measured, Found]]] = {one.name: [] for one in contestants}
    failed: dict[str, str] = {}
    number, wanted = 0, rounds or ROUNDS
    while number < wanted:
        for one in contestants if number % 2 == 0 else contestants[::-1]:
            if one.name in failed:
                continue
            try:
                measured[one.name].append(one.run())
            except ManyhandsError as error:
                if one is contestants[0] or not may_fail:
                    raise
                failed[one.name] = str(error)
            _say(number, wanted, one.name, measured[one.name], failed.get(one.name))
        _refuse_unless_fitting([one for one in contestants if one.name not in failed], measured)
        number += 1
        if rounds is None:
            first = sum(taken[0][0].seconds for taken in measured.values() if taken)
            wanted = LONG_ROUNDS if first > LONG_S else ROUNDS
    return [
        _taken(one.name, [] if one.name in failed else measured[one.name]) for one in contestants
    ]


def _say(
    number: int,
    wanted: int,
    name: str,
    taken: Sequence[tuple[Measured, Found]],
    failure: str | None,
) -> None:
    outcome = failure or f"{taken[-1][0].seconds:.1f} s"
    print(f"  round {number + 1} of {wanted}: {name}, {outcome}", file=sys.stderr)


def _taken(name: str, measured: Sequence[tuple[Measured, Found]]) -> Taken:
    return Taken(
        name,
        tuple(one.seconds for one, _ in measured),
        tuple(one.work for one, _ in measured),
        max((one.peak_mib for one, _ in measured), default=0),
        measured[-1][1] if measured else {},
    )


def _refuse_unless_fitting(
    contestants: Sequence[Contestant], measured: Mapping[str, Sequence[tuple[Measured, Found]]]
) -> None:
    found = {one.name: measured[one.name][-1][1] for one in contestants}
    ours = contestants[0]
    for one in contestants[1:]:
        if not one.fits(found[ours.name], found[one.name]):
            message = (
                f"{one.name} came to {dict(found[one.name])} where {ours.name} came to"
                f" {dict(found[ours.name])}: it didn't do the same work"
            )
            raise ManyhandsError(message)
