"""The command `close`: issues the statements of a period, once."""

import re
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.flags import (
    AsOfFlag,
    Common,
    OptionalDraftFlag,
    SigningKeyFlag,
    SourcePolicyFlag,
    instant,
    named_path,
)
from pipelines.cli.policy import source_policy as policy_of
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import Report, reporting
from pipelines.cli.publish import (
    PublishToFlag,
    describe_published,
    optionally_publishing,
    print_published,
)
from pipelines.cli.refused import dated_in_words, describe_refused, undated_in_words
from pipelines.cli.runners import CloseRunnerFlag
from pipelines.cli.settings import is_given
from pipelines.cli.witnessing import (
    WitnessesFlag,
    ask_after_close,
    described,
    in_words,
    witnesses_named,
)
from pipelines.cli.words import counted
from pipelines.errors import ManyhandsError, TryAgainError, UsageError
from pipelines.royalties.money import from_micros
from pipelines.runners import CloseRunner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.close.job import Closed
    from pipelines.close.reporting import Reporting
    from pipelines.close.spreading import Cluster
    from pipelines.ingest.policy import Policy
    from pipelines.proof.witnessing import Asked
    from pipelines.publish import Publisher
    from pipelines.warehouses import Warehouse


def close(  # noqa: PLR0913  a flag each
    common: Common,
    *,
    period: Annotated[str | None, typer.Option(metavar="P", help="The period to close.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Close every period that is due.")] = False,
    as_of: AsOfFlag = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute and check, but issue nothing.")
    ] = False,
    fail_on_dead_letters: Annotated[
        bool,
        typer.Option(
            "--fail-on-dead-letters",
            help="Close nothing while dead letters with a time before the period's end are open.",
        ),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Compute everything again, not only what changed since the last close.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            parser=named_path,
            help="Of a dry run: write a draft into this folder.",
        ),
    ] = None,
    expect: Annotated[
        str,
        typer.Option(
            "--expect",
            metavar="DIGEST",
            help="Issue only what has this digest. [default: any]",
            show_default=False,
        ),
    ] = "",
    draft: OptionalDraftFlag = None,
    checks: Annotated[
        Path | None,
        typer.Option(
            "--checks",
            metavar="DIR",
            parser=named_path,
            help="Folder of .sql files: checks of your own for the gate.",
        ),
    ] = None,
    source_policy: SourcePolicyFlag = None,
    signing_key: SigningKeyFlag = None,
    witnesses: WitnessesFlag = "",
    without: Annotated[
        str,
        typer.Option(
            metavar="SOURCES",
            help="Close though these sources, separated by commas, didn't report all that they"
            " sent. [default: none]",
            show_default=False,
        ),
    ] = "",
    runner: CloseRunnerFlag = CloseRunner.EMBEDDED,
    publish_to: PublishToFlag = "",
) -> None:
    """Close a period and issue its statements, once.

    Each source that the source policy says `reports` of has to have reported the whole period.
    With --publish-to every statement that DEST doesn't have is sent there, before and after.
    With --runner dask the workers of a Dask cluster split the pools.
    With --signing-key the tree over all closes is signed: a checkpoint, which --witnesses cosign.
    """
    from pipelines.close.conditions import Conditions
    from pipelines.close.job import close as job
    from pipelines.proof.keys import read_key

    chosen = _chosen_period(common.context, period, due=due)
    _refuse_unless_reviewable(common.context, chosen, expect, draft, dry_run=dry_run)
    policy = policy_of(source_policy)
    conditions = Conditions(
        fail_on_dead_letters, expect, draft, checks, _reporting(policy, without)
    )
    signer = read_key(signing_key) if signing_key else None
    cluster = _cluster(runner, common.invocation.runner_options)
    now = instant(common.warehouse, as_of)
    asking = [] if dry_run else witnesses_named(witnesses)
    asked: list[Asked] = []
    done: list[Closed] = []
    publisher: Publisher | None = None
    if not dry_run:
        common.invocation.standing = partial(_standing, common.warehouse, chosen, publish_to)
    try:
        with reporting(common.invocation.ending) as report:
            closes = job(
                common.warehouse,
                period=chosen,
                as_of=now,
                by_clock=as_of is None,
                dry_run=dry_run,
                full=full,
                out=out,
                conditions=conditions,
                signer=signer,
                cluster=cluster,
                report=report,
                note=cache(report.note),  # what several closes warn of is shown once
            )
            with optionally_publishing(
                common, publish_to, now, report, dry_run=dry_run
            ) as publisher:
                if as_of is not None and not dry_run:
                    _warn_if_ahead(common.warehouse, now, report)
                try:
                    _close_and_publish(closes, done, publisher, report)
                except ManyhandsError:
                    asked = ask_after_close(common.warehouse, asking, done, report)
                    raise
                asked = ask_after_close(common.warehouse, asking, done, report)
    finally:
        # what is closed is closed, even where the next one fails
        if done or sys.exc_info()[0] is None:
            _print_closes(common, done, publisher, asked, dry_run=dry_run)
    if publisher:
        publisher.refuse_too_large()


