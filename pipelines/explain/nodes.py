"""Makes the nodes of an explanation: numbers as text, events by their names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import zip_longest
from typing import Final

import duckdb

from pipelines.errors import GateError
from pipelines.lake import explained
from pipelines.royalties.money import from_micros
from pipelines.values import json_value
from schemas.decimals import plain
from schemas.explanation import Code, Events, Explanation, NamedEvent

PPM_DIGITS: Final = 6
MILLI_DIGITS: Final = 3
MICROS: Final = 1_000_000
"""So many make a major unit."""


def money(micros: object) -> str:
    """Write micros, an integer or a decimal without fraction, as statements write money."""
    return from_micros(int(str(micros)))


def share(ppm: int) -> str:
    """Write millionths as a decimal fraction, such as `0.3`."""
    return decimal(ppm, PPM_DIGITS)


def decimal(value: int, digits: int) -> str:
    """Write a whole number of 10^-digits, which isn't negative, as a decimal, such as `1.5`."""
    text = str(value).zfill(digits + 1)
    return plain(f"{text[:-digits]}.{text[-digits:]}")


def exact(number: Fraction, scale: int = 1) -> str:
    """Write a number of which `scale` make one, exactly: `3`, or `10/3`."""
    return str(Fraction(number, scale))


@dataclass(frozen=True)
class Log:
    """Names the events of a log, each by its identity."""

    connection: duckdb.DuckDBPyConnection
    most: int | None
    """So many are named of those behind one number; None: all."""
    _known: dict[int, explained.Row] = field(default_factory=dict, init=False)
    """Those that were read, by their positions."""

    def know(self, seqs: Iterable[int]) -> None:
        """Read events that are going to be named, all at once.

        Raises GateError where the log lacks one, of which there are facts.
        """
        if missing := set(seqs) - self._known.keys():
            self._known.update(explained.events(self.connection, missing))
        if lost := missing - self._known.keys():
            message = (
                f"event {min(lost)} of the log is gone, though there are facts of it; restore the"
                " warehouse from a backup"
            )
            raise GateError(message)

    def events(self, seqs: Iterable[int], amounts: Sequence[object] = ()) -> Events:
        """Return events by their positions, with what each of them paid."""
        wanted = list(seqs)
        shown = wanted[: self.most]
        self.know(shown)
        found = self._known
        paid = [money(amount) for amount in amounts]
        first = [
            NamedEvent(
                seq=seq,
                source=found[seq]["source"],
                id=found[seq]["id"],
                type=found[seq]["type"],
                time=str(json_value(found[seq]["occurred_at"])),
                amount=amount,
            )
            for seq, amount in zip_longest(shown, paid[: len(shown)])
        ]
        return Events(count=len(wanted), first=first)

    def node(self, code: Code, seq: int | None, **values: str) -> list[Explanation]:
        """Return a node for the event that something was agreed or published by, where one did."""
        if seq is None:
            return []
        return [Explanation(code=code, values=values, events=self.events([seq]))]
