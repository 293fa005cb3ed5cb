"""Reads the rows of a manifest's file and checks each (SPEC §3.3).

Parquet is read by pyarrow, which takes rows from the pages alone. DuckDB believes what a footer
says of its columns: where that claims that all weights are null it makes all of them 1, and where
it names a false minimum it drops rows.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NoReturn

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipelines.lake import parquet, sql
from pipelines.lake.paths import for_engine
from schemas.decimals import scaled
from schemas.json_text import BLANK, MAX_BYTES, UnreadableError, read_json
from schemas.parts import ManifestEntry
from schemas.rejection import Reason
from schemas.scalars import IDENTIFIER, WEIGHT

ROWS = pa.schema([("image_id", pa.string()), ("weight_milli", pa.int32())])
"""A checked row: an image and its weight in thousandths."""

MOST_NDJSON_ROWS = 1_000_000
WEIGHT_DIGITS = 3
_ROWS_AT_ONCE = 100_000
_FIRST_ROWS = 1_000
_BLOCK_BYTES = 1 << 20
_PARQUET_MAGIC = b"PAR1"
_COLUMNS = ({"image_id"}, {"image_id", "weight"})


class ManifestError(Exception):
    """A manifest that can't be used: `reason` is manifest_unavailable or manifest_mismatch."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def mismatch(message: str) -> NoReturn:
    """Raise ManifestError for a manifest that isn't what its event says."""
    raise ManifestError(Reason.MANIFEST_MISMATCH, message)


def unavailable(message: str) -> NoReturn:
    """Raise ManifestError for a manifest that can't be had."""
    raise ManifestError(Reason.MANIFEST_UNAVAILABLE, message)


def check_beginning(file: BinaryIO, rows: int) -> None:
    """Raise ManifestError where little of an open file shows that it isn't what its event says.

    A Parquet file's footer has to have the event's number of rows, though one that has it decides
    nothing; of any other file some first rows have to be valid, and no more than `rows`.
    """
    if _is_parquet(file):
        with _open(file) as opened:
            _refuse_unless_equal(opened.metadata.num_rows, rows)
    else:
        first = sum(1 for _ in islice(_ndjson_entries(file), min(rows, _FIRST_ROWS) + 1))
        _refuse_beyond(first, rows)


def _is_parquet(file: BinaryIO) -> bool:
    """Return whether an open file begins as Parquet does; it is at its beginning then."""
    file.seek(0)
    is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    file.seek(0)
    return is_parquet


