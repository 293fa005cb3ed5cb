"""The command `earnings`: what each image earned each contributor, as a file."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.flags import Common, format_of, named_path
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.outputs.formats import Format

if TYPE_CHECKING:
    from pipelines.earnings import Earnings

ContributorFlag = Annotated[
    str | None,
    typer.Option("--contributor", metavar="C", help="A contributor. [default: all of them]"),
]


def earnings(
    common: Common,
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="The period that the money is of, closed.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", parser=named_path, help="File to write.")
    ],
    contributor: ContributorFlag = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Format of the file. [default: as its name ends]"),
    ] = None,
) -> None:
    """Write what each image earned each contributor in a period, by the last close.

    Before the file appears its sums are compared with what the contributors are owed and what their
    statements say; where one differs, nothing is written.
    """
    from pipelines.earnings import write_earnings

    chosen = form or format_of(out)
    with reporting(common.invocation.ending) as report:
        written = write_earnings(
            common.warehouse,
            period=period,
            contributor=contributor,
            form=chosen,
            out=out,
            report=report,
        )
    if common.json:
        print_document(asdict(written) | {"file": str(written.file)})
    else:
        _print_written(written)


def _print_written(written: "Earnings") -> None:
    by = f"by the log up to {written.log_seq}, the close of {written.closed}"
    print_line(f"{written.file}: {counted(written.rows, 'row')} of {written.period}, {by}")
    for currency, amount in written.totals.items():
        print_line(f"  {currency} {amount}")
