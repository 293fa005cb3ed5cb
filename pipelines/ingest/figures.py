"""Adds up what was sent: how many events by type, and their money (SPEC §3.3)."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from pipelines.errors import UsageError
from pipelines.royalties.money import from_micros, to_micros
from pipelines.royalties.periods import Cadence, Period
from schemas import canonical, decimals, instants
from schemas.events import PAYMENTS
from schemas.record import Event

REPORTED: Final = "source-reported"
"""The type of a report; it counts the other types."""

MOST_MICROS: Final = 10**18 - 1
"""The largest amount that an event can say."""


@dataclass
class Figures:
    """Events by type, and the sums of their fees, training fees and revenues by currency."""

    counts: Counter[str] = field(default_factory=Counter)
    micros: Counter[str] = field(default_factory=Counter)

    def add(self, event: Event) -> None:
        """Count an event, and add what it says was paid."""
        self.counts[event.type] += 1
        if paid := PAYMENTS.get(event.type):
            money = json.loads(event.content)["data"][paid]
            self.micros[money["currency"]] += to_micros(money["amount"])

    @property
    def amounts(self) -> dict[str, str]:
        """The sums as decimals."""
        return {
            currency: decimals.plain(from_micros(micros))
            for currency, micros in sorted(self.micros.items())
        }


class Span(NamedTuple):
    """Half-open; naive datetimes in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass
class Report:
    """What one source sent in a span, as a `source-reported` event says it."""

    source: str
    span: Span | None = None
    """None: the calendar month that all its events are of."""
    figures: Figures = field(default_factory=Figures)
    outside: int = 0
    """How many events of the source are of another time."""
    _seen: Span | None = None
    """From the first event to the last."""

    def add(self, event: Event) -> None:
        """Count an event, where it is one of the source and of the span."""
        if event.source != self.source or event.type == REPORTED:
            return
        at = event.occurred_at
        if self.span and not self.span.starts_at <= at < self.span.ends_at:
            self.outside += 1
            return
        self._seen = self._seen or Span(at, at)
        self._seen = Span(min(at, self._seen.starts_at), max(at, self._seen.ends_at))
        self.figures.add(event)

    def covered(self) -> Span:
        """Return the span.

        Raises UsageError where none was named, and the events are of several months, or none.
        """
        if self.span:
            return self.span
        ask = "name the time that the report is of, by --from T and --until T"
        if self._seen is None:
            message = f"no event of {self.source} was read; {ask}"
            raise UsageError(message)
        month, last = (Period.containing(at, Cadence.MONTH) for at in self._seen)
        if month != last:
            first_at, last_at = map(instants.written, self._seen)
            message = (
                f"events of {self.source} are of several months, from {first_at} to {last_at};"
                f" {ask}"
            )
            raise UsageError(message)
        return Span(month.starts_at, month.ends_at)

    def event(self, now: datetime) -> dict[str, object]:
        """Return the report as an event of `now`; its id follows from what it says.

        Raises UsageError where no span is known, or a sum is too large for an event.
        """
        span = self.covered()
        for currency, micros in self.figures.micros.items():
            if micros > MOST_MICROS:
                message = (
                    f"the sum in {currency}, {from_micros(micros)}, is too large for one report;"
                    " report shorter times, by --from T and --until T"
                )
                raise UsageError(message)
        said = {
            "type": REPORTED,
            "time": instants.written(now),
            "data": {
                "source": self.source,
                "from": instants.written(span.starts_at),
                "until": instants.written(span.ends_at),
                "counts": dict(sorted(self.figures.counts.items())),
                "amounts": self.figures.amounts,
            },
        }
        digest = canonical.content_sha256(canonical.canonical_json(said))
        return {"specversion": "1.0", "id": f"report-{digest}", "source": self.source, **said}