def _cluster(runner: CloseRunner, options: tuple[str, ...]) -> "Cluster | None":
    """Return the cluster that is to split the pools; None where this process does."""
    from pipelines.close.spreading import Cluster

    if runner is CloseRunner.DASK:
        return Cluster(options)
    if options:
        message = f"{options[0]}: what stands behind -- is for --runner dask"
        raise UsageError(message)
    return None


def _reporting(policy: "Policy", without: str) -> "Reporting":
    """Return which sources have to report, and which of them a period is closed without."""
    from pipelines.close.reporting import Reporting

    sources = policy.reporting
    waived = [source.strip() for source in without.split(",") if source.strip()]
    for source in waived:
        if source not in sources:
            message = (
                f"--without {source}: no entry of the source policy says that it reports;"
                f" those that do: {', '.join(sources) or 'none'}"
            )
            raise UsageError(message)
    return Reporting(sources, waived, policy.summary)


def _close_and_publish(
    closes: "Iterable[Closed]",
    done: "list[Closed]",
    publisher: "Publisher | None",
    report: Report,
) -> None:
    """Close, between publishing what was issued before and publishing what is new."""
    if publisher is None:
        done.extend(closes)
        return
    publisher.send_new()
    try:
        done.extend(closes)
    except ManyhandsError:
        if done:
            _publish_all_the_same(publisher, report)
        raise
    if done:
        publisher.send_new()


def _publish_all_the_same(publisher: "Publisher", report: Report) -> None:
    """Publish what was closed before a close failed; that one's failure is the command's."""
    try:
        publisher.send_new()
    except ManyhandsError as error:
        report.note(f"warning: {error}")


def _standing(warehouse: "Warehouse", period: str | None, publish_to: str) -> str:
    """Return what is closed by now, and where it says what is published."""
    closed = _closed_by_now(warehouse, period)
    if not publish_to:
        return closed
    return f"{closed}; `manyhands status` shows what is published, and the same command goes on"


def _closed_by_now(warehouse: "Warehouse", period: str | None) -> str:
    """Return what is closed by now, of one period or of all."""
    from pipelines.status import position

    now = position(warehouse)
    last = now.latest.period if now and now.latest else None
    if period is not None and last is not None and period <= last:
        return f"{period} is closed, and its statements are issued"
    if period is not None:
        return f"{period} is not closed, and nothing was issued; run the command again"
    if last is None:
        return "no period is closed, and nothing was issued; run the command again"
    return f"the last period closed, with its statements issued, is {last}; run the command again"


def _warn_if_ahead(warehouse: "Warehouse", now: datetime, report: Report) -> None:
    """Warn where `--as-of` is more than a day after the clock, unless two clocks differ."""
    try:
        clock = instant(warehouse, None)
    except TryAgainError:
        return
    if now > clock + timedelta(days=1):
        ahead = counted((now - clock).days, "day")
        report.note(
            f"warning: --as-of is {ahead} after this machine's clock;"
            " periods that aren't over will be closed for good"
        )


