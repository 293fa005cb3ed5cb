"""The gauges of an ingest: how it goes now, and what its warehouse was like at the last look.

A scrape reads no warehouse and waits for nothing.

A float is all that Prometheus has. So `held_amount` is the one float near money: it is in major
units, for display, and no sealed number comes from it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pipelines.cli.health import Health
    from pipelines.cli.looks import Looks
    from pipelines.cli.metrics import Committed
    from pipelines.monitoring import Look
    from pipelines.sources.watch import Outstanding, Watch

PREFIX: Final = "manyhands_"
_MS_PER_S: Final = 1_000

Values: TypeAlias = Mapping[tuple[str, ...], float]
"""By the values of the labels, in their order."""


@dataclass(frozen=True)
class _Now:
    """What the gauges are made of at one moment."""

    held: "Outstanding"
    is_ready: bool
    out_of_reach: int
    is_waiting: bool
    head: int
    committed_at: float | None
    look: "Look | None"
    looked_at: float | None


@dataclass(frozen=True)
class _Gauge:
    name: str
    meaning: str
    values: Callable[[_Now], Values]
    labels: tuple[str, ...] = ()


class Gauges(Collector):
    """Returns all gauges at each scrape; one whose value isn't known yet has none."""

    def __init__(
        self, committed: "Committed", watch: "Watch", health: "Health", looks: "Looks"
    ) -> None:
        """Ask these at each scrape."""
        self._committed, self._watch, self._health, self._looks = committed, watch, health, looks

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each gauge."""
        now = self._now()
        for gauge in _GAUGES:
            family = GaugeMetricFamily(f"{PREFIX}{gauge.name}", gauge.meaning, labels=gauge.labels)
            for labels, value in gauge.values(now).items():
                family.add_metric(labels, value)
            yield family

    def _now(self) -> _Now:
        return _Now(
            held=self._watch.outstanding(),
            is_ready=self._health.ready().is_good,
            out_of_reach=self._watch.out_of_reach(),
            is_waiting=self._watch.is_waiting,
            head=self._committed.head,
            committed_at=self._committed.at,
            look=self._looks.last,
            looked_at=self._looks.looked_at,
        )


def _one(value: float | None) -> Values:
    return {} if value is None else {(): float(value)}


def _since_1970(at: datetime | None) -> float | None:
    """Return a time, naive in UTC, as Prometheus has it."""
    return at.replace(tzinfo=UTC).timestamp() if at else None


def _oldest_seconds(now: _Now) -> float:
    if now.held.oldest_at is None:
        return 0.0
    return max((datetime.now(UTC) - now.held.oldest_at).total_seconds(), 0.0)


def _head(now: _Now) -> int | None:
    """Return the later of what this process committed and what others had at the last look."""
    known = [now.head, now.look.head if now.look else 0]
    return max(known) if now.look or now.committed_at else None


def _committed_at(now: _Now) -> float | None:
    known = [now.committed_at, _since_1970(now.look.recorded_at if now.look else None)]
    return max((at for at in known if at is not None), default=None)


def _keyed(values: Mapping[str, int] | None) -> Values:
    return {(key,): float(value) for key, value in (values or {}).items()}


_GAUGES: Final = (
    _Gauge(
        "outstanding_messages",
        "Messages received and not yet acknowledged.",
        lambda now: _one(now.held.messages),
    ),
    _Gauge("outstanding_bytes", "Bytes of these messages.", lambda now: _one(now.held.size)),
    _Gauge(
        "oldest_unacknowledged_seconds",
        "How long ago the oldest of these messages was published; 0 where there is none.",
        lambda now: _one(_oldest_seconds(now)),
    ),
    _Gauge("ready", "1 where /readyz is green, else 0.", lambda now: _one(now.is_ready)),
    _Gauge(
        "subscriptions_out_of_reach",
        "Subscriptions whose broker can't be reached.",
        lambda now: _one(now.out_of_reach),
    ),
    _Gauge(
        "warehouse_waiting",
        "1 while a batch waits for a warehouse that can't be written, else 0.",
        lambda now: _one(now.is_waiting),
    ),
    _Gauge("log_head", "Position of the last event of the log.", lambda now: _one(_head(now))),
    _Gauge(
        "last_commit_timestamp_seconds",
        "When a batch was last committed: by this process, or by anybody at the last look.",
        lambda now: _one(_committed_at(now)),
    ),
    _Gauge(
        "warehouse_read_timestamp_seconds",
        "When the warehouse was last looked at for the gauges that are read of it.",
        lambda now: _one(now.looked_at),
    ),
    _Gauge(
        "next_close_due_timestamp_seconds",
        "From when the next period can close.",
        lambda now: _one(_since_1970(now.look.next_close_due_at if now.look else None)),
    ),
    _Gauge(
        "dead_letters",
        "Open dead letters, by reason.",
        lambda now: _keyed(now.look.dead_letters if now.look else None),
        ("reason",),
    ),
    _Gauge(
        "close_statements",
        "Statements that each of the last twelve closes issued.",
        lambda now: _keyed(now.look.statements if now.look else None),
        ("period",),
    ),
    _Gauge(
        "close_step_seconds",
        "How long each step of the last twelve closes took.",
        lambda now: {key: ms / _MS_PER_S for key, ms in now.look.steps.items()} if now.look else {},
        ("period", "step"),
    ),
    _Gauge(
        "held_amount",
        "What is held at the last close, in major units; for display alone.",
        lambda now: {key: float(held) for key, held in now.look.held.items()} if now.look else {},
        ("reason", "currency"),
    ),
)
