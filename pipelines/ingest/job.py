"""Reads events and appends them to the log, batch after batch (SPEC §3, §4)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Final

from pipelines.errors import UsageError
from pipelines.ingest.bounded_run import EMBEDDED, Engine
from pipelines.ingest.manifests import Manifests
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.roots import Root
from pipelines.ingest.session import begun
from pipelines.ingest.work import Checks, Ingested, Work
from pipelines.lake.catalogs import located
from pipelines.lake.creation import make_unless_there
from pipelines.lake.log import Counts
from pipelines.lake.warehouse import Warehouse
from pipelines.runners import Runner
from pipelines.sources.batch import Batch
from pipelines.sources.batches import batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import DEFAULT_LIMITS, DEFAULT_RECEIVING, Limits, Receiving
from pipelines.sources.opened import STANDARD_INPUT, Source
from pipelines.sources.receiving import received
from pipelines.sources.staged import find_staged, is_staged
from pipelines.sources.subscriptions import find_subscriptions, is_subscription
from pipelines.sources.watch import Watch

FOLLOWING_PATIENCE_S: Final = 5.0
"""Who follows tries a busy catalog again by itself, and looks in between whether it is to stop."""


def ingest(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    sources: Sequence[str],
    *,
    clock: Callable[[], datetime],
    by_clock: bool = False,
    manifest_roots: Sequence[Root],
    policy: Policy = EVERYONE,
    watch: Watch,
    limits: Limits = DEFAULT_LIMITS,
    receiving: Receiving = DEFAULT_RECEIVING,
    engine: Engine = EMBEDDED,
) -> Iterator[Ingested]:
    """Ingest files, folders, `-` and subscriptions, and yield what became of each committed batch.

    Files come first. A warehouse is made with defaults where there is none. Where there is nothing
    to read, one empty batch is yielded, with the head of the log.

    `clock` returns the time that a batch is recorded at, naive in UTC. `by_clock` says that it is
    a real one, which can be wrong: it is held against the log before the first batch, and each
    time against the batch before, since by a clock that is set back good events are in the future.
    `policy` says which sources may send what; what it doesn't allow is rejected.
    `engine` runs the pipeline; another one than the embedded takes files alone.

    Raises, before anything is done, NotFoundError where a source isn't there, UsageError where it
    can't be NDJSON, and TryAgainError where the log speaks against the clock or a broker is out of
    reach; and ManyhandsError where a source couldn't be read to its end, after all others.
    """
    folders, subscriptions = find_staged(sources), find_subscriptions(sources)
    files, others = find_files([] if folders else [s for s in sources if not is_subscription(s)])
    if receiving.follow and not subscriptions and not folders:
        message = "--follow waits for messages, or for parts; name a subscription, or staged:FOLDER"
        raise UsageError(message)
    if receiving.follow:
        warehouse = replace(warehouse, patience_s=FOLLOWING_PATIENCE_S)
    is_spread = engine.runner is not Runner.EMBEDDED
    if is_spread:
        _refuse_unless_files(engine, sources)
    engine.refuse_unless_usable()
    read = batches([] if is_spread else files, limits)
    trusted = f"source policy: {policy.summary}"
    if subscriptions:  # before anything is said of brokers
        watch.note(trusted)
    with received(subscriptions, receiving, limits.size, watch) as messages:
        make_unless_there(warehouse)
        warehouse = located(warehouse)
        _refuse_unless_shared(engine, warehouse)
        with begun(warehouse, clock, by_clock=by_clock) as session:
            before = session.head
            if not subscriptions:
                watch.note(trusted)
            for other in others:
                watch.note(f"skipped {other}: not .ndjson or .jsonl (.gz, .zst)")
            manifests = Manifests(warehouse, tuple(manifest_roots), limits.manifest_size)
            checks = Checks(policy, manifests)
            work = Work(session, clock, by_clock, checks, limits.merge_files)
            yield from _at_least_one(
                before,
                chain(
                    _spread(work, files, engine, limits) if is_spread else [],
                    _taken(work, read, None),
                    _taken(work, messages, watch if receiving.follow else None),
                    _committed(work, folders, watch, follow=receiving.follow) if folders else [],
                ),
            )


def _taken(work: Work, batches: Iterable[Batch], outages: Watch | None) -> Iterator[Ingested]:
    for batch in batches:
        if (done := work.take(batch, outages)) is not None:
            yield done


def _spread(
    work: Work, files: Sequence[Source], engine: Engine, limits: Limits
) -> Iterator[Ingested]:
    from pipelines.ingest.backfill import backfill  # with Beam, as what follows

    return backfill(work, files, engine, limits)


def _committed(
    work: Work, folders: Sequence[str], watch: Watch, *, follow: bool
) -> Iterator[Ingested]:
    from pipelines.ingest.committer import commit_parts

    return commit_parts(work, folders, watch, follow=follow)


def _at_least_one(head: int, ingested: Iterator[Ingested]) -> Iterator[Ingested]:
    """Yield what was ingested, or an empty batch where nothing was."""
    first = next(ingested, None)
    yield first or Ingested("", Counts(head=head), 0.0, 0.0)
    yield from ingested


def _refuse_unless_shared(engine: Engine, warehouse: Warehouse) -> None:
    if engine.runner is Runner.DASK and warehouse.place is not None:
        message = (
            f"--runner dask needs a data path that is a folder, which its workers share, not"
            f" {warehouse.place}; run the ingest without it"
        )
        raise UsageError(message)


def _refuse_unless_files(engine: Engine, sources: Sequence[str]) -> None:
    for source in sources:
        if source == STANDARD_INPUT or is_subscription(source) or is_staged(source):
            message = f"{source}: --runner {engine.runner} reads files and folders alone"
            raise UsageError(message)
