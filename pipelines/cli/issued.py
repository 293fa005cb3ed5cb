"""The commands that show what was issued and what is held: `statements` and `held`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.flags import Common, PeriodFlag
from pipelines.cli.printing import print_document, print_rows
from pipelines.cli.settings import is_given
from pipelines.errors import UsageError
from pipelines.outputs.formats import Format

_ARITHMETIC = (
    "opening",
    "royalties",
    "adjustments",
    "recouped",
    "reserve_withheld",
    "reserve_released",
    "withholding",
    "payable",
    "carried",
    "reserve_balance",
    "advance_outstanding",
)
_LINE = ("kind", "basis", "origin_period", "reference", "original", "corrected", "delta")
_RATE = ("rate", "rate of")


def list_statements(
    common: Common,
    *,
    period: PeriodFlag = None,
    still_open: Annotated[
        bool,
        typer.Option("--open", help="List what the last statements leave open, of every period."),
    ] = False,
) -> None:
    """List the statements of a close, or what stands open with each contributor."""
    from pipelines.lake import reading

    if still_open and is_given(common.context, "period"):
        message = "statements list takes either --open or --period P"
        raise UsageError(message)
    with reading.connect(common.warehouse) as connection:
        if still_open:
            print_rows(common, *reading.report(connection, "open_balance", None))
            return
        closed = reading.closed_period(connection, period)
        headings, rows = reading.listed_statements(connection, closed)
        shown = ("statement_id", "currency", "payable", "withholding", "carried", "digest")
        print_rows(common, headings, rows, shown)


def show_statement(
    common: Common,
    *,
    statement_id: Annotated[str, typer.Argument(metavar="ID", help="Such as 2026-10/ana.")],
) -> None:
    """Show a statement; with --json as it was sealed."""
    from pipelines.lake import reading

    with reading.connect(common.warehouse) as connection:
        sealed = reading.sealed_statement(connection, statement_id)
    if common.json:
        sys.stdout.write(sealed.decode("ascii") + "\n")
    else:
        print_statement(json.loads(sealed))


def print_statement(statement: dict[str, Any]) -> None:
    """Print a statement for people: its arithmetic, then its lines."""
    from pipelines.outputs.tables import plain, write_table

    sys.stdout.write(f"{plain(statement['statement_id'])}\n\n")
    amounts = [(name, statement[name]) for name in _ARITHMETIC]
    write_table(sys.stdout, ("", statement["currency"]), amounts)
    if converted := statement.get("converted"):
        rate, day = _rate(converted, converted["from"], statement["currency"])
        opening = f"{converted['opening']} {converted['from']}"
        sys.stdout.write(f"\nopening converted from {opening}, at {rate} of {day}\n")
    if statement["lines"]:
        sys.stdout.write("\n")
        rows = [
            [line[name] for name in _LINE]
            + [line["currency"], line["amount"], *_conversion(line, statement["currency"])]
            for line in statement["lines"]
        ]
        write_table(sys.stdout, (*_LINE, "currency", statement["currency"], *_RATE), rows)


def _conversion(line: dict[str, Any], currency: str) -> tuple[str, str]:
    """Return a line's rate and its date as text; of one that takes back, what was credited."""
    fx = line["fx"]
    if fx is None:
        return "", ""
    if "credited" in fx:
        return f"as credited: {fx['credited']} {currency} for {line['original']}", ""
    return _rate(fx, line["currency"], currency)


def _rate(fx: dict[str, Any], left: str, reached: str) -> tuple[str, str]:
    """Return rates as text, such as `1 EUR = 1.084 USD`, and their date."""
    rates = ((fx["from_rate"], left), (fx["to_rate"], reached))
    units = [f"{rate} {currency}" for rate, currency in rates if currency != fx["base"]]
    return f"1 {fx['base']} = {' = '.join(units)}", fx["date"]


def export_statements(
    common: Common,
    *,
    form: Annotated[Format, typer.Option("--format", help="The files' format.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    period: PeriodFlag = None,
) -> None:
    """Write the statements of a close and their lines as files."""
    from pipelines.export import export

    paths = export(common.warehouse, period=period, form=form, out=out)
    if common.json:
        print_document({"files": [str(path) for path in paths]})
    else:
        sys.stdout.writelines(f"{path}\n" for path in paths)


def held(common: Common, *, period: PeriodFlag = None) -> None:
    """List what is held at a close, and why."""
    from pipelines.lake import reading

    with reading.connect(common.warehouse) as connection:
        closed = reading.closed_period(connection, period)
        headings, rows = reading.report(connection, "held", closed)
        print_rows(
            common,
            headings,
            rows,
            (
                "reason",
                "basis",
                "reference",
                "contributor_id",
                "origin_period",
                "currency",
                "amount",
            ),
        )
