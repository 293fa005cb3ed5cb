"""Explains the difference of what two statements pay, part by part (docs/explain.md).

Amounts are integers of micros; what is multiplied on the way is exact fractions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal

from pipelines.royalties.rounding import half_even

Key = tuple[str, str, str]
"""What royalty lines of two statements match by: basis, reference, currency."""

Factor = Literal["volume", "price", "rate", "pool_share", "fx"]
Term = Literal[
    "opening", "recouped", "reserve_withheld", "reserve_released", "withholding", "carried"
]
Code = Factor | Term | Literal["changed", "started", "ended", "corrections", "rounding"]

FACTORS: Final[tuple[Factor, ...]] = ("volume", "price", "rate", "pool_share", "fx")
"""What a royalty line's amount is the product of, in the order in which they are replaced."""

TERMS: Final[Mapping[Term, int]] = {
    "opening": 1,
    "recouped": -1,
    "reserve_withheld": -1,
    "reserve_released": 1,
    "withholding": -1,
    "carried": -1,
}
"""What a statement adds to its lines to come to what it pays, or takes from them (SPEC §6)."""

IDENTITY: Final[Mapping[str, int]] = dict(
    [("opening", 1), ("royalties", 1), ("adjustments", 1), *TERMS.items()]
)
"""All that comes to what a statement pays, in the order of SPEC §6."""


@dataclass(frozen=True)
class Royalty:
    """A royalty line with the payments that it comes from.

    Of a pool, `paid` is the sum of revenue or fee, and `shared` what contributors get of it by the
    shares in force. Of direct licences, `paid` is the sum of fee times share, and `shared` the
    royalty. Both are in micros of the line's currency.
    """

    amount: int
    """In the statement's currency."""
    delta: int
    """What is owed for the line, which nothing was stated of before; in the line's currency."""
    payments: int
    """How many paid something; of direct licences, how many licences."""
    paid: Fraction
    shared: Fraction

    def factors(self) -> tuple[Fraction, ...] | None:
        """Return the amount as volume, price, rate, pool share and FX; their product is exact.

        None where a quotient has 0 below it: without payments, without money that was paid or
        shared, or where nothing is owed.
        """
        if not (self.payments and self.paid and self.shared and self.delta):
            return None
        return (
            Fraction(self.payments),
            Fraction(self.paid, self.payments),
            Fraction(self.shared, self.paid),
            Fraction(self.delta, self.shared),
            Fraction(self.amount, self.delta),
        )


@dataclass(frozen=True)
class Rates:
    """Rates at which an account went over to another currency, both in the same unit."""

    from_rate: int
    to_rate: int


@dataclass(frozen=True)
class Stated:
    """A statement's amounts, in micros of one currency."""

    payable: int
    adjustments: int
    terms: Mapping[Term, int]
    """By the names of `TERMS`, as the statement has them."""
    royalties: Mapping[Key, Royalty]

    def unexplained(self) -> int:
        """Return what the lines and terms come to beyond what is paid: 0, as it was stated."""
        lines = sum(line.amount for line in self.royalties.values())
        terms = sum(sign * self.terms[name] for name, sign in TERMS.items())
        return lines + self.adjustments + terms - self.payable

    def at_rates(self, changes: Sequence[Rates]) -> "Stated":
        """Return the amounts as they count after changes of currency, one after the other.

        Each is rounded half to even (SPEC §6, Currency), so that they may no longer add up.
        """
        return Stated(
            payable=converted(self.payable, changes),
            adjustments=converted(self.adjustments, changes),
            terms={name: converted(amount, changes) for name, amount in self.terms.items()},
            royalties={
                key: replace(line, amount=converted(line.amount, changes))
                for key, line in self.royalties.items()
            },
        )


def converted(amount: int, changes: Sequence[Rates]) -> int:
    """Return an amount at the rates of changes, each result rounded half to even."""
    for rates in changes:
        amount = half_even(amount * rates.to_rate, rates.from_rate)
    return amount


@dataclass(frozen=True)
class Part:
    """A part of the difference, and the two numbers that it comes from."""

    code: Code
    amount: int
    key: Key | None = None
    """The royalty line's, where it is of one."""
    before: Fraction = Fraction(0)
    after: Fraction = Fraction(0)


def bridge(before: Stated, after: Stated) -> list[Part]:
    """Return the parts of what `after` pays beyond `before`, whose amounts count at the same rates.

    First those of the royalty lines, in the order of their keys; then the adjustments, the terms,
    and what rounding left where `before` was converted. They sum to the difference exactly where
    `after` adds up.
    """
    return [
        *_lines(before.royalties, after.royalties),
        _difference("corrections", 1, before.adjustments, after.adjustments),
        *(
            _difference(name, sign, before.terms[name], after.terms[name])
            for name, sign in TERMS.items()
        ),
        _difference("rounding", 1, 0, before.unexplained()),
    ]


def adds_up(parts: Sequence[Part], before: Stated, after: Stated) -> bool:
    """Return whether parts sum to the difference of what two statements pay."""
    return sum(part.amount for part in parts) == after.payable - before.payable


def _difference(code: Code, sign: int, before: int, after: int, key: Key | None = None) -> Part:
    return Part(code, sign * (after - before), key, Fraction(before), Fraction(after))


def _lines(before: Mapping[Key, Royalty], after: Mapping[Key, Royalty]) -> Iterator[Part]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield _difference("started", 1, 0, new.amount, key)
        elif new is None and old is not None:
            yield _difference("ended", 1, old.amount, 0, key)
        elif old is not None and new is not None:
            yield from _replaced(old, new, key)


def _replaced(old: Royalty, new: Royalty, key: Key) -> Iterator[Part]:
    """Yield what each factor changed, replaced in their order; or the whole, where one has none."""
    before, after = old.factors(), new.factors()
    if before is None or after is None:
        yield _difference("changed", 1, old.amount, new.amount, key)
        return
    factors = list(before)
    amount = old.amount
    for place, code in enumerate(FACTORS):
        factors[place] = after[place]
        replaced = _product(factors)
        yield Part(code, replaced - amount, key, before[place], after[place])
        amount = replaced


def _product(factors: Sequence[Fraction]) -> int:
    product = Fraction(1)
    for factor in factors:
        product *= factor
    return half_even(product.numerator, product.denominator)
