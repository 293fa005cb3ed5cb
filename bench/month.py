"""Closes a large month beside others that do its sums alone (SPEC §9)."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from bench import environment
from bench.bulk import Bulk, add_month, close, found
from bench.measure import Measured, apart, manyhands, run
from bench.report import Compared, Figure, Section
from bench.room import EVENT_BYTES, Data
from bench.rounds import Contestant, Found, Taken, in_turns, part
from pipelines.lake import reading
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period

MANIFEST_ROW_BYTES: Final = 40
"""What a row of a manifest takes, about: as it came, as it was checked, as a fact, for peers."""
GENERATION_BYTES: Final = 12
"""What a generation takes in the file that peers read."""

OURS: Final = "manyhands close"
PYSPARK: Final = "PySpark local[2], the sums alone"
PEERS: Final = {
    PYSPARK: "close_pyspark",
    "pandas, the sums alone": "close_pandas",
    "polars, the sums alone": "close_polars",
    "limit: DuckDB, scan and group": "close_duckdb",
}
KNOWN_S: Final = 60
UNKNOWN_S: Final = 300
EXPLAIN_S: Final = 2
MOST_MIB: Final = 16 * 1024
CONTRIBUTOR: Final = "c0"
"""Whose line is explained."""

EXPORTS: Final = {
    "generation": """
        SELECT model_id, version, revenue_micros, CAST(200000 AS INTEGER) AS share_ppm
        FROM warehouse.asset_generated
        WHERE occurred_at >= $starts_at AND occurred_at < $ends_at
    """,
    "licence": """
        SELECT image_id, contributor_id, share_ppm, valid_from, valid_until
        FROM warehouse.image_licensed INNER JOIN warehouse.licence_contributor USING (seq)
        WHERE $starts_at < $ends_at
    """,
    "manifest": """
        SELECT model_id, version, occurred_at AS trained_at, image_id, weight_milli
        FROM warehouse.model_trained INNER JOIN warehouse.manifest_entry USING (manifest_sha256)
        WHERE $starts_at < $ends_at
    """,
}
"""What peers read: the rows of the facts that a close's sums are made of."""


@dataclass(frozen=True)
class Month:
    """A month with so many generations, which is to be closed."""

    bulk: Bulk
    generations: int
    known: bool
    """Whether the weights of manifests are known from the close of the month before; else the
    model versions were trained in this month."""

    @property
    def period(self) -> Period:
        """The month that is to be closed."""
        first = Period.parse(self.bulk.first_period, Cadence.MONTH)
        return first.next() if self.known else first

    @property
    def size(self) -> int:
        """Bytes of the warehouse, whose files stand beside merged ones, and of what peers read."""
        events = self.bulk.contributors + self.bulk.images + self.generations
        manifests = self.bulk.manifest_rows * MANIFEST_ROW_BYTES
        return 2 * events * EVENT_BYTES + manifests + self.generations * GENERATION_BYTES


def month(chosen: Month, rounds: int | None = None) -> Section:
    """Close a month of generations by ours, and do its sums by each peer, in turns."""
    data = Data("month", asdict(chosen), chosen.size, partial(apart, make, chosen))
    explained: list[Measured] = []
    with data.there() as folder:
        contestants = _contestants(folder, chosen.period, explained)
        taken = in_turns(contestants, rounds, may_fail=True)
    return _section(chosen, taken, explained)


def make(chosen: Month, folder: Path) -> None:
    """Make `warehouse`, in which the generations of a month wait for its close, and `peers`."""
    found(folder, chosen.bulk)
    warehouse = folder / "warehouse"
    few = chosen.bulk.models * 10 if chosen.known else 0
    if chosen.known:
        before = Period.parse(chosen.bulk.first_period, Cadence.MONTH)
        add_month(warehouse, chosen.bulk, before, range(few))
        close(folder, before)
    numbers = range(few, few + chosen.generations)
    add_month(warehouse, chosen.bulk, chosen.period, numbers)
    (folder / "peers").mkdir()
    span = {"starts_at": chosen.period.starts_at, "ends_at": chosen.period.ends_at}
    with reading.connect(Warehouse(warehouse)) as connection:
        for name, query in EXPORTS.items():
            path = {"path": str(folder / "peers" / f"{name}.parquet")}
            connection.execute(f"COPY ({query}) TO $path (FORMAT parquet)", span | path)


def _contestants(folder: Path, period: Period, explained: list[Measured]) -> list[Contestant]:
    return [
        Contestant(OURS, partial(_ours, folder, period, explained)),
        *(
            Contestant(name, partial(_peer, folder, program), fits)
            for name, program in PEERS.items()
        ),
    ]


