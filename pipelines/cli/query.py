"""The command `query`: runs one SELECT."""

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from pipelines.cli.flags import Common, Size, bounded, format_of, named_path
from pipelines.cli.printing import print_csv, print_document, print_line, print_rows
from pipelines.cli.words import counted
from pipelines.errors import UsageError
from pipelines.outputs.formats import Format
from pipelines.warehouses import DEFAULT_DISK, DEFAULT_SECONDS, LEAST_DISK, Bounds

_FAILED: Final = 1


class Form(StrEnum):
    """What an answer can be printed or written as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


FormFlag = Annotated[
    Form | None,
    typer.Option("--format", help="Format of the answer. [default: a table, or as FILE ends]"),
]
OutFlag = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", parser=named_path, help="File to write the answer to. [default: stdout]"
    ),
]
TimeoutFlag = Annotated[float, bounded(0.1, 86_400, "SECONDS", "How long the query may take.")]
TempDiskFlag = Annotated[
    int,
    typer.Option(
        metavar="SIZE",
        parser=Size(least=LEAST_DISK),
        help="Room that the query may take for temporary files, such as 20GB.",
    ),
]


def query(  # noqa: PLR0913  a parameter a flag
    common: Common,
    *,
    text: Annotated[str, typer.Argument(metavar="SQL", help="Exactly one SELECT.")],
    form: FormFlag = None,
    out: OutFlag = None,
    timeout: TimeoutFlag = DEFAULT_SECONDS,
    temp_disk: TempDiskFlag = DEFAULT_DISK,  # type: ignore[assignment]  # read by its parser
) -> None:
    """Run one SELECT on the warehouse, read-only.

    It can read nothing but the warehouse's relations, which `SHOW TABLES` lists. One that takes
    longer than it may, or more room, is stopped.
    """
    bounds = Bounds(timeout, temp_disk, _give_up)
    if out is not None:
        _write(common, text, bounds, form, out)
    else:
        _print(common, text, bounds, form)


def _print(common: Common, text: str, bounds: Bounds, form: Form | None) -> None:
    from pipelines.query import query as job

    if form is Form.PARQUET:
        message = "Parquet can't be printed; name a file to write with --out FILE"
        raise UsageError(message)
    if common.json and form not in {None, Form.JSON}:
        message = f"--json and --format {form} are two formats; name one of them"
        raise UsageError(message)
    with job(common.warehouse, text, bounds) as listing:
        if form is Form.CSV:
            print_csv(*listing)
        else:
            print_rows(replace(common, json=common.json or form is Form.JSON), *listing)


def _write(common: Common, text: str, bounds: Bounds, form: Form | None, out: Path) -> None:
    from pipelines.query import write_query

    if form is Form.TABLE:
        message = "a table is for people; write a file with --format csv, json or parquet"
        raise UsageError(message)
    chosen = Format(form) if form else format_of(out)
    rows = write_query(common.warehouse, text, bounds, form=chosen, out=out)
    if common.json:
        print_document({"file": str(out), "format": chosen, "rows": rows})
    else:
        print_line(f"{out}: {counted(rows, 'row')}")


def _give_up(message: str) -> None:
    """End the process, whose engine doesn't stop: the next command removes what it leaves."""
    typer.echo(f"error: {message}", err=True)
    os._exit(_FAILED)
