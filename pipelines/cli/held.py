"""The command `held`: lists what is owed but not payable yet, and why."""

from pipelines.cli.flags import Common, PeriodFlag
from pipelines.cli.printing import print_rows
from pipelines.cli.words import WHY_HELD

_SHOWN = ("reason", "basis", "reference", "contributor_id", "origin_period", "currency", "amount")


def held(common: Common, *, period: PeriodFlag = None) -> None:
    """List what was held at a close, and why.

    For people by reason and currency, the largest amount first, with what the reason means; with
    --json in the order of the JSON text.
    """
    from pipelines.held import list_held

    with list_held(common.warehouse, period, by_reason=not common.json) as (columns, rows):
        if common.json:
            print_rows(common, columns, rows)
            return
        reason = columns.index("reason")
        explained = ((*row, WHY_HELD.get(row[reason], "")) for row in rows)
        print_rows(common, (*columns, "why"), explained, shown=(*_SHOWN, "why"))
