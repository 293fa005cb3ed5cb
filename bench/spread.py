"""Spreads an ingest of files over one and two workers of a Dask cluster."""

import shutil
from pathlib import Path

from bench import events
from bench.measure import manyhands
from bench.report import Figure, Section
from tests.dask_cluster import start

EVENTS = 200_000
FILES = 16
NOW = "2026-11-01T00:00:00Z"


def spread(folder: Path, scale: float, seed: int) -> Section:
    """Ingest the same files in one process, and by Dask with one worker and with two."""
    market = events.Market(round(EVENTS * scale), seed)
    count = events.write(market, folder / "events.ndjson")
    _split(folder / "events.ndjson", folder / "in")
    words = ("ingest", "in", f"--as-of={NOW}")
    here = manyhands(*words, "--warehouse=here", folder=folder)
    figures = [Figure("in one process", count / here.seconds, "events/s")]
    for workers in (1, 2):
        with start(workers) as cluster:
            options = ("--runner=dask", "--", f"--dask_client_address={cluster.scheduler_address}")
            place = f"--warehouse=by-{workers}"
            manyhands("init", place, folder=folder)
            took = manyhands(*words, place, *options, folder=folder)
        figures += [
            Figure(f"Dask, workers: {workers}", count / took.seconds, "events/s"),
            Figure(f"Dask, workers: {workers}, memory of the driver", took.peak_mib, "MiB"),
        ]
        shutil.rmtree(folder / f"by-{workers}")
    return Section(
        "A backfill over the workers of a Dask cluster",
        f"{count:,} events from seed {seed} in {FILES} files. Scheduler, workers and the ingest"
        " that commits share these 2 cores,\nso two workers and the driver are one too many:"
        " this shows what spreading costs, not what it gains.",
        ["manyhands ingest in/ --runner dask -- --dask_client_address=tcp://…"],
        figures,
    )


def _split(path: Path, folder: Path) -> None:
    folder.mkdir()
    lines = path.read_bytes().splitlines(keepends=True)
    size = -(-len(lines) // FILES)
    for number in range(FILES):
        part = lines[number * size : (number + 1) * size]
        (folder / f"{number:02}.ndjson").write_bytes(b"".join(part))
