"""Writes the rows of a manifest's file as `manifest_entry` has them, once each was checked.

The footer of what is written says what the `row_md5` of its rows add up to, so that a commit can
take it for a data file without reading it.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake import arrow, parquet, scratch, sql
from pipelines.lake.engine import bounded
from pipelines.lake.manifest_rows import checked_rows, mismatch
from pipelines.lake.paths import for_engine
from pipelines.lake.repeats import Hashes, Repeats, repeats

_SHA256: Final = pa.field("manifest_sha256", pa.dictionary(pa.int32(), pa.string()))
_ENTRIES: Final = arrow.schema("facts", "manifest_entry").set(0, _SHA256)
_OPTIONS: Final = {
    "use_dictionary": [name for name in _ENTRIES.names if name != "image_id"],
    "store_schema": False,  # which readers would take for other types than the other files have
}
_MD5_SUM: Final = b"manyhands:md5_sum"

_BATCHES_AT_ONCE: Final = 8
"""Of rows; a thread of the engine takes a batch."""

_ROW_GROUP: Final = 122_880
"""Rows; as many as the engine writes by itself."""


@dataclass(frozen=True)
class KeptEntries:
    """A file with the checked rows of a manifest."""

    path: Path
    rows: int
    md5_sum: int | None
    """Of the rows' `row_md5`; None where an earlier version wrote them, not as `manifest_entry`."""


def kept_entries(path: Path) -> KeptEntries:
    """Return what the footer of a file that was written here says."""
    footer = pq.read_metadata(for_engine(path))
    md5_sum = (footer.metadata or {}).get(_MD5_SUM)
    return KeptEntries(path, footer.num_rows, None if md5_sum is None else int(md5_sum))


def write_entries(copy: Path, checked: Path, sha256: str, rows: int, memory_bytes: int) -> None:
    """Write the rows of a manifest's copy.

    Raises ManifestError where they aren't what its event says, or an image is listed twice.
    """
    with (
        scratch.temporary() as made,
        duckdb.connect(config=bounded(made, memory_bytes)) as connection,
        repeats(made, rows) as hashes,
    ):
        connection.execute(sql.text("functions", "row_md5"))
        _write(connection, _ahead(_entries(copy, sha256, rows)), checked, hashes)
        if hashes.any():
            _check_distinct(connection, checked)


def _write(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[pa.Table],
    checked: Path,
    hashes: Repeats,
) -> None:
    md5_sum = 0
    with pq.ParquetWriter(for_engine(checked), _ENTRIES, **_OPTIONS) as writer:
        for entries in tables:
            writer.write_table(entries, _ROW_GROUP)
            connection.register("entry", entries)
            md5_sum += _md5_sum(connection)
            hashes.add(_hashes(connection))
        writer.add_key_value_metadata({_MD5_SUM: str(md5_sum)})


def _entries(copy: Path, sha256: str, rows: int) -> Iterator[pa.Table]:
    batches = checked_rows(copy, rows)
    while some := list(islice(batches, _BATCHES_AT_ONCE)):
        yield pa.Table.from_batches(
            pa.RecordBatch.from_arrays([_same(sha256, len(one)), *one.columns], schema=_ENTRIES)
            for one in some
        )


def _same(text: str, count: int) -> pa.DictionaryArray:
    """Return a text so many times, held once."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [text])


def _ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables, each of which another thread makes while the one before is worked on."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = thread.submit(next, tables, None)
            yield table


def _md5_sum(connection: duckdb.DuckDBPyConnection) -> int:
    ((md5_sum,),) = connection.execute("SELECT sum(row_md5(entry)) FROM entry").fetchall()
    return int(md5_sum)


def _hashes(connection: duckdb.DuckDBPyConnection) -> Hashes:
    found = connection.execute("SELECT hash(image_id) AS hash FROM entry").to_arrow_table()
    hashes: Hashes = found["hash"].to_numpy()
    return hashes


def _check_distinct(connection: duckdb.DuckDBPyConnection, checked: Path) -> None:
    """Raise ManifestError where an image is listed twice; two images can have one hash."""
    repeated = (
        connection.sql(parquet.select(checked, "image_id"))
        .aggregate("image_id, count(*) AS n", "image_id")
        .filter("n > 1")
        .limit(1)
        .fetchone()
    )
    if repeated is not None:
        mismatch(f"image {repeated[0]} is listed twice")
