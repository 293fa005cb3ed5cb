"""Writes tables for people: plain columns that stay readable in a pipe and safe in a terminal."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TextIO

from pipelines.outputs.documents import dumps
from pipelines.values import json_value

ROWS_TO_MEASURE = 1_000
"""How many rows the widths of the columns are measured by; later ones may be wider."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def write_table(stream: TextIO, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write headings and rows in columns, numbers to the right; null is empty."""
    texts = ([plain(value) for value in row] for row in rows)
    measured = list(islice(texts, ROWS_TO_MEASURE))
    names = [plain(heading) for heading in headings]
    widths = [max(len(cell) for cell in column) for column in zip(names, *measured, strict=True)]
    to_right = [_is_numeric(column) for column in zip(*measured, strict=True)] or [False] * len(
        names
    )
    for row in chain([names], measured, texts):
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, to_right, strict=True)
        ]
        stream.write("  ".join(cells).rstrip() + "\n")


def _is_numeric(column: Iterable[str]) -> bool:
    cells = [cell for cell in column if cell]
    return bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)


def plain(value: object) -> str:
    """Return a value as one line of text in which nothing can steer a terminal.

    What isn't printable, such as an escape in an event, is written as its code.
    """
    exact = json_value(value)
    text = exact if isinstance(exact, str) else "" if exact is None else dumps(exact)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