def checked_rows(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a manifest's file as batches of ROWS, each row checked.

    Reading stops at the first row beyond `rows`.

    Raises ManifestError where the file can't be read, a row is invalid, or there are other than
    `rows`; whether an image is listed twice isn't looked at.
    """
    with path.open("rb") as file:
        count = 0
        for batch in _parquet_rows(path) if _is_parquet(file) else _ndjson_rows(file):
            count += len(batch)
            _refuse_beyond(count, rows)
            yield batch
    _refuse_unless_equal(count, rows)


def _refuse_beyond(actual: int, rows: int) -> None:
    if actual > rows:
        mismatch(f"it has more than {rows} rows")


def _refuse_unless_equal(actual: int, rows: int) -> None:
    if actual != rows:
        mismatch(f"it has {actual} rows, not {rows}")


def _ndjson_rows(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    entries = _ndjson_entries(file)
    while batch := list(islice(entries, _ROWS_AT_ONCE)):
        yield pa.RecordBatch.from_pylist(batch, schema=ROWS)


def _ndjson_entries(file: BinaryIO) -> Iterator[dict[str, object]]:
    count = 0
    for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES + 2), b""), start=1):
        text = line.removesuffix(b"\n")
        if not text.strip(BLANK):
            continue
        count += 1
        if count > MOST_NDJSON_ROWS:
            mismatch(f"it has over {MOST_NDJSON_ROWS} rows; write it as Parquet")
        try:
            entry = ManifestEntry.model_validate(read_json(text))
        except UnreadableError as error:
            mismatch(f"line {number} is {error.reason}: {error.message}")
        except ValidationError as error:
            mismatch(f"line {number}: {error.errors()[0]['msg']}")
        weight = scaled(entry.weight or "1", WEIGHT_DIGITS)
        yield {"image_id": entry.image_id, "weight_milli": weight}


def _parquet_rows(path: Path) -> Iterator[pa.RecordBatch]:
    with _open(path) as opened, duckdb.connect() as connection:
        connection.execute(sql.text("functions", "milli"))
        with _faults_of_the_file():
            schema = opened.schema_arrow
            batches = opened.iter_batches(_ROWS_AT_ONCE, columns=schema.names)
        weight_text = _weight_text(schema)
        while (batch := _next(batches)) is not None:
            images = _checked_images(batch["image_id"])
            weights = _milli(connection, batch, weight_text)
            rows = pa.RecordBatch.from_arrays([images, weights], schema=ROWS)
            _refuse_zero(rows)
            yield rows


def _checked_images(images: pa.Array) -> pa.Array:
    """Return images as text.

    Raises ManifestError where one isn't an identifier.
    """
    texts = images.cast(ROWS.field("image_id").type)
    is_one = pc.fill_null(pc.match_substring_regex(texts, _IMAGE), fill_value=False)
    place = pc.index(is_one, value=False).as_py()
    if place >= 0:
        mismatch(f"a row is invalid: its image_id is {texts[place].as_py()!r:.200}")
    return texts


def _milli(
    connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, weight_text: str
) -> pa.Array:
    """Return the weights of rows in thousandths; of equal ones one is read.

    Raises ManifestError where one breaks the grammar of an event's entries.
    """
    one = pa.scalar(1000, pa.int32())  # made here, since the first one imports pandas
    if "weight" not in batch.schema.names:
        return pa.repeat(one, len(batch))
    weights = batch["weight"].cast(_value_type(batch["weight"].type)).dictionary_encode()
    connection.register("given", pa.table({"weight": weights.dictionary}))
    query = f"SELECT weight AS given, {weight_text} AS weight FROM given"
    row = connection.execute(
        f"SELECT given FROM ({query}) WHERE NOT regexp_full_match(weight, $weight) LIMIT 1",
        {"weight": WEIGHT},
    ).fetchone()
    if row is not None:
        mismatch(f"a row is invalid: its weight is {row[0]!s:.200}")
    read = connection.execute(f"SELECT milli(weight) AS weight_milli FROM ({query})")
    milli = read.to_arrow_table().cast(pa.schema([ROWS.field("weight_milli")]))
    return pc.fill_null(milli["weight_milli"].combine_chunks().take(weights.indices), one)


def _refuse_zero(rows: pa.RecordBatch) -> None:
    """Raise ManifestError where a weight is 0, which the grammar alone allows."""
    place = pc.index(rows["weight_milli"], 0).as_py()
    if place >= 0:
        mismatch(f"a row is invalid: the weight of {rows['image_id'][place]} is 0")


_IMAGE = rf"\A(?:{IDENTIFIER})\z"
_DECIMAL_TEXT = (
    "regexp_replace(CASE WHEN contains(CAST(weight AS VARCHAR), '.')"
    " THEN rtrim(rtrim(CAST(weight AS VARCHAR), '0'), '.') ELSE CAST(weight AS VARCHAR) END,"
    " '^[.]', '0.')"
)
"""A DECIMAL, which may have any number of zeros at its end, as an event writes a weight.

DuckDB writes no 0 before the point where all of a DECIMAL's digits are after it.
"""


def _open(source: Path | BinaryIO) -> pq.ParquetFile:
    with _faults_of_the_file():
        return pq.ParquetFile(
            for_engine(source) if isinstance(source, Path) else source,
            buffer_size=_BLOCK_BYTES,
            pre_buffer=False,  # all that was read would stay in memory
        )


def _next(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    """Return the next batch as its pages have it, its text valid UTF-8; None after the last."""
    with _faults_of_the_file():
        batch = next(batches, None)
        if batch is not None:
            batch.validate(full=True)
        return batch


def _faults_of_the_file() -> AbstractContextManager[None]:
    return parquet.faults_of_the_file(partial(ManifestError, Reason.MANIFEST_MISMATCH))


def _weight_text(schema: pa.Schema) -> str:
    """Return the SQL of a weight as text.

    Raises ManifestError where the columns are others than a manifest's.
    """
    types = dict(zip(schema.names, map(_value_type, schema.types), strict=True))
    if set(types) not in _COLUMNS or len(schema) != len(types) or not _is_text(types["image_id"]):
        shown = {name: str(kind) for name, kind in zip(schema.names, schema.types, strict=True)}
        mismatch(f"its columns are {shown!r:.200}, not image_id, as text, and weight")
    weight = types.get("weight", pa.string())
    is_decimal = pa.types.is_decimal(weight) and not pa.types.is_decimal256(weight)
    if not _is_text(weight) and not is_decimal:
        mismatch(f"its weight is {weight!s:.200}; write text or DECIMAL of up to 38 digits")
    return "CAST(weight AS VARCHAR)" if _is_text(weight) else _DECIMAL_TEXT


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
