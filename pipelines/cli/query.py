"""The command `query`: runs one SELECT."""

from typing import Annotated

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_rows


def query(
    common: Common,
    *,
    text: Annotated[str, typer.Argument(metavar="SQL", help="Exactly one SELECT.")],
) -> None:
    """Run one SELECT on the warehouse, read-only.

    It can read nothing but the warehouse's relations, which `SHOW TABLES` lists.
    """
    from pipelines.query import query as job

    with job(common.warehouse, text) as listing:
        print_rows(common, *listing)
