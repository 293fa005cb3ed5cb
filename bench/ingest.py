"""Ingests a file of events beside what a user would pick instead, and beside two limits."""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from bench import environment, events
from bench.measure import Measured, manyhands, run
from bench.report import Compared, Figure, Section
from bench.room import EVENT_BYTES, LINE_BYTES, Data
from bench.rounds import Contestant, Found, Taken, in_turns

EVENTS: Final = 50_000
FULL_EVENTS: Final = 1_000_000
OVER_DLT: Final = 40
"""So many times as fast as dlt's merge (SPEC §9)."""
OF_JSON_TO_PARQUET: Final = 12.5
"""So much, in percent, of the rate of DuckDB's JSON to Parquet without any check."""
RATE: Final = 100_000

NOW: Final = "2026-11-01T00:00:00Z"
OURS: Final = "manyhands ingest"
DLT: Final = "dlt, merge into DuckDB"
BEAM: Final = "Beam, an event an element"
PYDANTIC: Final = "limit: pydantic alone, one core"
DUCKDB: Final = "limit: DuckDB, JSON to Parquet"
FILE: Final = "events.ndjson"
ONE: Final = "one.ndjson"
NOTHING: Final = "empty.ndjson"
STARTS: Final = 3

INGEST: Final = ("ingest", FILE, f"--as-of={NOW}")


def ingest(count: int, seed: int, rounds: int | None = None) -> Section:
    """Ingest the same file by ours and by each peer, each into a new place, in turns."""
    made = Data(
        "ingest",
        {"events": count, "seed": seed},
        # the file, ours and two peers' copies of it: one stands at a time, and the largest counts
        count * (LINE_BYTES + 4 * EVENT_BYTES),
        partial(_make, count, seed),
    )
    with made.there() as folder:
        empty = in_turns(_contestants(folder, NOTHING)[:1], STARTS)
        starts = in_turns(_contestants(folder, ONE), STARTS)
        taken = in_turns(_contestants(folder, FILE), rounds)
    return section(count, seed, taken, starts, empty[0])


def _make(count: int, seed: int, folder: Path) -> None:
    events.write(events.Market(count, seed), folder / FILE)
    with (folder / FILE).open("rb") as lines:
        (folder / ONE).write_bytes(lines.readline())
    (folder / NOTHING).touch()


def _contestants(folder: Path, file: str) -> list[Contestant]:
    ours = [sys.executable, "-m"]
    peers: dict[str, list[str]] = {
        DLT: environment.command("ingest_dlt"),
        BEAM: [*ours, "bench.peers.ingest_beam"],
        PYDANTIC: [*ours, "bench.peers.ingest_pydantic"],
        DUCKDB: [*ours, "bench.peers.ingest_duckdb"],
    }
    return [
        Contestant(OURS, partial(_once, folder, partial(_ours, folder, file))),
        *(
            Contestant(name, partial(_once, folder, partial(_peer, words, folder, file)))
            for name, words in peers.items()
        ),
    ]


def _once(folder: Path, work: Callable[[Path], tuple[Measured, Found]]) -> tuple[Measured, Found]:
    """Let somebody work into a new folder, and remove it."""
    out = folder / "out"
    out.mkdir()
    try:
        return work(out)
    finally:
        shutil.rmtree(out)


def _ours(folder: Path, file: str, out: Path) -> tuple[Measured, Found]:
    manyhands("init", f"--warehouse={out / 'warehouse'}", folder=out)
    words = ("ingest", str(folder / file), f"--as-of={NOW}", f"--warehouse={out / 'warehouse'}")
    took = manyhands(*words, "--json", folder=out)
    return took, {"events": json.loads(took.stdout)["accepted"]}


def _peer(words: Sequence[str], folder: Path, file: str, out: Path) -> tuple[Measured, Found]:
    command = [*words, str(folder / file), str(out)]
    took = run(command, folder=environment.ROOT, settings=environment.QUIET)
    return took, json.loads(took.stdout.splitlines()[-1])


def section(
    count: int, seed: int, taken: Sequence[Taken], starts: Sequence[Taken], empty: Taken
) -> Section:
    """Return the rates of ours and of peers: of each round, less the median of the starts."""
    rates = {
        one.name: [count / max(seconds - start.median, 1e-3) for seconds in one.seconds]
        for one, start in zip(taken, starts, strict=True)
    }
    middle = {name: median(values) for name, values in rates.items()}
    ours = taken[0]
    return Section(
        "Ingest, beside others",
        f"{count:,} events from seed {seed}, in {len(ours.seconds)} rounds, in turns, each into a"
        " new place. Of each run the start of its process is left aside:\nthe median of"
        f" {STARTS} runs over a file of one event. All came to as many events.\ndlt keeps a table a"
        " type, and what is nested in others; Beam validates by our pydantic models, groups by"
        " identity\nand writes Parquet; the two limits do a part of the work only.",
        [f"manyhands {' '.join(INGEST)}"],
        [
            Figure("ingest", middle[OURS], "events/s", RATE, at_least=True),
            Figure("over dlt", middle[OURS] / middle[DLT], "times", OVER_DLT, at_least=True),
            Figure(
                "part of DuckDB's JSON to Parquet",
                100 * middle[OURS] / middle[DUCKDB],
                "%",
                OF_JSON_TO_PARQUET,
                at_least=True,
            ),
            Figure("ingest of an empty file", empty.median, "s", 1),
            Figure("ingest, start of the process included", ours.median, "s"),
        ],
        [
            Compared(
                one.name, rates[one.name], "events/s", one.peak_mib, middle[one.name] / middle[OURS]
            )
            for one in taken
        ],
    )
