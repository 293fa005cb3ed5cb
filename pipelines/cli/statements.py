"""The commands `statements list`, `show` and `export`: what was issued."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.flags import Common, PeriodFlag, named_path
from pipelines.cli.printing import print_document, print_line, print_rows, print_table
from pipelines.cli.settings import is_given
from pipelines.errors import UsageError
from pipelines.outputs.formats import Format

_LISTED = ("statement_id", "currency", "payable", "withholding", "carried", "digest")
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
_RATE = ("rate", "rate date")


def list_statements(
    common: Common,
    *,
    period: PeriodFlag = None,
    still_open: Annotated[
        bool,
        typer.Option("--open", help="List what the last statements leave open, of every period."),
    ] = False,
) -> None:
    """List the statements of a close, or what is open with each contributor."""
    from pipelines import statements

    if still_open and is_given(common.context, "period"):
        message = "statements list takes either --open or --period P"
        raise UsageError(message)
    if still_open:
        with statements.list_open(common.warehouse) as listing:
            print_rows(common, *listing)
        return
    with statements.list_statements(common.warehouse, period) as listing:
        print_rows(common, *listing, shown=_LISTED)


def show_statement(
    common: Common,
    *,
    statement_id: Annotated[str, typer.Argument(metavar="ID", help="Such as 2026-10/ana.")],
) -> None:
    """Show a statement; with --json as it was sealed."""
    from pipelines.statements import sealed_statement

    sealed = sealed_statement(common.warehouse, statement_id)
    if common.json:
        print_line(sealed.decode("ascii"))
    else:
        print_statement(json.loads(sealed))


def print_statement(statement: dict[str, Any]) -> None:
    """Print a statement for people: its arithmetic, then its lines."""
    amount = f"amount ({statement['currency']})"
    print_line(statement["statement_id"])
    print_line()
    print_table(("field", amount), [(name, statement[name]) for name in _ARITHMETIC])
    if converted := statement.get("converted"):
        rate, day = _rate(converted, converted["from"], statement["currency"])
        opening = f"{converted['opening']} {converted['from']}"
        print_line()
        print_line(f"opening converted from {opening}, at {rate} of {day}")
    if statement["lines"]:
        print_line()
        rows = [
            [line[name] for name in _LINE]
            + [line["currency"], line["amount"], *_conversion(line, statement["currency"])]
            for line in statement["lines"]
        ]
        print_table((*_LINE, "currency", amount, *_RATE), rows)


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


def prove_statement(
    common: Common,
    *,
    statement_id: Annotated[str, typer.Argument(metavar="ID", help="Such as 2026-10/ana.")],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", parser=named_path, help="Folder to write to."),
    ],
) -> None:
    """Write the proof that a statement is in the signed log, and the statement beside it.

    Whoever has both, and the log's verifier key, can check them with `manyhands verify --proof`,
    or another program for the format tlog-proof.
    """
    from pipelines.proof.proving import prove

    paths = prove(common.warehouse, statement_id, out)
    if common.json:
        print_document({"files": [str(path) for path in paths]})
    else:
        for path in paths:
            print_line(str(path))


def export_statements(
    common: Common,
    *,
    form: Annotated[Format, typer.Option("--format", help="Format of the files.")],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", parser=named_path, help="Folder to write to."),
    ],
    period: PeriodFlag = None,
) -> None:
    """Write the statements of a close and their lines as files."""
    from pipelines.export import export

    paths = export(common.warehouse, period=period, form=form, out=out)
    if common.json:
        print_document({"files": [str(path) for path in paths]})
    else:
        for path in paths:
            print_line(str(path))
