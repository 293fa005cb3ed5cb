"""The command `close`: issues the statements of a period, once."""

import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import Report, reporting
from pipelines.cli.settings import is_given
from pipelines.cli.words import counted
from pipelines.errors import UsageError
from pipelines.royalties.money import from_micros

if TYPE_CHECKING:
    from pipelines.close.job import Closed
    from pipelines.warehouses import Warehouse


def close(
    common: Common,
    *,
    period: Annotated[str | None, typer.Option(metavar="P", help="The period to close.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Close every period that is due.")] = False,
    as_of: AsOfFlag = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute and check, but issue nothing.")
    ] = False,
) -> None:
    """Close a period and issue its statements, once."""
    from pipelines.close.job import close as job

    chosen = _chosen_period(common.context, period, due=due)
    now = instant(common.warehouse, as_of)
    done: list[Closed] = []
    if not dry_run:
        common.invocation.standing = partial(_standing, common.warehouse, chosen)
    try:
        with reporting(common.invocation.ending) as report:
            if as_of is not None and not dry_run:
                _warn_if_ahead(common.warehouse, now, report)
            closes = job(
                common.warehouse,
                period=chosen,
                as_of=now,
                by_clock=as_of is None,
                dry_run=dry_run,
                report=report,
            )
            done.extend(closes)
    finally:
        # what is closed is closed, even where the next one fails
        if done or sys.exc_info()[0] is None:
            _print_closes(common, done, dry_run=dry_run)


def _standing(warehouse: "Warehouse", period: str | None) -> str:
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
    """Warn where `--as-of` is more than a day after the clock."""
    clock = instant(warehouse, None)
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


def describe_close(closed: "Closed") -> dict[str, Any]:
    """Return a close as its JSON shows it, money as text."""
    totals = {
        currency: {"payable": from_micros(payable), "withholding": from_micros(withholding)}
        for currency, (payable, withholding) in closed.totals.items()
    }
    described = asdict(closed) | {"totals": totals}
    del described["was_closed"]
    return described


def _print_closes(common: Common, closes: "list[Closed]", *, dry_run: bool) -> None:
    if common.json:
        print_document({"closes": [describe_close(closed) for closed in closes]})
        return
    for closed in closes:
        print_close(closed, dry_run=dry_run)
    if not closes:
        print_line("nothing is due")


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
