"""Runs the benchmarks: ingest, close, small commits, the demo, streams, workers."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from bench import commits, events, spread, stream, warehouse, workers
from bench.measure import Measured, manyhands
from bench.report import Figure, Section, report, write

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
    # apart from this process: a child's peak memory is at least what its parent held when it forked
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        apart.submit(warehouse.build_all, folder, images, contributors).result()
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
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        timed = apart.submit(commits.commit_all, folder, count, COMMIT_EVENTS, seed).result()
        read = apart.submit(commits.read_all, folder, count, COMMIT_EVENTS).result()
    early, late = timed.commits[window : 2 * window], timed.commits[-window:]
    return Section(
        "Many small commits",
        f"{count:,} commits of {COMMIT_EVENTS} events from seed {seed} to one log, in one process"
        " without a runner:\neach judges a batch and commits it, and is followed by a merge where"
        f" there are files to merge.\nThen all is read, before and after `maintain`, and from one"
        f" commit of the same events.\nAt the end {timed.files:,} data files were on disk.",
        ["python -m bench --only commits"],
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
    """Run the demo."""
    del scale, seed  # the demo is always the same
    ran = manyhands("demo", folder=folder)
    return Section(
        "Demo",
        "What `make demo` runs once everything is installed.",
        _shown(("demo",)),
        [
            Figure("demo", ran.seconds, "s", 30),
            Figure("demo, memory", ran.peak_mib, "MiB"),
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


def main() -> None:
    """Run the benchmarks, print the results, and keep them where they are whole."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help="part of the full size")
    parser.add_argument("--seed", type=int, default=2026, help="what events are made from")
    parser.add_argument("--only", choices=BENCHMARKS, help="run one, and keep nothing")
    chosen = parser.parse_args()
    sections = []
    for name in [chosen.only] if chosen.only else BENCHMARKS:
        print(f"running {name}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="manyhands-bench-") as folder:
            sections.append(BENCHMARKS[name](Path(folder), chosen.scale, chosen.seed))
    text = report(sections, scale=chosen.scale, seed=chosen.seed)
    print(text)
    if chosen.scale == 1 and not chosen.only:
        write(text)


if __name__ == "__main__":
    main()
