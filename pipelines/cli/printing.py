"""Prints the data of a command on stdout: one JSON document, or text and tables for people."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from pipelines.cli.flags import Common
from pipelines.cli.tables import plain, write_table
from pipelines.outputs.documents import dumps, whole_or_nothing, write_list, write_with_list


def print_document(value: object) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(dumps(value) + "\n")


def print_line(text: str = "") -> None:
    """Print a line of text for people, in which nothing can steer a terminal."""
    sys.stdout.write(plain(text) + "\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for people."""
    write_table(sys.stdout, headings, rows)


def print_rows(
    common: Common,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    shown: Sequence[str] = (),
) -> None:
    """Print rows as a JSON list of objects, or as a table of the columns `shown`, else of all.

    Nothing is printed where reading the rows fails.
    """
    with whole_or_nothing(sys.stdout) as stream:
        if common.json:
            write_list(stream, (dict(zip(columns, row, strict=True)) for row in rows))
        else:
            places = [columns.index(name) for name in shown or columns]
            chosen = ([row[place] for place in places] for row in rows)
            write_table(stream, [columns[place] for place in places], chosen)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV; nothing where reading them fails."""
    from pipelines.outputs.spreadsheets import write_cells

    with whole_or_nothing(sys.stdout) as stream:
        write_cells(stream, columns, rows)


def print_with_rows(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    others: Mapping[str, object],
) -> None:
    """Print one JSON document with rows as a list of objects under `name`, and other fields.

    Nothing is printed where reading the rows fails.
    """
    with whole_or_nothing(sys.stdout) as stream:
        items = (dict(zip(columns, row, strict=True)) for row in rows)
        write_with_list(stream, name, items, others)
