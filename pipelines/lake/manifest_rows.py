"""Reads the rows of a manifest's file and checks each (SPEC §3.3).

Parquet is read by pyarrow, which takes rows from the pages alone. DuckDB believes what a footer
says of its columns: where that claims that all weights are null it makes all of them 1, and where
it names a false minimum it drops rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, NoReturn

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipelines.lake import sql
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


def refuse_other_count(path: Path, rows: int) -> None:
    """Raise ManifestError where a Parquet file's footer names another number of rows.

    That costs nothing; a footer that agrees decides nothing.
    """
    with path.open("rb") as file:
        if file.read(len(_PARQUET_MAGIC)) != _PARQUET_MAGIC:
            return
    with _open(path) as parquet:
        _refuse_unless_equal(parquet.metadata.num_rows, rows)


def checked_rows(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a manifest's file as batches of ROWS, each row checked.

    Reading stops at the first row beyond `rows`.

    Raises ManifestError where the file can't be read, a row is invalid, or there are other than
    `rows`; whether an image is listed twice isn't looked at.
    """
    with path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
        file.seek(0)
        count = 0
        for batch in _parquet_rows(path) if is_parquet else _ndjson_rows(file):
            count += len(batch)
            if count > rows:
                mismatch(f"it has more than {rows} rows")
            yield batch
    _refuse_unless_equal(count, rows)


def _refuse_unless_equal(actual: int, rows: int) -> None:
    if actual != rows:
        mismatch(f"it has {actual} rows, not {rows}")


def _ndjson_rows(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    entries = _ndjson_entries(file)
    while batch := list(islice(entries, _ROWS_AT_ONCE)):
        yield pa.RecordBatch.from_pylist(batch, schema=ROWS)


def _ndjson_entries(file: IO[bytes]) -> Iterator[dict[str, object]]:
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
    with _open(path) as parquet, duckdb.connect() as connection:
        connection.execute(sql.text("functions", "milli"))
        with _faults_of_the_file():
            schema = parquet.schema_arrow
            batches = parquet.iter_batches(_ROWS_AT_ONCE, columns=schema.names)
        text, grammar = _weight_text(schema)
        while (batch := _next(batches)) is not None:
            connection.register("given", batch)
            given = f"(SELECT image_id, {text} AS weight FROM given)"
            row = connection.execute(_INVALID.format(given=given, grammar=grammar)).fetchone()
            if row is not None:
                mismatch(f"a row is invalid: {row!r:.200}")
            rows = connection.execute(f"SELECT image_id, {_WEIGHT_MILLI} FROM {given}")
            yield from rows.to_arrow_table().cast(ROWS).to_batches()


_WEIGHT_MILLI = "milli(coalesce(weight, '1')) AS weight_milli"
_INVALID = (
    "SELECT image_id, weight FROM {given} WHERE NOT coalesce("
    f"regexp_full_match(image_id, '{IDENTIFIER.replace('{', '{{').replace('}', '}}')}')"
    " AND (weight IS NULL OR (regexp_full_match(weight, '{grammar}')"
    " AND TRY_CAST(weight AS DECIMAL(7, 3)) BETWEEN 0.001 AND 1000)), false) LIMIT 1"
)
"""A weight is checked by its text, as a DECIMAL may be too wide to compare with anything."""

_DECIMAL_GRAMMAR = "(0?|[1-9][0-9]{0,3})([.][0-9]{1,3}0*)?"
"""What DuckDB writes of a DECIMAL has no 0 before the point where all its digits are after it."""


def _open(path: Path) -> pq.ParquetFile:
    with _faults_of_the_file():
        return pq.ParquetFile(path)


def _next(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    """Return the next batch as its pages have it, its text valid UTF-8; None after the last."""
    with _faults_of_the_file():
        batch = next(batches, None)
        if batch is not None:
            batch.validate(full=True)
        return batch


@contextmanager
def _faults_of_the_file() -> Iterator[None]:
    """Make a mismatch of whatever pyarrow says of a file; what the disk says stays an OSError."""
    try:
        yield
    except _WHAT_A_FILE_RAISES as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        first = str(error).split("\n", 1)[0]
        mismatch(f"it can't be read as Parquet: {first:.200}")


_WHAT_A_FILE_RAISES = (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError)


def _weight_text(schema: pa.Schema) -> tuple[str, str]:
    """Return the SQL of a weight as text, and the grammar that it has to fit.

    Raises ManifestError where the columns are others than a manifest's.
    """
    types = dict(zip(schema.names, map(_value_type, schema.types), strict=True))
    if set(types) not in _COLUMNS or len(schema) != len(types) or not _is_text(types["image_id"]):
        shown = {name: str(kind) for name, kind in zip(schema.names, schema.types, strict=True)}
        mismatch(f"its columns are {shown!r:.200}, not image_id, as text, and weight")
    weight = types.get("weight")
    if weight is None:
        return "CAST(NULL AS VARCHAR)", WEIGHT
    if not _is_text(weight) and not pa.types.is_decimal(weight):
        mismatch(f"its weight is {weight!s:.200}; write text or DECIMAL")
    return "CAST(weight AS VARCHAR)", WEIGHT if _is_text(weight) else _DECIMAL_GRAMMAR


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
