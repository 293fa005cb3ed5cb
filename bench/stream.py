"""Receives messages from a broker: the ingest beside a bare client, and many small batches."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from google.cloud import pubsub_v1

from bench import events
from bench.measure import apart
from bench.report import Figure, Section
from pipelines.ingest.decode import decode
from pipelines.ingest.job import ingest
from pipelines.ingest.validate import validate
from pipelines.ingest.work import Ingested
from pipelines.lake.warehouse import Warehouse
from pipelines.sources.limits import DEFAULT_RECEIVING, Receiving
from pipelines.sources.subscriptions import PREFIX
from pipelines.sources.watch import Watch
from schemas.record import Decoded, Received
from tests.emulator import Emulator, start

MESSAGES = 200_000
ROUNDS = 5
BATCHES = 500
BATCH = 20
NOW = datetime(2026, 11, 1)  # noqa: DTZ001  naive is UTC here
HEAP = "4g"


def stream(folder: Path, scale: float, seed: int) -> Section:
    """Ingest messages, and let a bare client receive the same ones, in turn."""
    messages, rounds = round(MESSAGES * scale), max(1, round(ROUNDS * scale))
    bodies = _bodies(folder, messages, seed)
    ours, bare = [], []
    for number in range(rounds):
        one, other = _round(folder / f"{number}", bodies, is_ours_first=number % 2 == 0)
        ours.append(messages / one)
        bare.append(messages / other)
    parts = [100 * one / other for one, other in zip(ours, bare, strict=True)]
    return Section(
        "Ingest over Pub/Sub, beside a bare client",
        f"{messages:,} messages from seed {seed}, {rounds} rounds, each with a new emulator;"
        " the ingest and a client that only acknowledges, in turn,\neach in a process of its own,"
        " from its first request to its last acknowledgement. The figures are medians.\n"
        "`decode` and `validate` alone take the bodies one after the other, on one core.",
        ["manyhands ingest pubsub:projects/marketplace/subscriptions/ours --follow"],
        [
            Figure("ingest", median(ours), "events/s"),
            Figure("bare client", median(bare), "messages/s"),
            Figure("ingest, part of the bare client's rate", median(parts), "%", 33, at_least=True),
            Figure("`decode` and `validate` alone", _rate_alone(bodies), "events/s"),
        ],
    )


def small_batches(folder: Path, scale: float, seed: int) -> Section:
    """Ingest many small batches in one process, and look at what it holds after each."""
    batches = max(8, round(BATCHES * scale))
    bodies = _bodies(folder, batches * BATCH, seed)
    with _broker(bodies, ["small"]) as (broker, (path,)):
        held = apart(_hold, folder / "warehouse", path, broker.address, batches)
    second, last = (held[len(held) * part // 4 : len(held) * (part + 1) // 4] for part in (1, 3))
    return Section(
        "Many small batches in one process",
        f"{batches:,} batches of {BATCH} messages. Of what the process holds after each batch: the"
        " median of the last quarter,\nas part of the second quarter's.",
        ["manyhands ingest pubsub:projects/marketplace/subscriptions/small --follow"],
        [
            figure
            for name in ("memory", "descriptors", "threads", "files")
            for figure in _compared(name, second, last)
        ],
    )


@dataclass(frozen=True)
class Held:
    """What a process holds at a moment."""

    memory: float
    """Resident, in MiB."""
    descriptors: int
    threads: int
    files: int
    """Temporary ones, of the process and of the warehouse."""


def _compared(name: str, second: Sequence[Held], last: Sequence[Held]) -> list[Figure]:
    before, after = (median(getattr(held, name) for held in part) for part in (second, last))
    part = 100 * after / before if before else 100.0 if not after else float("inf")
    shown, unit = {"files": ("temporary files", ""), "memory": (name, "MiB")}.get(name, (name, ""))
    return [
        Figure(f"{shown}, last quarter", after, unit),
        Figure(f"{shown}, part of the second quarter's", part, "%", 105),
    ]


def _bodies(folder: Path, count: int, seed: int) -> list[bytes]:
    path = folder / "events.ndjson"
    events.write(events.Market(count, seed), path)
    return path.read_bytes().splitlines()


def _round(folder: Path, bodies: Sequence[bytes], *, is_ours_first: bool) -> tuple[float, float]:
    """Return the seconds that the ingest and the bare client took, with the same messages each."""
    with _broker(bodies, ["ours", "bare"]) as (broker, (ours, bare)):
        measures: list[Callable[[], float]] = [
            lambda: apart(_ingest_all, folder / "warehouse", ours, broker.address, len(bodies)),
            lambda: apart(_receive_all, bare, broker.address, len(bodies)),
        ]
        folder.mkdir()
        taken = [measure() for measure in (measures if is_ours_first else measures[::-1])]
    one, other = taken if is_ours_first else taken[::-1]
    return one, other


@contextmanager
def _broker(
    bodies: Sequence[bytes], names: Sequence[str]
) -> Iterator[tuple[Emulator, Sequence[str]]]:
    """Run a broker that has messages in several subscriptions of one topic."""
    broker = start(heap=HEAP)
    try:
        topic = broker.make_topic("events")
        with broker.subscriber as client:
            paths = [client.subscription_path("marketplace", name) for name in names]
            for path in paths:
                client.create_subscription(name=path, topic=topic)
        broker.publish(topic, bodies)
        yield broker, paths
    finally:
        broker.stop()


def _ingested(
    folder: Path, path: str, address: str, receiving: Receiving, messages: int
) -> Iterator[Ingested]:
    """Ingest until so many messages are received, and yield what became of each batch."""
    os.environ["PUBSUB_EMULATOR_HOST"] = address
    received = 0
    batches = ingest(
        Warehouse(folder),
        [PREFIX + path],
        clock=lambda: NOW,
        manifest_roots=[],
        watch=Watch(print, lambda: received >= messages),
        receiving=receiving,
    )
    for done in batches:
        received += done.counts.received
        yield done


def _ingest_all(folder: Path, path: str, address: str, messages: int) -> float:
    receiving = Receiving(follow=True)
    begun_at = ended_at = time.perf_counter()
    for _ in _ingested(folder, path, address, receiving, messages):
        ended_at = time.perf_counter()
    return ended_at - begun_at


def _receive_all(path: str, address: str, messages: int) -> float:
    os.environ["PUBSUB_EMULATOR_HOST"] = address
    left, lock, is_done = messages, threading.Lock(), threading.Event()

    def take(message: pubsub_v1.subscriber.message.Message) -> None:
        nonlocal left
        message.ack()
        with lock:
            left -= 1
        if left <= 0:
            is_done.set()

    flow = pubsub_v1.types.FlowControl(max_messages=2 * DEFAULT_RECEIVING.events)
    begun_at = time.perf_counter()
    with pubsub_v1.SubscriberClient() as client:
        stream = client.subscribe(path, take, flow_control=flow)
        is_done.wait()
        seconds = time.perf_counter() - begun_at
        stream.cancel()
        stream.result()
    return seconds


def _rate_alone(bodies: Sequence[bytes]) -> float:
    begun_at = time.perf_counter()
    for number, body in enumerate(bodies):
        decoded = decode(Received(number, "", "", body))
        if isinstance(decoded, Decoded):
            validate(decoded, NOW)
    return len(bodies) / (time.perf_counter() - begun_at)


def _hold(folder: Path, path: str, address: str, batches: int) -> list[Held]:
    receiving = Receiving(follow=True, events=BATCH, seconds=1.0)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        done = _ingested(folder, path, address, receiving, batches * BATCH)
        return [_held([Path(temporary), folder / "staged"]) for _ in done]


def _held(folders: Sequence[Path]) -> Held:
    """Return what this process holds, as Linux says it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    named = dict(line.split(":", 1) for line in status.splitlines())
    return Held(
        int(named["VmRSS"].split()[0]) / (1 << 10),
        len(list(Path("/proc/self/fd").iterdir())),
        int(named["Threads"]),
        sum(1 for folder in folders for _ in folder.rglob("*")),
    )
