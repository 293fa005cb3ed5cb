"""How a warehouse closes, fixed when it is made (SPEC §7.1)."""

from dataclasses import dataclass

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence

FORMAT = 8
"""Of the warehouses that this program makes and opens: a change of what is stored raises it."""

UNFINISHED = 0
"""Of a warehouse that is made again from another one's log, until it is whole."""

FIRST = 1
"""Its warehouses have no number, and can't be brought to a later format."""


@dataclass(frozen=True)
class Setting:
    """How a warehouse closes."""

    cadence: Cadence = Cadence.MONTH
    grace_days: int = 0
    first_period: str = ""
    """The first period to close; empty: that of the first money in force."""


def setting(connection: duckdb.DuckDBPyConnection) -> Setting:
    """Read how the warehouse closes."""
    row = connection.execute(
        "SELECT cadence, grace_days, first_period FROM warehouse.setting"
    ).fetchone()
    if row is None:
        message = "the warehouse's relation setting is empty; restore a backup"
        raise ManyhandsError(message)
    cadence, grace_days, first_period = row
    return Setting(Cadence(cadence), grace_days, first_period or "")


def refuse_other_format(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Raise ManyhandsError, with both numbers, where a warehouse isn't of this program's format."""
    found = found_format(connection)
    if found != FORMAT:
        if found == UNFINISHED:
            remove = "remove it"
            if warehouse.server:
                remove = f"drop the schema {warehouse.server.schema}, remove {warehouse.root}"
            message = (
                f"{warehouse.name} isn't whole: it is being made again, or `manyhands rebuild` or"
                f" `log import` was cut short; {remove}, and run that again"
            )
            raise ManyhandsError(message)
        if found > FORMAT:
            advice = "use the manyhands that made it, or a later one"
        elif found == FIRST:
            advice = "make a new warehouse and ingest its sources again"
        else:
            advice = "bring it to that with `manyhands migrate`"
        message = f"{warehouse.name} has format {found}, and this manyhands {FORMAT}; {advice}"
        raise ManyhandsError(message)


def found_format(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the format of a warehouse; the first had no number."""
    found = connection.execute("FROM warehouse.setting").fetchall()
    names = [column[0] for column in connection.description]
    if "format" not in names:
        return FIRST
    return int(found[0][names.index("format")]) if found else FORMAT
