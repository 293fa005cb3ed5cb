"""Prints what a command gives: one JSON document, or a table for people."""

import sys
from collections.abc import Iterable, Sequence

from pipelines.cli.flags import Common
from pipelines.outputs.documents import dumps, whole_or_nothing, write_list
from pipelines.outputs.tables import write_table


def print_document(value: object) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(dumps(value) + "\n")


def print_rows(
    common: Common,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    shown: Sequence[str] = (),
) -> None:
    """Print rows as a JSON list of objects, or as a table of the columns `shown`, else of all.

    Nothing is printed where reading the rows fails.
    """
    with whole_or_nothing(sys.stdout) as stream:
        if common.json:
            write_list(stream, (dict(zip(headings, row, strict=True)) for row in rows))
        else:
            places = [headings.index(name) for name in shown or headings]
            chosen = ([row[place] for place in places] for row in rows)
            write_table(stream, [headings[place] for place in places], chosen)
