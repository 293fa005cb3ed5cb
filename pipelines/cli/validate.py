"""The command `validate`: a producer's check of files, before they are sent."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pipelines.cli.ends import Ending
from pipelines.cli.event_files import (
    ManifestBytesFlag,
    ManifestRootsFlag,
    refuse_closed_input,
    roots_of,
)
from pipelines.cli.flags import (
    AsOfFlag,
    DebugFlag,
    JsonFlag,
    MemoryFlag,
    SourcePolicyFlag,
    read_instant,
)
from pipelines.cli.policy import source_policy as policy_of
from pipelines.cli.printing import print_document
from pipelines.cli.progress import reporting
from pipelines.cli.settings import is_given
from pipelines.cli.tables import plain, write_table
from pipelines.cli.words import counted
from pipelines.errors import RefusedEventsError, UsageError
from pipelines.outputs.documents import dumps, whole_or_nothing, write_list
from pipelines.sources.limits import DEFAULT_LIMITS
from pipelines.sources.subscriptions import is_subscription
from pipelines.warehouses import DEFAULT_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.ingest.check import Check, Rules
    from pipelines.ingest.figures import Report
    from schemas.record import Rejected


def validate(  # noqa: PLR0913  a flag each
    context: typer.Context,
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="NDJSON files, plain or compressed with gzip or zstd; folders of them;"
            " `-` for standard input.",
        ),
    ],
    report: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Print the source-reported event of this source; all else goes to stderr.",
        ),
    ] = None,
    starts_at: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="T",
            help="The first instant that it reports. [default: of the month of all its events]",
        ),
    ] = None,
    ends_at: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="T",
            help="The first instant that it doesn't report. [default: of the month after]",
        ),
    ] = None,
    as_of: AsOfFlag = None,
    manifest_roots: ManifestRootsFlag = "",
    manifest_bytes: ManifestBytesFlag = DEFAULT_LIMITS.manifest_size,
    source_policy: SourcePolicyFlag = None,
    memory_limit: MemoryFlag = DEFAULT_MEMORY,  # type: ignore[assignment]  # read as if given
    json: JsonFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Check events before they are sent: show all that an ingest would refuse, and why.

    Needs no warehouse, so it can't know which events are in a log already.
    Exit 0 where nothing is refused, 4 where something is.
    """
    root = context.find_root()
    context.obj.debug |= debug or root.params["debug"]
    if is_given(root, "warehouse"):
        message = "validate reads no warehouse; leave out --warehouse"
        raise UsageError(message)
    for source in filter(is_subscription, sources):
        message = f"{source}: validate reads files; name files, folders or -"
        raise UsageError(message)
    refuse_closed_input(sources)
    from pipelines.ingest.check import Rules

    asked = _asked(report, starts_at, ends_at)
    rules = Rules(
        now=read_instant("--as-of", as_of) if as_of else datetime.now(UTC).replace(tzinfo=None),
        memory_bytes=memory_limit,
        manifest_roots=tuple(roots_of(manifest_roots)),
        manifest_bytes=manifest_bytes,
        policy=policy_of(source_policy),
    )
    check = _run(sources, rules, asked, context.obj.ending, as_json=json or root.params["json"])
    check.fail_where_unread()
    if check.refused:
        raise RefusedEventsError(_outcome(check))


def _run(
    sources: list[str], rules: "Rules", asked: "Report | None", ending: Ending, *, as_json: bool
) -> "Check":
    """Check sources, and print what came of it."""
    from pipelines.ingest.check import checking
    from pipelines.sources.files import find_files

    files, others = find_files(sources)
    target = sys.stderr if asked and not as_json else sys.stdout
    with whole_or_nothing(target) as stream:
        with reporting(ending) as progress, checking(rules, asked, progress) as check:
            for other in others:
                progress.note(f"skipped {other}: not .ndjson or .jsonl (.gz, .zst)")
            write = _write_documents if as_json else _write_lines
            write(stream, check.refusals(files))
        said = asked.event(rules.now) if asked and check.is_sound else None
        if as_json:
            rest = dumps(_summary(check) | {"report": said})
            stream.write(", " + rest.removeprefix("{") + "\n")
        else:
            _write_summary(stream, check)
    if asked and said:
        _warn(asked, rules.now)
        if not as_json:
            print_document(said)
    return check


