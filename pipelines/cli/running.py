"""The commands that change a warehouse: `init`, `ingest` and `close`."""

import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_document
from pipelines.cli.progress import Report, reporting
from pipelines.cli.settings import is_given
from pipelines.errors import UsageError
from pipelines.royalties.money import from_micros
from pipelines.royalties.periods import Cadence

if TYPE_CHECKING:
    from pipelines.close.job import Closed


def init(
    common: Common,
    *,
    cadence: Annotated[Cadence, typer.Option(help="How often it closes.")] = Cadence.MONTH,
    grace_days: Annotated[
        int,
        typer.Option(
            min=0, max=366, metavar="N", help="Days after a period's end before it can close."
        ),
    ] = 0,
    first_period: Annotated[
        str, typer.Option(metavar="P", help="The first period. [default: that of the first money]")
    ] = "",
) -> None:
    """Make an empty warehouse."""
    from pipelines.lake.creation import create
    from pipelines.lake.setting import Setting

    create(common.warehouse, Setting(cadence, grace_days, first_period))
    if common.json:
        print_document(
            {
                "cadence": cadence.value,
                "first_period": first_period or None,
                "grace_days": grace_days,
                "warehouse": str(common.warehouse.folder),
            }
        )
    else:
        typer.echo(
            f"made an empty warehouse in {common.warehouse.folder}, which closes by {cadence}"
        )


def close(
    common: Common,
    *,
    period: Annotated[str | None, typer.Option(metavar="P", help="The period to close.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Close every period that is due.")] = False,
    as_of: AsOfFlag = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute and check, and issue nothing.")
    ] = False,
) -> None:
    """Close a period: issue its statements, once."""
    from pipelines.close.job import close as job

    chosen = _chosen_period(common.context, period, due=due)
    now = instant(as_of)
    done: list[dict[str, object]] = []
    try:
        with reporting() as report:
            if as_of is not None and not dry_run:
                _warn_if_ahead(now, report)
            closes = job(
                common.warehouse,
                period=chosen,
                as_of=now,
                by_clock=as_of is None,
                dry_run=dry_run,
                report=report,
            )
            done.extend(describe_close(closed) for closed in closes)
    finally:
        # what is closed is closed, even where the next one fails
        if done or sys.exc_info()[0] is None:
            _print_closes(common, done)


def _warn_if_ahead(now: datetime, report: Report) -> None:
    """Say what `--as-of` does where it is more than a day after the clock."""
    clock = instant(None)
    if now > clock + timedelta(days=1):
        report.note(
            f"warning: --as-of is {(now - clock).days} days after this machine's clock;"
            " periods that aren't over will be closed for good"
        )


def _chosen_period(context: typer.Context, period: str | None, *, due: bool) -> str | None:
    """Give the period that is asked for, None for every one that is due; a flag beats a setting."""
    if period is not None and due and is_given(context, "due") != is_given(context, "period"):
        due = is_given(context, "due")
        period = None if due else period
    if (period is None) != due:
        message = "close takes either --period P or --due"
        raise UsageError(message)
    return period


def describe_close(closed: "Closed") -> dict[str, Any]:
    """Give a close as it is printed, money as text."""
    totals = {
        currency: {"payable": from_micros(payable), "withholding": from_micros(withholding)}
        for currency, (payable, withholding) in closed.totals.items()
    }
    return asdict(closed) | {"totals": totals}


def _print_closes(common: Common, closes: list[dict[str, Any]]) -> None:
    if common.json:
        print_document({"closes": closes})
        return
    for closed in closes:
        print_close(closed)
    if not closes:
        typer.echo("nothing is due")


def print_close(closed: dict[str, Any]) -> None:
    """Print a close for people."""
    typer.echo(
        f"{closed['period']}: {closed['statements']} statements, {closed['held']} held parts"
    )
    for currency, amounts in sorted(closed["totals"].items()):
        typer.echo(f"  {currency} {amounts['payable']} payable, {amounts['withholding']} withheld")
    typer.echo(f"  digest {closed['digest']}, log up to {closed['log_seq']}")
