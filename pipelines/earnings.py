"""Writes what each image earned each contributor in a period as one file (SPEC §5, Splitting)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.compute import compute_entitlements
from pipelines.errors import GateError, NotFoundError
from pipelines.lake import closes, earnings, reading, writing
from pipelines.lake.catalogs import located
from pipelines.lake.disk import replacing
from pipelines.lake.setting import setting
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.formats import Format
from pipelines.outputs.places import refuse_place
from pipelines.royalties.periods import Period
from pipelines.values import json_value


@dataclass(frozen=True)
class Earnings:
    """What was written."""

    file: Path
    period: str
    """The origin period."""
    closed: str
    """Period of the last close, whose position in the log the earnings are by."""
    log_seq: int
    """That position."""
    rows: int
    totals: dict[str, Decimal]
    """Sums by currency."""


def write_earnings(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    *,
    period: str,
    contributor: str | None,
    form: Format,
    out: Path,
    report: Callable[[str], None],
) -> Earnings:
    """Write the earnings of an origin period, by the log up to the last close's position.

    They are those of one contributor, or of everybody where it is None. The file appears whole,
    after its sums were found to be what the contributors are owed.

    Raises UsageError where the period can't be one or the file may not be replaced, NotFoundError
    where the period isn't closed or the log names no such contributor, GateError where the sums
    differ; nothing is written then.
    """
    refuse_place(located(warehouse), out)
    with reading.connect(warehouse) as connection:
        closing = _last_closing(connection, period)
        earnings.ask(connection, period, contributor)
        refuse_unnamed(connection, contributor)
        report(f"computing what was earned in {period}")
        compute_entitlements(connection, closing)
        earnings.stage_earnings(connection)
        _refuse_unequal(connection, period)
        rows, totals = earnings.totals(connection)
        report(f"writing {out}")
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as written:
            writing.write(connection, "earning", form, written)
    return Earnings(out, period, closing.period.name, closing.log_seq, rows, totals)


def refuse_unnamed(connection: duckdb.DuckDBPyConnection, contributor: str | None) -> None:
    """Raise NotFoundError where the log doesn't name the contributor who is asked for."""
    if contributor is not None and not earnings.is_named(connection):
        message = (
            f"no contributor {contributor}: the log has no licence, registration or advance of"
            " that id; identifiers are case-sensitive"
        )
        raise NotFoundError(message)


def _last_closing(connection: duckdb.DuckDBPyConnection, period: str) -> Closing:
    """Return the last close as it was computed, where the period is closed by it."""
    cadence = setting(connection).cadence
    named = closes.named_period(period, cadence)
    last = closes.last_close(connection)
    if last is None:
        message = "no period is closed yet; `manyhands status` shows which is next"
        raise NotFoundError(message)
    closed = Period.parse(last.period, cadence)
    if named > closed:
        message = (
            f"{period} is not closed, the last close is of {last.period}; `manyhands estimate`"
            " shows what is earned so far in the periods that aren't closed"
        )
        raise NotFoundError(message)
    return Closing(closed, last.log_seq, None)


def _refuse_unequal(connection: duckdb.DuckDBPyConnection, period: str) -> None:
    unequal = earnings.find_unequal(connection)
    if unequal is not None:
        first = json.dumps(json_value(unequal.first), ensure_ascii=False)
        message = (
            f"the earnings of {period} don't add up to what is owed and stated, so nothing was"
            f" written: {unequal.count} of their sums differ, the first is {first};"
            " if the warehouse was edited, restore it from a backup, and run the command again"
        )
        raise GateError(message)
