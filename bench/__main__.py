"""Runs the benchmarks: ingest, close, small commits, the demo, streams, workers."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench import (
    commits,
    environment,
    events,
    growth,
    ingest,
    month,
    months,
    spread,
    stream,
    warehouse,
    workers,
)
from bench.measure import Measured, apart, manyhands
from bench.report import Figure, Section, report, write
from bench.sizes import FULL, SMALL

EVENTS = 200_000
IMAGES = 1_000_000
CONTRIBUTORS = 100_000
COMMITS = 2_000
COMMIT_EVENTS = 20
NOW = "2026-11-01T00:00:00Z"
INGEST = ("ingest", "events.ndjson", f"--as-of={NOW}")
CLOSE = ("close", "--period=2026-10", f"--as-of={NOW}")

Benchmark = Callable[[Path, float, int], Section]


def ingest_and_close(folder: Path, scale: float, seed: int) -> Section:
    """Ingest a month of a marketplace from a file, and close it."""
    market = events.Market(round(EVENTS * scale), seed)
    count = events.write(market, folder / "events.ndjson")
    (folder / "empty.ndjson").touch()
    started = manyhands("ingest", "empty.ndjson", "--warehouse=empty", folder=folder)
    ingested = manyhands(*INGEST, "--json", folder=folder)
    closed = manyhands(*CLOSE, "--json", folder=folder)
    counts = json.loads(ingested.stdout)
    return Section(
        "Ingest, and close what was ingested",
        f"{count:,} events from seed {seed}, of which {counts['accepted']:,} were accepted:"
        f" {market.contributors:,} contributors, {market.images:,} licences for training,"
        f" {market.downloads:,} to download,\n{market.models} models on inline manifests of"
        f" {market.manifest_images:,} images, and generations, one of ten with attributions.\n"
        + _issued(closed),
        _shown(INGEST, CLOSE),
        [
            Figure("ingest", count / ingested.seconds, "events/s", 15_000, at_least=True),
            Figure("ingest", ingested.seconds, "s"),
            Figure("ingest of an empty file: the start of the process", started.seconds, "s"),
            Figure("ingest, memory", ingested.peak_mib, "MiB"),
            Figure("close", closed.seconds, "s", 20),
            Figure("close, memory", closed.peak_mib, "MiB"),
        ],
    )


def large_close(folder: Path, scale: float, seed: int) -> Section:
    """Close a month in which a model was trained on a large catalogue."""
    del seed  # this warehouse has nothing random in it
    images, contributors = round(IMAGES * scale), round(CONTRIBUTORS * scale)
    apart(warehouse.build_all, folder, images, contributors)
    roots = {"MANYHANDS_MANIFEST_ROOTS": str(folder)}
    ingested = manyhands(*INGEST, "--json", folder=folder, settings=roots)
    closed = manyhands(*CLOSE, "--json", folder=folder)
    return Section(
        "Close of a large catalogue",
        f"{images:,} licences for training and {contributors:,} contributors, half of them paid in"
        " another currency,\nwritten to the log and the facts in bulk by SQL, not through `ingest`;"
        f"\nthen {warehouse.GENERATIONS:,} generations and one model on a Parquet manifest of"
        f" {images:,} images, through `ingest`.\n" + _issued(closed),
        _shown(INGEST, CLOSE),
        [
            Figure("ingest of the model, manifest included", ingested.seconds, "s"),
            Figure("ingest of the model, memory", ingested.peak_mib, "MiB"),
            Figure("close", closed.seconds, "s", 30),
            Figure("close, memory", closed.peak_mib, "MiB", 2_048),
        ],
    )


def small_commits(folder: Path, scale: float, seed: int) -> Section:
    """Commit a stream's small batches, and compare the last commits with early ones."""
    count = round(COMMITS * scale)
    window = count // 10
    timed = apart(commits.commit_all, folder, count, COMMIT_EVENTS, seed)
    read = apart(commits.read_all, folder, count, COMMIT_EVENTS)
    early, late = timed.commits[window : 2 * window], timed.commits[-window:]
    return Section(
        "Many small commits",
        f"{count:,} commits of {COMMIT_EVENTS} events from seed {seed} to one log, in one process"
        " without a runner:\neach judges a batch and commits it, and is followed by a merge where"
        f" there are files to merge.\nThen all is read, before and after `maintain`, and from one"
        f" commit of the same events.\nAt the end {timed.files:,} data files were on disk.",
        [],
        [
            Figure(f"commit, median of the second {window}", 1000 * median(early), "ms"),
            Figure(f"commit, median of the last {window}", 1000 * median(late), "ms"),
            Figure("the last over the second", commits.growth(timed.commits, window), "%", 130),
            Figure("the same, processor time", commits.growth(timed.work, window), "%"),
            Figure("the longest merge of all relations", max(timed.merges), "s"),
            Figure("merging, part of all", _part(timed.merges, timed.commits), "%"),
            Figure("reading all of it", 1000 * read.small, "ms"),
            Figure("the same once it was maintained", 1000 * read.maintained, "ms"),
            Figure("that over one big commit", 100 * read.maintained / read.whole, "%", 120),
        ],
    )


