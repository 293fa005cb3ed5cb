"""Runs one SELECT on a warehouse, read-only, and writes what it returns (SPEC §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.lake.bounds import Bounds
from pipelines.lake.catalogs import located
from pipelines.lake.disk import replacing
from pipelines.lake.query import ask, ask_batches
from pipelines.lake.reading import Listing
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.documents import write_list
from pipelines.outputs.formats import Format
from pipelines.outputs.places import refuse_place
from pipelines.outputs.spreadsheets import write_cells


@contextmanager
def query(warehouse: Warehouse, text: str, bounds: Bounds) -> Iterator[Listing]:
    """Run one SELECT that can read nothing but the warehouse's relations.

    Raises UsageError where the text is anything else, reads anything else, or is wrong, and
    ManyhandsError where it takes more than it may.
    """
    with ask(warehouse, text, bounds) as answer:
        yield answer


def write_query(warehouse: Warehouse, text: str, bounds: Bounds, *, form: Format, out: Path) -> int:
    """Run one SELECT, write what it returns as a file, and return how many rows that are.

    The file appears whole, where nothing fails.

    Raises what `query` raises, and UsageError where the file may not be replaced.
    """
    refuse_place(located(warehouse), out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as written:
        if form is Format.PARQUET:
            return _write_parquet(warehouse, text, bounds, written)
        return _write_text(warehouse, text, bounds, form, written)


def _write_parquet(warehouse: Warehouse, text: str, bounds: Bounds, path: Path) -> int:
    count = 0
    with (
        ask_batches(warehouse, text, bounds) as (schema, batches),
        path.open("wb") as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _write_text(warehouse: Warehouse, text: str, bounds: Bounds, form: Format, path: Path) -> int:
    count = 0

    def counted(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
        nonlocal count
        for count, row in enumerate(rows, 1):  # noqa: B007  read after the loop
            yield row

    with (
        ask(warehouse, text, bounds) as (columns, rows),
        path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file,
    ):
        if form is Format.CSV:
            write_cells(file, columns, counted(rows))
        else:
            items = (dict(zip(columns, row, strict=True)) for row in counted(rows))
            write_list(file, items)
    return count
