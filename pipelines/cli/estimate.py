"""The command `estimate`: what is earned so far in the periods that aren't closed."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pipelines.cli.earnings import ContributorFlag
from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_line, print_rows, print_with_rows
from pipelines.cli.progress import reporting

if TYPE_CHECKING:
    from pipelines.estimate import Estimate

_SHOWN = ("contributor_id", "period", "currency", "amount")


def estimate(
    common: Common, *, contributor: ContributorFlag = None, as_of: AsOfFlag = None
) -> None:
    """Show what is earned so far in each period that isn't closed: an estimate, not sealed.

    It goes by the log up to now and changes until the period is closed. With --contributor it also
    shows how far the last statement's balance and these earnings are from the payment threshold.
    """
    from pipelines.estimate import estimate as job

    now = instant(common.warehouse, as_of)
    with ExitStack() as stack:
        with reporting(common.invocation.ending) as report:
            estimated = stack.enter_context(
                job(common.warehouse, contributor=contributor, as_of=now, report=report)
            )
        if common.json:
            _print_document(estimated)
        else:
            _print_for_people(common, estimated, contributor)


def _print_document(estimated: "Estimate") -> None:
    others = {
        "estimate": True,
        "log_seq": estimated.log_seq,
        "periods": estimated.periods,
        "sealed": False,
        "threshold": estimated.threshold,
    }
    print_with_rows("earned", *estimated.earned, others)


def _print_for_people(common: Common, estimated: "Estimate", contributor: str | None) -> None:
    they_are = "the period is" if len(estimated.periods) == 1 else "the periods are"
    print_line(
        f"{', '.join(estimated.periods)} so far, by the log up to {estimated.log_seq}: an estimate,"
        f" not sealed; it changes until {they_are} closed"
    )
    print_line()
    print_rows(common, *estimated.earned, shown=_SHOWN)
    if contributor is not None:
        print_line()
        print_line(_threshold_in_words(estimated, contributor))


def _threshold_in_words(estimated: "Estimate", contributor: str) -> str:
    balance = estimated.threshold
    if balance is None:
        return f"{contributor} has no statement yet and isn't registered, so there is no threshold"
    currency, statement_id = balance["currency"], balance["statement_id"]
    carried = f"{balance['carried']} {currency}"
    stated = f"{statement_id} carried {carried}" if statement_id else "there is no statement yet"
    earned = f"{balance['earned']} {currency} are earned so far"
    threshold = f"the payment threshold is {balance['threshold']} {currency}"
    return f"{stated}, and {earned}; {threshold}, so {balance['missing']} {currency} are missing"