def _part(some: Sequence[float], others: Sequence[float]) -> float:
    return 100 * sum(some) / (sum(some) + sum(others))


def demo(folder: Path, scale: float, seed: int) -> Section:
    """Run the demo, and what finds nothing to do in its warehouse."""
    del scale, seed  # the demo is always the same
    ran = manyhands("demo", folder=folder)
    (folder / "empty.ndjson").touch()
    after = ("--warehouse=demo-warehouse", "--as-of=2026-12-02T00:00:00Z")
    nothing = (("ingest", "empty.ndjson", *after), ("close", "--due", *after))
    ingested, closed = (manyhands(*words, folder=folder) for words in nothing)
    return Section(
        "Demo",
        "What `make demo` runs once everything is installed; then an ingest of an empty file, and a"
        " close without a period that is due.",
        _shown(("demo",), *nothing),
        [
            Figure("demo", ran.seconds, "s", 8),
            Figure("demo, memory", ran.peak_mib, "MiB"),
            Figure("ingest of an empty file", ingested.seconds, "s", 1),
            Figure("close with nothing due", closed.seconds, "s", 1),
        ],
    )


def _issued(closed: Measured) -> str:
    (close,) = json.loads(closed.stdout)["closes"]
    return f"The close issued {close['statements']:,} statements."


def _shown(*commands: Sequence[str]) -> list[str]:
    return [f"manyhands {' '.join(words)}" for words in commands]


BENCHMARKS: dict[str, Benchmark] = {
    "ingest": ingest_and_close,
    "close": large_close,
    "commits": small_commits,
    "demo": demo,
    "stream": stream.stream,
    "batches": stream.small_batches,
    "workers": workers.workers,
    "spread": spread.spread,
}
BESIDE = ("ingest-beside", "month", "month-known", "months", "growth")
"""Those that measure in rounds, beside others or beside themselves."""


def main() -> None:
    """Run the benchmarks, print the results, and keep them where that is asked for."""
    chosen = _arguments().parse_args()
    names = chosen.only or [*BENCHMARKS, *BESIDE]
    in_rounds = set(names) & set(BESIDE)
    peers = environment.versions() if in_rounds else {}  # what isn't there ends it now
    is_trial = chosen.scale < 1 or (bool(in_rounds) and not chosen.full)
    sections = []
    for name in names:
        print(f"running {name}", file=sys.stderr)
        section = _run(name, chosen)
        commands = [_command(name, chosen), *section.commands]
        sections.append(replace(section, commands=commands))
        if chosen.write:  # at once: the next one can take hours, or fail
            write(report(sections[-1:], trial=is_trial, peers=peers), sections[-1:])
    print(report(sections, trial=is_trial, peers=peers))


def _arguments() -> argparse.ArgumentParser:
    names = [*BENCHMARKS, *BESIDE]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help="part of the sizes")
    parser.add_argument(
        "--full", action="store_true", help=f"the sizes of SPEC §9 for {', '.join(BESIDE)}: hours"
    )
    parser.add_argument("--seed", type=int, default=2026, help="what events are made from")
    parser.add_argument("--rounds", type=int, help="of those; 5, or 3 where one takes 10 minutes")
    parser.add_argument("--only", choices=names, action="append", help="run one, or several")
    parser.add_argument("--write", action="store_true", help="keep what ran in RESULTS.md")
    return parser


def _run(name: str, chosen: argparse.Namespace) -> Section:
    sizes = FULL if chosen.full else SMALL
    scale, seed, rounds = chosen.scale, chosen.seed, chosen.rounds
    match name:
        case "ingest-beside":
            return ingest.ingest(round(sizes.events * scale), seed, rounds)
        case "month" | "month-known":
            return month.month(sizes.month(scale, seed, known=name == "month-known"), rounds)
        case "months":
            return months.months(sizes.history(scale, seed), rounds)
        case "growth":
            return growth.growth(sizes.grown(scale, seed), rounds)
    with tempfile.TemporaryDirectory(prefix="manyhands-bench-") as folder:
        return BENCHMARKS[name](Path(folder), scale, seed)


def _command(name: str, chosen: argparse.Namespace) -> str:
    full = " --full" if chosen.full and name in BESIDE else ""
    return f"python -m bench --only {name} --scale {chosen.scale:g} --seed {chosen.seed}{full}"


if __name__ == "__main__":
    main()
