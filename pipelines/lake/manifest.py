"""Copies and checks manifests that aren't inline, once per SHA-256 (SPEC §3.3).

`data/manifests/<sha256>` is the file as it was, `<sha256>.parquet` its rows, written only after
they were checked.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import duckdb
import pyarrow.parquet as pq

from pipelines.lake import parquet
from pipelines.lake.disk import sync_file
from pipelines.lake.engine import bounded
from pipelines.lake.manifest_rows import (
    ROWS,
    ManifestError,
    checked_rows,
    mismatch,
    refuse_other_count,
)
from pipelines.lake.rights import follow, make_folder
from pipelines.lake.warehouse import DATA
from schemas.rejection import Reason

FOLDER = "manifests"
_BLOCK_BYTES = 1 << 20


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
            self._copy(_find(uri, self.roots), sha256, rows)
        actual = pq.read_metadata(kept).num_rows
        if actual != rows:
            mismatch(f"{uri} has {actual} rows, not {rows}")

    def _copy(self, path: Path, sha256: str, rows: int) -> None:
        folder = self.warehouse / DATA / FOLDER
        _refuse_other_count(path, rows)
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as made:
            copy, checked = Path(made) / "copy", Path(made) / "rows"
            actual = _copy_and_hash(path, copy)
            if actual != sha256:
                mismatch(f"its SHA-256 is {actual}, not {sha256}")
            _write_rows(copy, checked, rows)
            for part, name in ((copy, sha256), (checked, f"{sha256}.parquet")):
                follow(part, folder)
                sync_file(part)
                part.rename(folder / name)
            sync_file(folder)


def _unavailable(message: str) -> NoReturn:
    raise ManifestError(Reason.MANIFEST_UNAVAILABLE, message)


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


def _refuse_other_count(path: Path, rows: int) -> None:
    try:
        refuse_other_count(path, rows)
    except OSError as error:
        _unavailable(f"it can't be read: {error.strerror}")


def _copy_and_hash(path: Path, copy: Path) -> str:
    try:
        source = path.open("rb")
    except OSError as error:
        _unavailable(f"it can't be read: {error.strerror}")
    with source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, _BLOCK_BYTES)
    with copy.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_rows(copy: Path, checked: Path, rows: int) -> None:
    with pq.ParquetWriter(checked, ROWS) as writer:
        for batch in checked_rows(copy, rows):
            writer.write_batch(batch)
    _check_distinct(checked)


def _check_distinct(checked: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="manyhands-") as spill,
        duckdb.connect(config=bounded(spill)) as connection,
    ):
        repeated = (
            connection.sql(parquet.select(checked, "image_id"))
            .aggregate("image_id, count(*) AS n", "image_id")
            .filter("n > 1")
            .limit(1)
            .fetchone()
        )
    if repeated is not None:
        mismatch(f"image {repeated[0]} is listed twice")
