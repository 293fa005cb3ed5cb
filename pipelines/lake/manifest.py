"""Copies and checks manifests that aren't inline, once per SHA-256 (SPEC §3.3).

`data/manifests/<sha256>` is the file as it was, `<sha256>.parquet` its rows, written only after
they were checked.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, NoReturn

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipelines.lake import parquet, sql
from pipelines.lake.disk import sync_file
from pipelines.lake.engine import bounded
from pipelines.lake.rights import follow, make_folder
from pipelines.lake.warehouse import DATA
from schemas.decimals import scaled
from schemas.json_text import BLANK, MAX_BYTES, UnreadableError, read_json
from schemas.parts import ManifestEntry
from schemas.rejection import Reason
from schemas.scalars import IDENTIFIER, WEIGHT

FOLDER = "manifests"
MOST_NDJSON_ROWS = 1_000_000
WEIGHT_DIGITS = 3
_ROWS_AT_ONCE = 50_000
_PARQUET_MAGIC = b"PAR1"
_SCHEMA = pa.schema([("image_id", pa.string()), ("weight_milli", pa.int32())])
_TEXT_TYPE = "VARCHAR"
_COLUMNS = ({"image_id"}, {"image_id", "weight"})


class ManifestError(Exception):
    """A manifest that can't be used: `reason` is manifest_unavailable or manifest_mismatch."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Manifests:
    """Where manifests are looked for, and where their copies are kept."""

    warehouse: Path
    roots: tuple[Path, ...]

    def rows_path(self, sha256: str) -> Path:
        """Give where the checked rows of a manifest are."""
        return self.warehouse / DATA / FOLDER / f"{sha256}.parquet"

    def fetch(self, uri: str, sha256: str, rows: int) -> None:
        """Copy, hash and check a manifest, unless its copy is there.

        Raises ManifestError.
        """
        _refuse_elsewhere(uri)
        kept = self.rows_path(sha256)
        if not kept.exists():
            self._copy(_find(uri, self.roots), sha256)
        actual = pq.read_metadata(kept).num_rows
        if actual != rows:
            _mismatch(f"{uri} has {actual} rows, not {rows}")

    def _copy(self, path: Path, sha256: str) -> None:
        folder = self.warehouse / DATA / FOLDER
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as made:
            copy, checked = Path(made) / "copy", Path(made) / "rows"
            actual = _copy_and_hash(path, copy)
            if actual != sha256:
                _mismatch(f"its SHA-256 is {actual}, not {sha256}")
            _write_rows(copy, checked)
            for part, name in ((copy, sha256), (checked, f"{sha256}.parquet")):
                follow(part, folder)
                sync_file(part)
                part.rename(folder / name)
            sync_file(folder)


def _unavailable(message: str) -> NoReturn:
    raise ManifestError(Reason.MANIFEST_UNAVAILABLE, message)


def _mismatch(message: str) -> NoReturn:
    raise ManifestError(Reason.MANIFEST_MISMATCH, message)


def _refuse_elsewhere(uri: str) -> None:
    if not uri or "\0" in uri or "://" in uri or uri.startswith("/") or ".." in uri.split("/"):
        message = "should be a path relative to a local manifest root, without `..`"
        _unavailable(message)


def _find(uri: str, roots: Sequence[Path]) -> Path:
    for root in roots:
        try:
            path = (root / uri).resolve()
            if path.is_relative_to(root.resolve()) and path.is_file():
                return path
        except (OSError, RuntimeError):  # too long a name, a loop of symbolic links
            continue
    _unavailable(f"{uri} is under none of the {len(roots)} manifest roots")


def _copy_and_hash(path: Path, copy: Path) -> str:
    try:
        source = path.open("rb")
    except OSError as error:
        _unavailable(f"it can't be read: {error.strerror}")
    with source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, MAX_BYTES)
    with copy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_rows(copy: Path, checked: Path) -> None:
    with (
        copy.open("rb") as file,
        tempfile.TemporaryDirectory(prefix="manyhands-") as spill,
        duckdb.connect(config=bounded(spill)) as connection,
    ):
        connection.execute(sql.text("functions", "milli"))
        if file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC:
            _checked_parquet(connection, copy).write_parquet(str(checked))
        else:
            file.seek(0)
            _write_ndjson_rows(file, checked)
        _check_distinct(connection, checked)


