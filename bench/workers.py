"""Lets several ingests share one subscription and one warehouse in PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench import events
from bench.report import Figure, Section
from pipelines.errors import ManyhandsError
from tests.emulator import Emulator, start
from tests.lake.sending import rows
from tests.postgres import Postgres, own_server

WORKERS = (1, 4, 8)
COMMITS = 110
"""Of each worker, about."""

BATCH = 20
FAIR = 1.5
_MANYHANDS = str(Path(sys.executable).with_name("manyhands"))


def workers(folder: Path, scale: float, seed: int) -> Section:
    """Ingest one subscription by one, four and eight workers, and count each one's commits."""
    commits = max(4, round(COMMITS * scale))
    ran = {count: _run(folder / f"{count}", count, commits, seed) for count in WORKERS}
    return Section(
        "Several ingests on one subscription, with a catalog in PostgreSQL",
        f"About {commits} commits a worker, of at most {BATCH} messages from seed {seed}, all on"
        " these 2 cores, with the broker and the server.\nCounted is what came while all workers"
        " ran: fairness is the most commits of a worker over the fewest.",
        ["manyhands ingest pubsub:projects/marketplace/subscriptions/shared --follow"],
        [
            figure
            for count, run in ran.items()
            for figure in (
                Figure(f"{count} workers, commits", run.rate, "commits/s"),
                Figure(f"{count} workers, events", run.rate * BATCH, "events/s, at most"),
                Figure(f"{count} workers, the fewest commits of one", min(run.commits), ""),
                *([Figure(f"{count} workers, fairness", run.fairness, "", FAIR)] * (count > 1)),
            )
        ],
    )


@dataclass(frozen=True)
class Run:
    """What workers did while all of them ran."""

    commits: Sequence[int]
    """Of each worker."""
    seconds: float

    @property
    def rate(self) -> float:
        """Commits a second, of all together."""
        return sum(self.commits) / self.seconds

    @property
    def fairness(self) -> float:
        """The most commits of a worker over the fewest."""
        return max(self.commits) / max(1, min(self.commits))


def _run(folder: Path, count: int, commits: int, seed: int) -> Run:
    folder.mkdir()
    wanted = count * commits * BATCH
    events.write(events.Market(2 * wanted, seed), folder / "events.ndjson")
    bodies = (folder / "events.ndjson").read_bytes().splitlines()
    with own_server() as server, _broker(bodies) as (broker, path):
        naming = [*server.warehouse(), f"--data-path={folder / 'data'}"]
        subprocess.run([_MANYHANDS, "init", *naming], check=True, capture_output=True, cwd=folder)
        logs = [folder / f"worker-{number}" for number in range(count)]
        processes = [_start(log, broker, path, naming) for log in logs]
        while _head(server, naming) < wanted:
            if any(process.poll() is not None for process in processes):
                message = f"a worker ended: {[log.read_text()[-500:] for log in logs]}"
                raise ManyhandsError(message)
            time.sleep(1)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
    return _together([list(_committed_at(log)) for log in logs])


def _together(times: Sequence[Sequence[datetime]]) -> Run:
    """Return what was done from when the last worker began until the first one ended."""
    since, until = max(one[0] for one in times), min(one[-1] for one in times)
    inside = [sum(since < at <= until for at in one) for one in times]
    return Run(inside, (until - since).total_seconds())


def _start(
    log: Path, broker: Emulator, path: str, naming: Sequence[str]
) -> "subprocess.Popen[bytes]":
    flags = ["--follow", f"--batch-events={BATCH}", "--batch-seconds=1", "--log-format=json"]
    words = ["ingest", f"pubsub:{path}", "--as-of=2026-11-01T00:00:00Z", *flags, *naming]
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [_MANYHANDS, *words],
            cwd=log.parent,
            env=os.environ | broker.environment,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )


def _committed_at(log: Path) -> Iterator[datetime]:
    for line in log.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["event"] == "committed":
            yield datetime.fromisoformat(said["time"])


def _head(server: Postgres, naming: Sequence[str]) -> int:
    ((head,),) = rows(server.place(naming), "SELECT seq FROM head")
    return int(head)


@contextmanager
def _broker(bodies: Sequence[bytes]) -> Iterator[tuple[Emulator, str]]:
    broker = start(heap="2g")
    try:
        topic, path = broker.make("shared", ack_deadline_seconds=60)
        broker.publish(topic, bodies)
        yield broker, path
    finally:
        broker.stop()
