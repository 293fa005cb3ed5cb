"""Writes the statements of a close and their lines as files: CSV, JSON or Parquet (SPEC §7.3)."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.lake import reading
from pipelines.lake.disk import replacing
from pipelines.outputs.formats import Format
from pipelines.outputs.spreadsheets import write_csv

_RELATIONS = ("statement", "statement_line")


def write_statements(
    stack: ExitStack, connection: duckdb.DuckDBPyConnection, period: str, form: Format, out: Path
) -> list[Path]:
    """Write the statements of a close into the folder `out`; they appear when the stack unwinds.

    Returns the files' paths: `statements-<period>` and, but for JSON, `statement_lines-<period>`.
    """
    if form is Format.JSON:
        path = sealed_path(out, period)
        with stack.enter_context(replacing(path)).open("wb") as file:
            file.writelines(_lines(reading.sealed_statements(connection, period)))
        return [path]
    paths = [out / f"{name}s-{period}.{form}" for name in _RELATIONS]
    for name, path in zip(_RELATIONS, paths, strict=True):
        place = stack.enter_context(replacing(path))
        if form is Format.PARQUET:
            reading.write_parquet(connection, name, period, place)
        else:
            write_csv(place, *reading.report(connection, name, period))
    return paths


def sealed_path(out: Path, period: str) -> Path:
    """Return the path of the file in `out` that has a sealed statement on each line."""
    return out / f"statements-{period}.ndjson"


def _lines(texts: Iterable[bytes]) -> Iterable[bytes]:
    return (text + b"\n" for text in texts)