def fits(ours: Found, found: Found) -> bool:
    """Return whether a peer came to the same pools, and to parts that lack only leftover micros."""
    if found["pools"] != ours["pools"]:
        return False
    if "claimants" not in found:  # of a limit
        return True
    left = ours["allocated"] - found["allocated"]
    # of parts that come to 0 ours stores none
    return ours["claimants"] <= found["claimants"] and 0 <= left <= found["claimants"]


def _ours(folder: Path, period: Period, explained: list[Measured]) -> tuple[Measured, Found]:
    """Close a copy, and explain a line of it, which is added to those `explained`."""
    with copied(folder / "warehouse", folder / "out") as out:
        took = close(out, period)
        words = ("explain", f"{period.name}/{CONTRIBUTOR}", "--line", "1")
        explained.append(manyhands(*words, folder=out))
        return took, _sums(out, period)


def _peer(folder: Path, program: str) -> tuple[Measured, Found]:
    out = folder / "out"
    out.mkdir()
    try:
        command = environment.command(program, str(folder / "peers"), str(out))
        took = run(command, folder=out, settings=environment.QUIET)
    finally:
        shutil.rmtree(out)
    sums = json.loads(took.stdout.splitlines()[-1])
    # of a process that Python started beside itself and didn't wait for
    peak_mib = max(took.peak_mib, sums.pop("peak_mib", 0))
    return replace(took, peak_mib=peak_mib), sums


@contextmanager
def copied(warehouse: Path, folder: Path) -> Iterator[Path]:
    """Return a folder with a copy of a warehouse, which goes when the context ends."""
    folder.mkdir()
    try:
        copy_of(warehouse, folder / "warehouse")
        yield folder
    finally:
        shutil.rmtree(folder)


def copy_of(warehouse: Path, copy: Path) -> None:
    """Copy a warehouse; data files are linked, since nobody writes to one that is there."""
    shutil.copytree(warehouse, copy, copy_function=_link)


def _link(source: str, target: str) -> object:
    if source.endswith(".parquet"):
        os.link(source, target)
        return target
    return shutil.copy2(source, target)


def _sums(folder: Path, period: Period) -> Found:
    """Return what a close came to, of generations in its period."""
    of_period = f"WHERE period = '{period.name}' AND origin_period = '{period.name}'"
    query = (
        f"SELECT (SELECT sum(amount_micros) FROM pool {of_period}) AS pools,"
        " count(*) AS claimants, sum(amount_micros) AS allocated"
        f" FROM allocation {of_period}"
    )
    said = manyhands("query", query, "--format=json", folder=folder).stdout
    (row,) = json.loads(said)
    return {name: int(value) for name, value in row.items()}


def _section(chosen: Month, taken: Sequence[Taken], explained: Sequence[Measured]) -> Section:
    by_name = {one.name: one for one in taken}
    ours, bulk, known = by_name[OURS], chosen.bulk, chosen.known
    lines = "one model version" if bulk.one_model else "all model versions"
    trained = "trained and closed the month before" if known else "trained in that month"
    return Section(
        f"Close of a large month, {'weights known' if known else 'from nothing'}",
        f"{chosen.generations:,} generations from seed {bulk.seed}; {bulk.models} model versions,"
        f" {trained}, with {bulk.manifest_rows:,} manifest rows\nover {bulk.images:,} images, which"
        f" {bulk.contributors:,} contributors license to one developer without a fee, each in"
        f" {lines}: {ours.found['claimants']:,} parts of pools.\n{len(ours.seconds)} rounds, in"
        " turns. Ours computes, is gated, sealed and committed; the others read the same rows as"
        " Parquet and do the sums alone,\nwithout leftovers, held parts or earlier statements."
        " Pools are equal to the micro, parts but for leftovers.",
        ["manyhands close --period=…", f"manyhands explain …/{CONTRIBUTOR} --line 1"],
        [
            Figure("close", ours.median, "s", KNOWN_S if known else UNKNOWN_S),
            Figure("close, memory", ours.peak_mib, "MiB", MOST_MIB),
            Figure("explain a line", median(one.seconds for one in explained), "s", EXPLAIN_S),
            *_part_of(ours, by_name[PYSPARK]),
        ],
        [
            Compared(one.name, one.seconds, "s", one.peak_mib, one.median / ours.median)
            for one in taken
        ],
    )


def _part_of(ours: Taken, peer: Taken) -> list[Figure]:
    return [Figure("part of PySpark's", part(peer, ours), "%", 100)] if peer.seconds else []
