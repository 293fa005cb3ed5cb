"""The command `rebuild`: a warehouse made again from the log of another one."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.flags import Common, data_path, named_path, warehouse_of
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.warehouses import DEFAULT_SCHEMA, Warehouse

if TYPE_CHECKING:
    from pipelines.rebuild import Rebuilt


def rebuild(
    common: Common,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="W", help="The new warehouse: a folder, or an address in PostgreSQL."
        ),
    ],
    to_data_path: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=data_path, help="With PostgreSQL: where its data is to be."
        ),
    ] = None,
    to_schema: Annotated[
        str, typer.Option(metavar="S", help="With PostgreSQL: the schema of its catalog.")
    ] = DEFAULT_SCHEMA,
    to_password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=named_path, help="With PostgreSQL: file with the password."
        ),
    ] = None,
) -> None:
    """Make a warehouse again from the log of this one: the same facts, results and digests.

    Each close is computed again at its position in the log; where one comes out with another
    digest, the exit code is 4. It is also the way from SQLite to PostgreSQL.
    """
    from pipelines.rebuild import rebuild as job

    target = warehouse_of(
        common.context,
        to,
        {
            "memory_limit": common.warehouse.memory_bytes,
            "schema": to_schema,
            "password_file": to_password_file,
            "data_path": to_data_path,
            "lock_seconds": common.warehouse.lock_seconds,
        },
        prefix="to_",
    )
    say_unfinished(common, target)
    with reporting(common.invocation.ending) as report:
        done = job(common.warehouse, target, report)
    print_made_again(common, target, done)


def say_unfinished(common: Common, target: Warehouse) -> None:
    """Let a command that is cut short say what it leaves."""
    if target.server is None:
        common.invocation.standing = lambda: (
            f"{target.name} is a whole warehouse, or none; run this again where it is none"
        )
        return
    common.invocation.standing = lambda: (
        f"if {target.name} was begun, it isn't whole, and nobody opens it; remove it, and run this"
        " again"
    )


def print_made_again(common: Common, target: Warehouse, done: "Rebuilt") -> None:
    """Print what a warehouse was made of."""
    if common.json:
        print_document(asdict(done) | {"warehouse": target.name})
        return
    digest = f", the last one with the digest {done.digest}" if done.digest else ""
    print_line(
        f"{target.name}: made again from {counted(done.events, 'event')},"
        f" {counted(done.closes, 'close')}{digest}"
    )
