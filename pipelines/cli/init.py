"""The command `init`: makes an empty warehouse."""

from functools import partial
from typing import Annotated

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.words import counted
from pipelines.royalties.periods import Cadence
from pipelines.warehouses import Warehouse


def init(
    common: Common,
    *,
    cadence: Annotated[Cadence, typer.Option(help="How long a period is.")] = Cadence.MONTH,
    grace_days: Annotated[
        int,
        typer.Option(
            min=0, max=366, metavar="N", help="Days that a period stays open after its end."
        ),
    ] = 0,
    first_period: Annotated[
        str,
        typer.Option(
            metavar="P", help="The first period to close. [default: that of the first paid event]"
        ),
    ] = "",
) -> None:
    """Make an empty warehouse."""
    from pipelines.init import init as job

    common.invocation.standing = partial(_standing, common.warehouse)
    job(common.warehouse, cadence=cadence, grace_days=grace_days, first_period=first_period)
    if common.json:
        print_document(
            {
                "cadence": cadence.value,
                "first_period": first_period or None,
                "grace_days": grace_days,
                "warehouse": common.warehouse.name,
            }
        )
    else:
        first = first_period or "that of the first paid event"
        print_line(
            f"{common.warehouse.name}: made an empty warehouse; cadence {cadence},"
            f" {counted(grace_days, 'grace day')}, first period {first}"
        )


def _standing(warehouse: Warehouse) -> str:
    """Return whether there is a warehouse by now."""
    from pipelines.status import position

    there = position(warehouse) is not None
    return f"{warehouse.name}: {'the' if there else 'no'} warehouse was made"
