"""Ingests 10,000 events into logs of growing size, and asks for their status (SPEC §9)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from bench import environment
from bench.bulk import Bulk, add_month, found, made, of_month
from bench.measure import Measured, apart, manyhands
from bench.month import copied, copy_of
from bench.report import Compared, Figure, Section
from bench.room import EVENT_BYTES, Data
from bench.rounds import Contestant, Found, Taken, in_turns, part
from pipelines.royalties.periods import Cadence, Period

BATCH: Final = 10_000
FILE: Final = "batch.ndjson"
MOST: Final = 200
"""What an ingest into the largest log may take of one into the smallest, in percent."""
MOST_MIB: Final = 2_048
NOW: Final = "2026-12-01T00:00:00Z"

Work: TypeAlias = Callable[[Path], Measured]
"""Does something with the `warehouse` in a folder."""


@dataclass(frozen=True)
class Logs:
    """Logs with so many generations each, the least first."""

    bulk: Bulk
    sizes: list[int]

    @property
    def period(self) -> Period:
        """The month that all of them are of."""
        return Period.parse(self.bulk.first_period, Cadence.MONTH)

    @property
    def size(self) -> int:
        """Bytes that they take, about; what one has in common with the next is there once."""
        return 2 * EVENT_BYTES * (self.bulk.contributors + self.bulk.images + self.sizes[-1])


def growth(logs: Logs, rounds: int | None = None) -> Section:
    """Ingest the same batch into a copy of each log, and ask for its status, in turns."""
    data = Data("growth", asdict(logs), logs.size, partial(apart, make, logs))
    with data.there() as folder:
        ingested = in_turns(_contestants(folder, logs, _ingest), rounds)
        asked = in_turns(_contestants(folder, logs, _status), rounds)
    return _section(logs, ingested, asked)


def make(logs: Logs, folder: Path) -> None:
    """Make a warehouse for each size in a folder, named after it, and a batch that is in none."""
    found(folder, logs.bulk)
    count = 0
    for size in logs.sizes:
        add_month(folder / "warehouse", logs.bulk, logs.period, range(count, size))
        copy_of(folder / "warehouse", folder / str(size))
        count = size
    given = logs.bulk.parameters() | of_month(logs.period)
    bodies = made("generation", given, count, BATCH)["body"].to_pylist()
    (folder / FILE).write_bytes(b"".join(body + b"\n" for body in bodies))


def _contestants(folder: Path, logs: Logs, work: Work) -> list[Contestant]:
    return [
        Contestant(_named(size), partial(_on_copy, folder, size, work), lambda *_: True)
        for size in logs.sizes
    ]


def _named(size: int) -> str:
    return f"{size:,} generations"


def _on_copy(folder: Path, size: int, work: Work) -> tuple[Measured, Found]:
    with copied(folder / str(size), folder / "out") as out:
        took = work(out)
    said = json.loads(took.stdout)
    return took, {"head": said["head"]}


def _ingest(out: Path) -> Measured:
    return manyhands("ingest", str(out.parent / FILE), f"--as-of={NOW}", "--json", folder=out)


def _status(out: Path) -> Measured:
    return manyhands("status", "--json", folder=out)


def _section(logs: Logs, ingested: Sequence[Taken], asked: Sequence[Taken]) -> Section:
    least, most = ingested[0], ingested[-1]
    points = [
        (name, float(size), one.median)
        for name, taken in ((f"ingest {BATCH:,} events", ingested), ("status", asked))
        for size, one in zip(logs.sizes, taken, strict=True)
    ]
    compared = [
        Compared(
            f"{work}, {one.name}", one.seconds, "s", one.peak_mib, one.median / taken[0].median
        )
        for work, taken in (("ingest", ingested), ("status", asked))
        for one in taken
    ]
    return Section(
        "A commit as the log grows",
        f"{BATCH:,} generations ingested into logs that have so many from seed {logs.bulk.seed},"
        f" and their `status`, in {len(least.seconds)} rounds, in turns, each on a copy.\nEach is"
        " compared with the same on the smallest log.",
        [f"manyhands ingest {FILE} --as-of={NOW}", "manyhands status"],
        [
            Figure("ingest, the largest log over the smallest", part(least, most), "%", MOST),
            Figure("the same, processor time", part(least, most, "work_median"), "%"),
            Figure("ingest into the largest, memory", most.peak_mib, "MiB", MOST_MIB),
            Figure("status, the largest over the smallest", part(asked[0], asked[-1]), "%"),
        ],
        compared,
        {"growth.svg": environment.drawn("As the log grows", "generations", "seconds", points)},
    )
