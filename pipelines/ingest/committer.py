"""Commits parts that a pipeline elsewhere staged, each once, by its name (SPEC §10)."""

from collections.abc import Iterator, Sequence
from functools import partial
from time import monotonic
from typing import Final

from pipelines.ingest.outages import through_outages
from pipelines.ingest.parts import find_parts, name_of, read_part, remove
from pipelines.ingest.work import Ingested, Work
from pipelines.lake.log import StagedBatch
from pipelines.sources.watch import Watch

_LOOK_S: Final = 1.0
"""Between two looks at a folder that has no parts."""


def commit_parts(
    work: Work, folders: Sequence[str], watch: Watch, *, follow: bool
) -> Iterator[Ingested]:
    """Commit the parts in folders, and yield what became of each; then remove it.

    With `follow` it goes on, through outages, until it is to stop; else it ends where no part
    waits.

    Raises ManyhandsError where a part can't be read, or its commit fails, without `follow`.
    """
    while not (follow and watch.is_stopping()):
        found = [path for folder in folders for path in find_parts(folder)]
        for path in found:
            attempt = partial(_attempt, work, path)
            done = through_outages(attempt, watch) if follow else attempt()
            if done is None:
                return
            remove(path)
            work.merge()
            yield done
            if follow and watch.is_stopping():
                return
        if not found and not follow:
            return
        if not found:
            watch.wait(_LOOK_S)


def _attempt(work: Work, path: str) -> Ingested:
    begun_at, now, part = monotonic(), work.now(), read_part(path)
    events = part.with_manifests(work.checks.manifests)
    return work.append(StagedBatch(name_of(path), now, events, part.refusals), begun_at)
