"""Writes the statements of a close and their lines as files: CSV, JSON or Parquet (SPEC §7.3)."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.lake import reading
from pipelines.lake.disk import replacing
from pipelines.outputs.formats import Format
from pipelines.outputs.spreadsheets import write_csv

_RELATIONS = ("statement", "statement_line")


class Exported(NamedTuple):
    """A file that was written and appears when its stack unwinds."""

    path: Path
    place: Path
    """Where it is until then."""


def write_statements(
    stack: ExitStack, connection: duckdb.DuckDBPyConnection, period: str, form: Format, out: Path
) -> list[Exported]:
    """Write the statements of a close into the folder `out`; they appear when the stack unwinds.

    Returns the files: `statements-<period>` and, but for JSON, `statement_lines-<period>`.
    """
    if form is Format.JSON:
        path = sealed_path(out, period)
        place = stack.enter_context(replacing(path))
        with place.open("wb") as file:
            file.writelines(_lines(reading.sealed_statements(connection, period)))
        return [Exported(path, place)]
    exported = []
    for name in _RELATIONS:
        path = out / f"{name}s-{period}.{form}"
        place = stack.enter_context(replacing(path))
        if form is Format.PARQUET:
            reading.write_parquet(connection, name, period, place)
        else:
            write_csv(place, *reading.report(connection, name, period))
        exported.append(Exported(path, place))
    return exported


def sealed_path(out: Path, period: str) -> Path:
    """Return the path of the file in `out` that has a sealed statement on each line."""
    return out / f"statements-{period}.ndjson"


def _lines(texts: Iterable[bytes]) -> Iterable[bytes]:
    return (text + b"\n" for text in texts)
