"""Compares the statements of two closes: new, gone, changed. Pure, one statement of each at once.

Both come in the order of their contributors, as closes and drafts have them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from pipelines.royalties.money import MICRO_DIGITS
from schemas.decimals import scaled
from schemas.statement import Statement


class Stated(NamedTuple):
    """What is compared of a statement: amounts are micros of its currency."""

    contributor_id: str
    currency: str
    digest: str
    earned_micros: int
    """Royalties and adjustments."""
    payable_micros: int
    withholding_micros: int


Pair = tuple[Stated | None, Stated | None]
"""A contributor's statement before and now; None where there is none."""


def stated(sealed: bytes) -> Stated:
    """Read a sealed statement.

    Raises ValueError where the bytes are none.
    """
    statement = Statement.model_validate_json(sealed)
    return Stated(
        statement.contributor_id,
        statement.currency,
        sha256(sealed).hexdigest(),
        _micros(statement.royalties) + _micros(statement.adjustments),
        _micros(statement.payable),
        _micros(statement.withholding),
    )


def _micros(money: str) -> int:
    return scaled(money, MICRO_DIGITS)


def side_by_side(before: Iterable[Stated], now: Iterable[Stated]) -> Iterator[Pair]:
    """Pair the statements of each contributor."""
    ones, others = iter(before), iter(now)
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.contributor_id < other.contributor_id):
            yield one, None
            one = next(ones, None)
        elif one is None or other.contributor_id < one.contributor_id:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)


def by_currency(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Take apart the pairs of an account that changed its currency: one is gone, one is new."""
    for one, other in pairs:
        if one is not None and other is not None and one.currency != other.currency:
            yield one, None
            yield None, other
        else:
            yield one, other


@dataclass
class Change:
    """How many statements are new, gone or changed in one way, and the largest of them."""

    statements: int = 0
    largest: list[Pair] = field(default_factory=list)
    """The largest change first, by what is payable or what is earned."""

    def take(self, pair: Pair, most: int) -> None:
        """Count a pair, and keep it if it is among the largest; after it call `settle`."""
        self.statements += 1
        self.largest.append(pair)
        if len(self.largest) > 2 * most:
            self.settle(most)

    def settle(self, most: int) -> None:
        """Keep the largest alone, in order."""
        self.largest = sorted(self.largest, key=_by_size)[:most]


@dataclass
class Changes:
    """What changed in one currency; sums are micros."""

    before_micros: int = 0
    """Payable before."""
    now_micros: int = 0
    """Payable now."""
    new: Change = field(default_factory=Change)
    gone: Change = field(default_factory=Change)
    changed: Change = field(default_factory=Change)
    unchanged: int = 0
    """Statements with the same amounts earned and payable."""


def changes(pairs: Iterable[Pair], most: int) -> dict[str, Changes]:
    """Return what changed by currency, with the `most` largest changes of each kind."""
    found: dict[str, Changes] = {}
    for pair in by_currency(pairs):
        _take(found.setdefault(_currency(pair), Changes()), pair, most)
    for one in found.values():
        for kind in (one.new, one.gone, one.changed):
            kind.settle(most)
    return dict(sorted(found.items()))


def _take(to: Changes, pair: Pair, most: int) -> None:
    one, other = pair
    to.before_micros += one.payable_micros if one else 0
    to.now_micros += other.payable_micros if other else 0
    if one is None:
        to.new.take(pair, most)
    elif other is None:
        to.gone.take(pair, most)
    elif any(_difference(pair)):
        to.changed.take(pair, most)
    else:
        to.unchanged += 1


def _difference(pair: Pair) -> tuple[int, int]:
    """Return by how many micros what is payable and what is earned differ."""
    one, other = pair
    return (
        (other.payable_micros if other else 0) - (one.payable_micros if one else 0),
        (other.earned_micros if other else 0) - (one.earned_micros if one else 0),
    )


def _by_size(pair: Pair) -> tuple[int, str]:
    return -max(map(abs, _difference(pair))), contributor(pair)


def contributor(pair: Pair) -> str:
    """Return whose statements a pair is of."""
    return next(one.contributor_id for one in pair if one)


def _currency(pair: Pair) -> str:
    return next(one.currency for one in pair if one)