def _chosen_period(context: typer.Context, period: str | None, *, due: bool) -> str | None:
    """Return the period to close, None for every one that is due; a flag beats a setting."""
    if period is not None and due and is_given(context, "due") != is_given(context, "period"):
        due = is_given(context, "due")
        period = None if due else period
    if (period is None) != due:
        message = "close takes either --period P or --due"
        raise UsageError(message)
    return period


def _refuse_unless_reviewable(
    context: typer.Context, period: str | None, digest: str, draft: Path | None, *, dry_run: bool
) -> None:
    """Raise UsageError where what was asked of a review doesn't fit together."""
    if period is None and (digest or draft):
        message = "--expect and --draft are of one period; name it with --period P"
        raise UsageError(message)
    if is_given(context, "expect") and not re.fullmatch("[0-9a-f]{64}", digest):
        message = f"--expect {digest}: not a digest, which has 64 digits 0-9 and a-f"
        raise UsageError(message)
    if is_given(context, "out") and not dry_run:
        message = "--out is for a draft; close with --dry-run, or use `manyhands statements export`"
        raise UsageError(message)


def describe_close(closed: "Closed") -> dict[str, Any]:
    """Return a close as its JSON shows it, money as text."""
    totals = {
        currency: {"payable": from_micros(payable), "withholding": from_micros(withholding)}
        for currency, (payable, withholding) in closed.totals.items()
    }
    described = asdict(closed) | {
        "totals": totals,
        "refused": describe_refused(closed.refused),
        "warnings": [check.as_json() for check in closed.warnings],
        "report_differences": [one.as_json() for one in closed.report_differences],
        "report_gaps": [one.as_json() for one in closed.report_gaps],
    }
    del described["was_closed"]
    del described["files"]
    if closed.files:
        described["files"] = [str(path) for path in closed.files]
    return described


def _print_closes(
    common: Common,
    closes: "list[Closed]",
    publisher: "Publisher | None",
    asked: "list[Asked]",
    *,
    dry_run: bool,
) -> None:
    if common.json:
        document: dict[str, Any] = {"closes": [describe_close(closed) for closed in closes]}
        if publisher:
            document["published"] = describe_published(publisher)
        if asked:
            document["witnesses"] = described(asked)
        print_document(document)
        return
    for closed in closes:
        print_close(closed, dry_run=dry_run)
    if not closes:
        print_line("nothing is due")
    for one in asked:
        print_line(in_words(one))
    if publisher:
        print_published(publisher)


def print_close(closed: "Closed", *, dry_run: bool = False) -> None:
    """Print a close for people."""
    happened = "checked, not closed (dry run)" if dry_run else "closed"
    if closed.was_closed:
        happened = "was closed already"
    print_line(
        f"{closed.period} {happened}: {counted(closed.statements, 'statement')},"
        f" {counted(closed.held, 'held part')}"
    )
    for currency, (payable, withheld) in sorted(closed.totals.items()):
        amounts = f"{from_micros(payable)} payable, {from_micros(withheld)} withheld"
        print_line(f"  {currency} {amounts}")
    print_line(f"  digest {closed.digest}, log up to {closed.log_seq}")
    if closed.checkpoint:
        print_line(f"  signed, with {counted(closed.tree_size, 'leaf', 'leaves')} in the tree")
    for part in dated_in_words(closed.refused) or ["nothing"]:
        print_line(f"  refused with a time before its end, and open: {part}")
    for part in undated_in_words(closed.refused):
        print_line(f"  refused without a readable time, and open: {part}")
    for check in closed.warnings:
        for line in f"warning: {check.explain().lstrip()}".splitlines():
            print_line(f"  {line}")
    for path in closed.files:
        print_line(f"  wrote {path}")