def _asked(source: str | None, starts_at: str | None, ends_at: str | None) -> "Report | None":
    """Return the report that is asked for, with nothing in it.

    Raises UsageError where the flags don't fit each other.
    """
    from pipelines.ingest.figures import Report, Span
    from schemas.envelope import is_source

    if source is None:
        if starts_at or ends_at:
            message = "--from and --until are of a report; name its source by --report SOURCE"
            raise UsageError(message)
        return None
    if not is_source(source):
        message = f"--report {source}: not the source of an event, such as /shop"
        raise UsageError(message)
    if starts_at is None and ends_at is None:
        return Report(source)
    if starts_at is None or ends_at is None:
        message = "--from and --until go together; name both, or neither"
        raise UsageError(message)
    span = Span(read_instant("--from", starts_at), read_instant("--until", ends_at))
    if span.ends_at <= span.starts_at:
        message = f"--until {ends_at}: not after --from {starts_at}"
        raise UsageError(message)
    return Report(source, span)


def _write_lines(stream: TextIO, refusals: "Iterable[Rejected]") -> None:
    """Write refusals as compilers write errors: where, what."""
    for refusal in refusals:
        received = refusal.received
        path = f" at {refusal.path}" if refusal.path else ""
        place = f"{received.origin}:{received.origin_item}"
        stream.write(plain(f"{place}: {refusal.reason}{path}: {refusal.message}") + "\n")


def _write_documents(stream: TextIO, refusals: "Iterable[Rejected]") -> None:
    """Write refusals as the beginning of one JSON document."""
    stream.write('{"refusals": ')
    write_list(stream, map(_document, refusals))


def _document(refusal: "Rejected") -> dict[str, object]:
    return {
        "file": refusal.received.origin,
        "line": int(refusal.received.origin_item),
        "reason": refusal.reason,
        "path": refusal.path,
        "message": refusal.message,
    }


def _summary(check: "Check") -> dict[str, object]:
    return {
        "received": check.received,
        "accepted": check.accepted,
        "duplicate": check.duplicate,
        "conflict": check.conflict,
        "rejected": check.rejected,
        "counts": check.figures.counts,
        "amounts": check.figures.amounts,
    }


def _write_summary(stream: TextIO, check: "Check") -> None:
    """Write the counts, and what was accepted by type and by currency."""
    outcomes = ("received", "accepted", "duplicate", "conflict")
    stream.writelines(f"{name:9} {getattr(check, name)}\n" for name in outcomes)
    stream.write(f"rejected  {check.rejected.total()}\n")
    stream.writelines(f"  {reason} {count}\n" for reason, count in sorted(check.rejected.items()))
    if check.accepted:
        stream.write("\n")
        write_table(stream, ("type", "events"), sorted(check.figures.counts.items()))
    if check.figures.amounts:
        stream.write("\n")
        write_table(stream, ("currency", "amount"), check.figures.amounts.items())


def _warn(asked: "Report", now: datetime) -> None:
    """Say what the reader of a report should know."""
    notes = []
    if asked.outside:
        notes.append(f"{counted(asked.outside, 'event')} of another time: not in the report")
    if not asked.figures.counts:
        notes.append("no event of its source and time was read: the report says 0")
    if asked.covered().ends_at > now:
        notes.append("its time isn't over, so no close counts this report; make it anew once it is")
    for note in notes:
        typer.echo(plain(f"{asked.source}: {note}"), err=True)


def _outcome(check: "Check") -> str:
    what = f"{check.refused} of {counted(check.received, 'event')} would be refused; mend them"
    return f"{what}, and there is a report" if check.report else f"{what} before you send"
