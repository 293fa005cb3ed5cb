"""Commits many small batches to one log, as a stream does, and times each, and what reads them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from bench import events
from pipelines.ingest.decode import decode
from pipelines.ingest.session import Session
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.ingest.validate import validate
from pipelines.lake import reading
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.log import StagedBatch, append
from pipelines.lake.merging import merge_small_files
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.maintain import maintain
from pipelines.sources.limits import DEFAULT_LIMITS
from schemas.record import Decoded, Event, Received

RECORDED_AT = datetime(2026, 11, 1)  # noqa: DTZ001  naive is UTC here
READS: Final = 5

_READ: Final = (
    "SELECT currency, count(*), sum(revenue_micros), max(content_sha256)"
    " FROM warehouse.asset_generated INNER JOIN warehouse.event USING (seq) GROUP BY currency"
)


@dataclass(frozen=True)
class Timed:
    """What commits took, one after the other, in seconds."""

    commits: list[float]
    """By the wall clock."""
    work: list[float]
    """Of the processors, which a busy machine doesn't stretch as much."""
    merges: list[float]
    """What came after each commit: to see whether there is something to merge, and to merge it."""
    files: int
    """Data files on disk at the end."""


def commit_all(folder: Path, commits: int, size: int, seed: int) -> Timed:
    """Make a warehouse in a folder, and commit so many batches of `size` events to it."""
    warehouse = Warehouse(folder / "warehouse")
    events.write(events.Market(commits * size, seed), folder / "events.ndjson")
    create(warehouse, Setting())
    timed = Timed([], [], [], 0)
    with closing(Session(warehouse)) as session:
        for batch in islice(_batches(folder / "events.ndjson", size), commits):
            began, worked = time.perf_counter(), time.process_time()
            with session.connection() as connection:
                append(connection, warehouse, batch)
            committed = time.perf_counter()
            timed.work.append(time.process_time() - worked)
            with session.connection() as connection:
                merge_small_files(connection, warehouse, DEFAULT_LIMITS.merge_files)
            timed.commits.append(committed - began)
            timed.merges.append(time.perf_counter() - committed)
    files = sum(1 for _ in warehouse.data.rglob("*.parquet"))
    return Timed(timed.commits, timed.work, timed.merges, files)


@dataclass(frozen=True)
class Read:
    """What reading the same rows takes, in seconds: the median of several readings each."""

    small: float
    """Of the warehouse that small commits left."""
    maintained: float
    """Of it, once it was maintained."""
    whole: float
    """Of one to which all of it was committed at once."""


def read_all(folder: Path, commits: int, size: int) -> Read:
    """Read the warehouse of `commit_all` before and after it is maintained, and one big commit."""
    small, whole = Warehouse(folder / "warehouse"), Warehouse(folder / "whole")
    create(whole, Setting())
    with connect(whole) as connection:
        for batch in _batches(folder / "events.ndjson", commits * size):
            append(connection, whole, batch)
    (before,) = _read_seconds([small])
    maintain(small, lambda _: None)
    after, at_once = _read_seconds([small, whole])
    return Read(before, after, at_once)


def _read_seconds(warehouses: Sequence[Warehouse]) -> list[float]:
    """Return the median seconds of a reading of each, taken in turns."""
    taken: list[list[float]] = [[] for _ in warehouses]
    for _ in range(READS):
        for warehouse, seconds in zip(warehouses, taken, strict=True):
            with reading.connect(warehouse) as connection:
                began = time.perf_counter()
                connection.execute(_READ).fetchall()
                seconds.append(time.perf_counter() - began)
    return [median(seconds) for seconds in taken]


def growth(seconds: Sequence[float], window: int) -> float:
    """Return the median of the last `window` over that of the second, in percent."""
    return 100 * median(seconds[-window:]) / median(seconds[window : 2 * window])


def _batches(source: Path, size: int) -> Iterator[StagedBatch]:
    lines = source.read_bytes().splitlines()
    for number in range(0, len(lines), size):
        valid = [_valid(line, place) for place, line in enumerate(lines[number : number + size])]
        refused = refusals_table([], RECORDED_AT)
        yield StagedBatch(f"batch-{number}", RECORDED_AT, events_table(valid), refused)


def _valid(line: bytes, position: int) -> Event:
    decoded = decode(Received(position, "events.ndjson", str(position), line))
    outcome = validate(decoded, RECORDED_AT) if isinstance(decoded, Decoded) else decoded
    if not isinstance(outcome, Event):
        message = f"an event of the benchmark is refused: {outcome.message}"
        raise TypeError(message)
    return outcome
