"""What Prometheus reads of an ingest: what it committed so far, and how it goes (gauges.py)."""

from time import time
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from pipelines.cli.gauges import PREFIX, Gauges
from schemas.rejection import Reason

if TYPE_CHECKING:
    from pipelines.cli.health import Health
    from pipelines.cli.looks import Looks
    from pipelines.ingest.work import Ingested
    from pipelines.sources.watch import Watch

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_EVENTS: Final = (1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000)
_COUNTED: Final = {
    "received": "Events received: accepted, duplicate, conflict and rejected together.",
    "accepted": "Events that were new, and are in the log.",
    "duplicate": "Events that the log had, with the same content.",
    "conflict": "Events that the log had, with other content.",
}


class Committed:
    """Counts what this process committed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin at 0, each reason to refuse an event too, so that its first one is a rise."""
        self._counted = {
            name: Counter(f"{PREFIX}{name}", text, registry=registry)
            for name, text in _COUNTED.items()
        }
        self._rejected = Counter(
            f"{PREFIX}rejected", "Events refused, by reason.", ["reason"], registry=registry
        )
        for reason in Reason:
            if reason is not Reason.ID_CONFLICT:  # counted as a conflict
                self._rejected.labels(reason.value)
        self._batches = Counter(f"{PREFIX}batches", "Batches committed.", registry=registry)
        self._seconds = Histogram(
            f"{PREFIX}commit_seconds", "How long commits took.", buckets=_SECONDS, registry=registry
        )
        self._events = Histogram(
            f"{PREFIX}batch_events", "Events of a batch.", buckets=_EVENTS, registry=registry
        )
        self.head = 0
        """Of the log, after the last batch."""
        self.at: float | None = None
        """When the last batch was committed, in seconds since 1970; None before any."""

    def add(self, done: "Ingested") -> None:
        """Count a batch that is committed."""
        for name, counter in self._counted.items():
            counter.inc(getattr(done.counts, name))
        for reason, events in done.counts.rejected.items():
            self._rejected.labels(reason).inc(events)
        self._batches.inc()
        self._seconds.observe(done.commit_seconds)
        self._events.observe(done.counts.received)
        self.head, self.at = done.counts.head, time()


class Metrics:
    """What one ingest shows of itself, in a registry of its own."""

    def __init__(self, watch: "Watch", health: "Health", looks: "Looks") -> None:
        """Begin with nothing committed."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series for each that says when the process began
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.committed = Committed(self.registry)
        self.registry.register(Gauges(self.committed, watch, health, looks))
