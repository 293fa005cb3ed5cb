"""The command `ingest`: reads events and appends them to the log."""

from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.event_files import (
    ManifestBytesFlag,
    ManifestRootsFlag,
    refuse_closed_input,
    roots_of,
)
from pipelines.cli.flags import AsOfFlag, Common, SourcePolicyFlag, bounded, instant
from pipelines.cli.logs import Log, logged
from pipelines.cli.notify import READY, STOPPING, Heartbeat, notify
from pipelines.cli.observed import (
    DEFAULT_HOST,
    DEFAULT_READY_SECONDS,
    LogFormat,
    LogFormatFlag,
    MetricsHostFlag,
    MetricsPortFlag,
    ReadySecondsFlag,
)
from pipelines.cli.observing import Observer, observed
from pipelines.cli.policy import source_policy as policy_of
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.receiving import (
    BatchEventsFlag,
    BatchSecondsFlag,
    FollowFlag,
    IdleSecondsFlag,
    LeaseSecondsFlag,
    MaxMemoryFlag,
    PatienceFlag,
)
from pipelines.cli.runners import RunnerFlag
from pipelines.runners import Runner
from pipelines.sources.limits import DEFAULT_LIMITS, DEFAULT_RECEIVING, MOST, Limits, Receiving
from pipelines.sources.staged import is_staged
from pipelines.sources.subscriptions import is_subscription
from pipelines.sources.watch import Watch
from pipelines.warehouses import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.ingest.work import Ingested


def ingest(  # noqa: PLR0913  a flag each
    common: Common,
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="NDJSON files, plain or compressed with gzip or zstd; folders of them;"
            " `-` for standard input; `pubsub:projects/P/subscriptions/S`; `staged:FOLDER`.",
        ),
    ],
    as_of: AsOfFlag = None,
    runner: RunnerFlag = Runner.EMBEDDED,
    manifest_roots: ManifestRootsFlag = "",
    source_policy: SourcePolicyFlag = None,
    batch_lines: Annotated[
        int, bounded(1, MOST.lines, "N", "The most lines of one batch.")
    ] = DEFAULT_LIMITS.lines,
    batch_bytes: Annotated[
        int, bounded(1, MOST.size, "N", "The most bytes of one batch.")
    ] = DEFAULT_LIMITS.size,
    manifest_bytes: ManifestBytesFlag = DEFAULT_LIMITS.manifest_size,
    follow: FollowFlag = DEFAULT_RECEIVING.follow,
    batch_events: BatchEventsFlag = DEFAULT_RECEIVING.events,
    batch_seconds: BatchSecondsFlag = DEFAULT_RECEIVING.seconds,
    max_memory: MaxMemoryFlag = f"{DEFAULT_RECEIVING.size >> 20}MiB",  # type: ignore[assignment]  # the parser reads it
    idle_seconds: IdleSecondsFlag = DEFAULT_RECEIVING.idle_seconds,
    patience: PatienceFlag = DEFAULT_RECEIVING.patience_seconds,
    lease_seconds: LeaseSecondsFlag = DEFAULT_RECEIVING.lease_seconds,
    merge_files: Annotated[
        int,
        bounded(
            2, MOST.merge_files, "N", "How many small data files of a relation are merged into one."
        ),
    ] = DEFAULT_LIMITS.merge_files,
    log_format: LogFormatFlag = LogFormat.TEXT,
    metrics_port: MetricsPortFlag = None,
    metrics_host: MetricsHostFlag = DEFAULT_HOST,
    ready_seconds: ReadySecondsFlag = DEFAULT_READY_SECONDS,
) -> None:
    """Read events and append them to the log.

    Rejected events don't fail the command; they are kept as dead letters.
    Exit 0 means that every line of every source was accepted, is a duplicate, or is kept as a
    dead letter; and that every message was, until the subscription was empty or, by SIGTERM or
    SIGINT where all sources are subscriptions, it was to stop.
    """
    if as_of is not None:
        instant(common.warehouse, as_of)
    roots = roots_of(manifest_roots)
    policy = policy_of(source_policy)
    refuse_closed_input(sources)
    receiving = Receiving(
        follow, batch_events, batch_seconds, max_memory, idle_seconds, patience, lease_seconds
    )
    from pipelines.ingest.bounded_run import Engine
    from pipelines.ingest.job import ingest as job

    ending = common.invocation.ending
    ending.stops_by_itself = all(is_subscription(source) or is_staged(source) for source in sources)
    common.invocation.standing = partial(_standing, common.warehouse)
    with logged(common.invocation, log_format) as log:
        watch = Watch(log.note, lambda: ending.is_stopping)
        seen = observed(watch, common.warehouse, ready_seconds, metrics_host, metrics_port)
        batches = job(
            common.warehouse,
            sources,
            clock=lambda: instant(common.warehouse, as_of),
            by_clock=as_of is None,
            manifest_roots=roots,
            policy=policy,
            watch=watch,
            limits=Limits(batch_lines, batch_bytes, manifest_bytes, merge_files),
            receiving=receiving,
            engine=Engine(runner, common.invocation.runner_options),
        )
        with seen as observer:
            told = _told(batches, watch, observer, log)
            counts = reduce(add, (done.counts for done in told))  # there is one batch at least
    head = counts.head
    common.invocation.standing = lambda: f"all events were ingested; the head of the log is {head}"
    _print_counts(common, vars(counts))


def _told(
    batches: "Iterator[Ingested]", watch: Watch, observer: Observer, log: Log
) -> "Iterator[Ingested]":
    """Ingest batch after batch, and say how it goes to whoever wants to know."""
    heart = Heartbeat()

    def turned() -> None:
        if observer.turned():  # for the first time: the warehouse is open, each broker was asked
            notify(READY)
            log.begun()
        heart.beat()

    watch.turned = turned
    for done in batches:
        turned()
        observer.committed(done)
        log.committed(done)
        yield done
    notify(STOPPING)


def _standing(warehouse: Warehouse) -> str:
    """Return what is in the log by now."""
    from pipelines.status import position

    now = position(warehouse)
    if now is None or now.head == 0:
        return "nothing was ingested; run the command again"
    return (
        f"the head of the log is {now.head}; run the command again:"
        " events that are in the log count as duplicates"
    )


def _print_counts(common: Common, counts: dict[str, Any]) -> None:
    if common.json:
        print_document(counts)
        return
    for name in ("received", "accepted", "duplicate", "conflict"):
        print_line(f"{name:9} {counts[name]}")
    print_line(f"rejected  {sum(counts['rejected'].values())}")
    for reason, count in sorted(counts["rejected"].items()):
        print_line(f"  {reason} {count}")
    print_line(f"head      {counts['head']}")