def _write_ndjson_rows(file: IO[bytes], checked: Path) -> None:
    entries = _ndjson_entries(file)
    with pq.ParquetWriter(checked, _SCHEMA) as writer:
        while batch := list(islice(entries, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(batch, schema=_SCHEMA))


def _ndjson_entries(file: IO[bytes]) -> Iterator[dict[str, object]]:
    count = 0
    for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES + 2), b""), start=1):
        text = line.removesuffix(b"\n")
        if not text.strip(BLANK):
            continue
        count += 1
        if count > MOST_NDJSON_ROWS:
            _mismatch(f"it has over {MOST_NDJSON_ROWS} rows; write it as Parquet")
        try:
            entry = ManifestEntry.model_validate(read_json(text))
        except UnreadableError as error:
            _mismatch(f"line {number} is {error.reason}: {error.message}")
        except ValidationError as error:
            _mismatch(f"line {number}: {error.errors()[0]['msg']}")
        weight = scaled(entry.weight or "1", WEIGHT_DIGITS)
        yield {"image_id": entry.image_id, "weight_milli": weight}


def _checked_parquet(connection: duckdb.DuckDBPyConnection, copy: Path) -> duckdb.DuckDBPyRelation:
    """Give the rows of a Parquet file, all of which were read once and are valid.

    Here nothing is written, so that whatever fails is the file's fault, not that of a full disk.
    """
    try:
        given = _given_columns(connection.sql(parquet.select(copy, "*")))
        weight = str(given.types[1])
        invalid = given.filter(f"NOT coalesce({_VALID_ID} AND {_valid_weight(weight)}, false)")
        row = invalid.limit(1).fetchone()
    except (duckdb.Error, UnicodeDecodeError) as error:
        first = str(error).split("\n", 1)[0].replace(str(copy), "it")
        _mismatch(f"it can't be read as Parquet: {first}")
    if row is not None:
        _mismatch(f"a row is invalid: {row!r:.200}")
    return given.project("image_id, milli(coalesce(CAST(weight AS VARCHAR), '1')) AS weight_milli")


def _given_columns(source: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    types = {name: str(kind) for name, kind in zip(source.columns, source.types, strict=True)}
    if set(types) not in _COLUMNS or types["image_id"] != _TEXT_TYPE:
        _mismatch(f"its columns are {types!r:.200}, not image_id VARCHAR and weight")
    if "weight" not in types:
        return source.project("image_id, CAST(NULL AS VARCHAR) AS weight")
    weight = types["weight"]
    if weight != _TEXT_TYPE and not weight.startswith("DECIMAL("):
        _mismatch(f"its weight is {weight:.200}; write text or DECIMAL")
    return source.project("image_id, weight")


_VALID_ID = f"regexp_full_match(image_id, '{IDENTIFIER}')"
_DECIMAL_GRAMMAR = "(0?|[1-9][0-9]{0,3})([.][0-9]{1,3}0*)?"
"""What DuckDB writes of a DECIMAL has no 0 before the point where all its digits are after it."""


def _valid_weight(kind: str) -> str:
    """Check a weight by its text, as a DECIMAL may be too wide to compare with anything."""
    grammar = WEIGHT if kind == _TEXT_TYPE else _DECIMAL_GRAMMAR
    text = "CAST(weight AS VARCHAR)"
    return (
        f"(weight IS NULL OR (regexp_full_match({text}, '{grammar}')"
        f" AND TRY_CAST({text} AS DECIMAL(7, 3)) BETWEEN 0.001 AND 1000))"
    )


def _check_distinct(connection: duckdb.DuckDBPyConnection, checked: Path) -> None:
    repeated = (
        connection.sql(parquet.select(checked, "image_id"))
        .aggregate("image_id, count(*) AS n", "image_id")
        .filter("n > 1")
        .limit(1)
        .fetchone()
    )
    if repeated is not None:
        _mismatch(f"image {repeated[0]} stands twice")
