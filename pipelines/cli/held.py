"""The command `held`: lists what is owed but not payable yet, and why."""

from pipelines.cli.flags import Common, PeriodFlag
from pipelines.cli.printing import print_rows

_SHOWN = ("reason", "basis", "reference", "contributor_id", "origin_period", "currency", "amount")


def held(common: Common, *, period: PeriodFlag = None) -> None:
    """List what was held at a close, and why.

    For people by reason and currency, the largest amount first; with --json in the order of the
    JSON text.
    """
    from pipelines.held import list_held

    with list_held(common.warehouse, period, by_reason=not common.json) as listing:
        print_rows(common, *listing, shown=_SHOWN)
