"""Lets an ingest be observed: its health and, where a port is named, its metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipelines.cli.health import Health
from pipelines.cli.looks import Looks
from pipelines.warehouses import Warehouse

if TYPE_CHECKING:
    from pipelines.cli.metrics import Metrics
    from pipelines.ingest.work import Ingested
    from pipelines.sources.watch import Watch


@dataclass
class Observer:
    """Takes note of what an ingest does."""

    health: Health
    looks: Looks | None = None
    metrics: "Metrics | None" = None

    def turned(self) -> bool:
        """Take note that the loop turned; return whether it was for the first time.

        Only then there is a warehouse to look at.
        """
        is_first = self.health.turned()
        if is_first and self.looks:
            self.looks.begin()
        return is_first

    def committed(self, done: "Ingested") -> None:
        """Take note of a batch that is committed, unless nothing was in it."""
        if done.counts.received:
            self.health.committed()
            if self.metrics:
                self.metrics.committed.add(done)


@contextmanager
def observed(
    watch: "Watch", warehouse: Warehouse, ready_seconds: float, host: str, port: int | None
) -> Iterator[Observer]:
    """Yield the observer of an ingest, and serve what it sees as long as the context lasts.

    Raises ManyhandsError where the port can't be had.
    """
    health = Health(watch, ready_seconds)
    if port is None:
        yield Observer(health)
        return
    from prometheus_client import make_wsgi_app

    from pipelines.cli.metrics import Metrics
    from pipelines.cli.serving import pages, serving
    from pipelines.monitoring import look

    looks = Looks(partial(look, warehouse))
    metrics = Metrics(watch, health, looks)
    checks = {"/livez": health.live, "/readyz": health.ready}
    with serving(host, port, pages(checks, {"/metrics": make_wsgi_app(metrics.registry)})):
        try:
            yield Observer(health, looks, metrics)
        finally:
            looks.end()
