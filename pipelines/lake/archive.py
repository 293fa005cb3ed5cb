"""An archive of a log: a folder of Parquet files, and an index with the SHA-256 of each.

This is what writing and reading one have in common: which relations it holds, what its files are
called, and its index.
"""

import hashlib
from io import BufferedReader
from typing import Final

import pyarrow as pa

from pipelines.lake import arrow, sql
from pipelines.lake.rebuilding import CARRIED, STATED
from schemas.archive import ArchiveIndex
from schemas.canonical import canonical_json, content_sha256

INDEX: Final = "index.json"

LOG: Final = "event"
RELATIONS: Final = (LOG, *CARRIED, *STATED)
"""Those whose rows are in an archive."""


def part_name(relation: str, first: int) -> str:
    """Return the name of the file whose first row has that number."""
    return f"{relation}-{first:012}.parquet"


def manifest_name(sha256: str) -> str:
    """Return the name of the copy of a manifest."""
    return f"manifest-{sha256}"


def verdict_name(period: str) -> str:
    """Return the name of what the gate said of a period's close."""
    return f"verdict-{period}.json"


def sha256_of(file: BufferedReader) -> str:
    """Return the SHA-256 of an open file's bytes; it is at its end then."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def index_sha256(index: ArchiveIndex) -> str:
    """Return what `index_sha256` of an index has to be."""
    return content_sha256(canonical_json(index.model_dump(exclude={"index_sha256"})))


def columns_of(name: str) -> pa.Schema:
    """Return the columns of a relation's files."""
    return arrow.schema("log" if name in sql.names("log") else "results", name)
