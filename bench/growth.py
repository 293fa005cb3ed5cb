"""Ingests, closes, and asks for status and a statement, as the log grows (SPEC §9)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from bench import environment
from bench.bulk import Bulk, add_month, close, found, made, of_month
from bench.measure import Measured, apart, manyhands
from bench.month import copied, copy_of
from bench.report import Compared, Figure, Section
from bench.room import EVENT_BYTES, Data
from bench.rounds import Contestant, Found, Taken, in_turns, part
from pipelines.royalties.periods import Cadence, Period

BATCH: Final = 10_000
"""Events that are ingested, and generations of the month that is closed."""
FILE: Final = "batch.ndjson"
INGEST: Final = f"ingest {BATCH:,} events"
MOST: Final = 200
"""What an ingest into the largest log may take of one into the smallest, in percent."""
MOST_MIB: Final = 2_048

Work: TypeAlias = Callable[[Path], Measured]
"""Does something with the `warehouse` in a folder, which is a copy."""


@dataclass(frozen=True)
class Logs:
    """Logs with so many generations each, the least first, in a month that is closed.

    In the month after it there are BATCH more, and it isn't closed.
    """

    bulk: Bulk
    sizes: list[int]

    @property
    def period(self) -> Period:
        """The month that is closed."""
        return Period.parse(self.bulk.first_period, Cadence.MONTH)

    @property
    def size(self) -> int:
        """Bytes that they take, about; what one has in common with the next is there once."""
        return 2 * EVENT_BYTES * (self.bulk.contributors + self.bulk.images + self.sizes[-1])


def growth(logs: Logs, rounds: int | None = None) -> Section:
    """Do each work on a copy of each log, in turns."""
    data = Data("growth", asdict(logs), logs.size, partial(apart, make, logs))
    with data.there() as folder:
        taken = {
            name: in_turns(_contestants(folder, logs, work), rounds)
            for name, work in _works(logs).items()
        }
    return _section(logs, taken)


def make(logs: Logs, folder: Path) -> None:
    """Make a warehouse for each size in a folder, named after it, and a batch that is in none."""
    found(folder, logs.bulk)
    count = 0
    for size in logs.sizes:
        add_month(folder / "warehouse", logs.bulk, logs.period, range(count, size))
        count = size
        (folder / str(size)).mkdir()
        copy_of(folder / "warehouse", folder / str(size) / "warehouse")
        close(folder / str(size), logs.period)
        numbers = range(size, size + BATCH)
        add_month(folder / str(size) / "warehouse", logs.bulk, logs.period.next(), numbers)
    given = logs.bulk.parameters() | of_month(logs.period.next())
    bodies = made("generation", given, count + BATCH, BATCH)["body"].to_pylist()
    (folder / FILE).write_bytes(b"".join(body + b"\n" for body in bodies))


def _works(logs: Logs) -> dict[str, Work]:
    now = f"--as-of={logs.period.next().ends_at.isoformat()}Z"

    def ingest(out: Path) -> Measured:
        return manyhands("ingest", str(out.parent / FILE), now, folder=out)

    def close_next(out: Path) -> Measured:
        return close(out, logs.period.next())

    def status(out: Path) -> Measured:
        return manyhands("status", folder=out)

    def show(out: Path) -> Measured:
        return manyhands("statements", "show", f"{logs.period.name}/c0", folder=out)

    return {INGEST: ingest, "close": close_next, "status": status, "statements show": show}


def _contestants(folder: Path, logs: Logs, work: Work) -> list[Contestant]:
    return [
        Contestant(f"{size:,} generations", partial(_on_copy, folder, size, work))
        for size in logs.sizes
    ]


def _on_copy(folder: Path, size: int, work: Work) -> tuple[Measured, Found]:
    with copied(folder / str(size) / "warehouse", folder / "out") as out:
        return work(out), {}


def _section(logs: Logs, taken: Mapping[str, Sequence[Taken]]) -> Section:
    compared = [
        Compared(f"{work}, {one.name}", one.seconds, "s", one.peak_mib, part(of[0], one) / 100)
        for work, of in taken.items()
        for one in of
    ]
    points = [
        (work, float(size), one.median)
        for work, of in taken.items()
        for size, one in zip(logs.sizes, of, strict=True)
    ]
    return Section(
        "As the log grows",
        f"Logs that have so many generations from seed {logs.bulk.seed} in a closed month, and"
        f" {BATCH:,} in the month after it.\n{BATCH:,} more of that month are ingested, or it is"
        " closed, or the status is asked for, or a statement of the closed month,\neach in"
        f" {len(taken[INGEST][0].seconds)} rounds, in turns, on a copy. Each is compared with the"
        " same on the smallest log.",
        [
            f"manyhands {words}"
            for words in (f"ingest {FILE}", "close --period=…", "status", "statements show …")
        ],
        [
            *(figure for work, of in taken.items() for figure in _figures(work, of[0], of[-1])),
            Figure("ingest into the largest, memory", taken[INGEST][-1].peak_mib, "MiB", MOST_MIB),
        ],
        compared,
        {
            "growth.svg": environment.drawn(
                "As the log grows", "generations", "seconds", points, by_tens=True
            )
        },
    )


def _figures(work: str, least: Taken, most: Taken) -> Iterator[Figure]:
    """Yield what the largest log takes over the smallest, by the clock and by the processors."""
    bound = MOST if work == INGEST else None
    yield Figure(f"{work}, the largest log over the smallest", part(least, most), "%", bound)
    yield Figure("the same, processor time", part(least, most, "work_median"), "%")
