"""Exports the statements of a close as files: CSV, JSON or Parquet (SPEC §7.3)."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.errors import NotFoundError
from pipelines.lake import reading
from pipelines.lake.disk import replacing
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.formats import Format
from pipelines.outputs.spreadsheets import write_csv

_RELATIONS = ("statement", "statement_line")


def export(warehouse: Warehouse, *, period: str | None, form: Format, out: Path) -> list[Path]:
    """Write the statements of a close, the last one where none is named, into the folder `out`.

    Returns the files' paths: `statements-<period>` and, but for JSON, `statement_lines-<period>`.

    Raises NotFoundError where there is no such close, or none yet.
    """
    with reading.connect(warehouse) as connection:
        closed = reading.closed_period(connection, period)
        if closed is None:
            message = "no period is closed yet; `manyhands status` shows which is next"
            raise NotFoundError(message)
        out.mkdir(parents=True, exist_ok=True)
        if form is Format.JSON:
            return [_write_sealed(connection, closed, out)]
        return _write_relations(connection, closed, form, out)


def _write_sealed(connection: duckdb.DuckDBPyConnection, period: str, out: Path) -> Path:
    path = out / f"statements-{period}.ndjson"
    with replacing(path) as written, written.open("wb") as file:
        file.writelines(_lines(reading.sealed_statements(connection, period)))
    return path


def _lines(texts: Iterable[bytes]) -> Iterable[bytes]:
    return (text + b"\n" for text in texts)


def _write_relations(
    connection: duckdb.DuckDBPyConnection, period: str, form: Format, out: Path
) -> list[Path]:
    paths = [out / f"{name}s-{period}.{form}" for name in _RELATIONS]
    with ExitStack() as stack:
        places = [stack.enter_context(replacing(path)) for path in paths]
        for name, place in zip(_RELATIONS, places, strict=True):
            if form is Format.PARQUET:
                reading.write_parquet(connection, name, period, place)
            else:
                write_csv(place, *reading.report(connection, name, period))
    return paths
