"""Writes CSV that a spreadsheet can open without running anything (RFC 4180, SPEC §7.3)."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from pipelines.outputs.documents import dumps
from pipelines.values import json_value

STARTS_OF_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write headings and rows as CSV; money stays a plain number, null is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write_cells(file, headings, rows)


def write_cells(stream: TextIO, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write headings and rows as CSV to a stream of text that keeps the ends of lines."""
    writer = csv.writer(stream)
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([harmless(value) for value in row] for row in rows)


def harmless(value: object) -> object:
    """Return a value as a cell; text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(STARTS_OF_A_FORMULA) else value
    exact = json_value(value)
    return dumps(exact) if isinstance(exact, bool | list | dict) else exact
