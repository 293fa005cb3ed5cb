"""Ingests files spread over the workers of an engine; the commits are the driver's (SPEC §10).

Workers cut the files into batches, and decode, validate and stage them under the data path, which
all of them share: no event passes through this process before its commit. The batches are those
of an ingest on one machine, and are committed in the order of the sources and of their lines.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from pipelines.ingest.bounded_run import Engine, bounded_run
from pipelines.ingest.cut import Group, cut_batches, faults, portions, waves
from pipelines.ingest.transforms import Cut
from pipelines.ingest.work import Ingested, Work, stage
from pipelines.lake import scratch
from pipelines.lake.disk import make_folder
from pipelines.lake.paths import for_engine
from pipelines.sources.batches import fail
from pipelines.sources.limits import Limits
from pipelines.sources.opened import Source

if TYPE_CHECKING:
    from pipelines.errors import ManyhandsError


def backfill(
    work: Work, files: Sequence[Source], engine: Engine, limits: Limits
) -> Iterator[Ingested]:
    """Ingest files, and yield what became of each batch once it is committed.

    What is staged goes with its commit, or where this ends; what a killed driver leaves is removed
    by the next command that writes.

    Raises ManyhandsError where a source couldn't be read to its end, after all others.
    """
    found: list[ManyhandsError] = []
    staged = work.session.warehouse.staged
    make_folder(staged)
    with scratch.within(staged) as run:
        for wave in waves([_from_the_root(file) for file in files], limits):
            folder = run / f"{wave[0].number:06}"
            folder.mkdir()
            yield from _ingest(work, wave, folder, engine, limits)
            found.extend(faults(folder))
            shutil.rmtree(folder)
    fail(found)


def _ingest(
    work: Work, wave: Sequence[Group], folder: Path, engine: Engine, limits: Limits
) -> Iterator[Ingested]:
    with bounded_run(engine) as pipeline:
        pipeline | Cut(wave, folder, limits)
    begun_at, now = monotonic(), work.now()
    stage(portions(folder), now, work.checks, engine)
    for batch in cut_batches(folder):
        yield work.append_folder(for_engine(batch), str(uuid4()), now, begun_at)
        shutil.rmtree(batch)
        work.merge()
        begun_at = monotonic()


def _from_the_root(source: Source) -> Source:
    """Return a source that is found from another current folder, with the name that it has."""
    return replace(source, path=str(Path(source.name).absolute()))
