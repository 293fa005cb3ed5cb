"""Writes the log of a warehouse, and what goes with it, as an archive: whole or not at all."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import ManyhandsError
from pipelines.lake import archive, closes, log, rebuilding, scratch
from pipelines.lake.disk import filled, sha256_of
from pipelines.lake.paths import for_engine
from pipelines.lake.rebuilding import Stored
from pipelines.lake.setting import FORMAT, setting
from schemas.archive import (
    FILE_NAME,
    ArchivedClose,
    ArchivedFile,
    ArchivedPart,
    ArchivedSetting,
    ArchiveIndex,
)

PART_BYTES: Final = 64 << 20
"""A file is full once its rows take so many bytes in memory; compressed it is smaller."""

GROUP_BYTES: Final = 8 << 20
"""And a group of rows, which are compressed together, with so many."""

_AT_ONCE: Final = 256
_EMPTY: Final = "0" * 64


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    index: ArchiveIndex

    @property
    def size(self) -> int:
        """Bytes of all files beside the index."""
        return sum(one.bytes for one in (*self.index.parts, *self.index.files))


def export(source: Stored, out: Path, report: Callable[[str], None]) -> Exported:
    """Write an archive into the folder `out`, which isn't there or is empty.

    Raises ManyhandsError where the log has a gap, or the copy of a manifest isn't what it was.
    """
    with filled(out) as folder:
        parts = [
            part for name in archive.RELATIONS for part in _parts(source, name, folder, report)
        ]
        report("copying manifests and verdicts")
        index = _index(source.connection, parts, list(_copies(source, folder)))
        (folder / archive.INDEX).write_text(
            index.model_dump_json(indent=1) + "\n", encoding="utf-8"
        )
    return Exported(out, index)


def _index(
    connection: duckdb.DuckDBPyConnection, parts: list[ArchivedPart], files: list[ArchivedFile]
) -> ArchiveIndex:
    made = setting(connection)
    index = ArchiveIndex(
        format=FORMAT,
        head=log.head(connection),
        setting=ArchivedSetting(
            cadence=made.cadence.value,
            grace_days=made.grace_days,
            first_period=made.first_period or None,
        ),
        closes=archived_closes(connection),
        made_again={
            name: rebuilding.count_rows(connection, name) for name in rebuilding.made_again()
        },
        parts=parts,
        files=files,
        index_sha256=_EMPTY,
    )
    return index.model_copy(update={"index_sha256": archive.index_sha256(index)})


def archived_closes(connection: duckdb.DuckDBPyConnection) -> list[ArchivedClose]:
    """Return the closes of a warehouse as an index has them."""
    return [
        ArchivedClose(
            period=close.period,
            log_seq=close.log_seq,
            digest=close.digest,
            log_digest=close.log_digest,
        )
        for close in closes.all_closes(connection)
    ]


def _parts(
    source: Stored, name: str, folder: Path, report: Callable[[str], None]
) -> Iterator[ArchivedPart]:
    """Write a relation as files of bounded size, and yield what each is."""
    groups = _groups(_batches(source.connection, name))
    first, group = 1, next(groups, None)
    while group is not None:
        path = folder / archive.part_name(name, first)
        last, size = first - 1, 0
        with pq.ParquetWriter(for_engine(path), group.schema, compression="zstd") as writer:
            while group is not None and size < PART_BYTES:
                writer.write_table(group, row_group_size=len(group))
                last, size = last + len(group), size + group.nbytes
                group = next(groups, None)
        if name == archive.LOG:
            report(f"wrote the log up to event {last}")
        yield ArchivedPart(
            name=path.name,
            relation=name,
            first=first,
            last=last,
            rows=last - first + 1,
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )
        first = last + 1


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield batches as tables of bounded size."""
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += batch.nbytes
        if size >= GROUP_BYTES:
            yield pa.Table.from_batches(group)
            group, size = [], 0
    if group:
        yield pa.Table.from_batches(group)


def _batches(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[pa.RecordBatch]:
    """Yield a relation's rows in an order that is the same every time, none of the batches empty.

    Raises ManyhandsError where those of the log don't have the positions from 1 to its head.
    """
    schema = archive.columns_of(name)
    by = "seq" if name == archive.LOG else "ALL"
    query = f"SELECT {', '.join(schema.names)} FROM warehouse.{name} ORDER BY {by}"
    count = 0
    with connection.cursor() as cursor:
        for found in cursor.execute(query).to_arrow_reader(_AT_ONCE):
            batch = pa.record_batch(found.cast(schema).columns, schema=schema)
            if name == archive.LOG:
                _refuse_gap(batch, count)
            count += len(batch)
            if len(batch):
                yield batch
    if name == archive.LOG and count != (head := log.head(connection)):
        message = f"the log has {count} events, and its head is {head}; restore a backup"
        raise ManyhandsError(message)


def _refuse_gap(batch: pa.RecordBatch, before: int) -> None:
    expected = pa.array(range(before + 1, before + 1 + len(batch)), pa.int64())
    if not batch["seq"].equals(expected):
        place = pc.index(pc.equal(batch["seq"], expected), value=False).as_py()
        message = f"the log has no event {before + 1 + place}, or has it twice; restore a backup"
        raise ManyhandsError(message)


def _copies(source: Stored, folder: Path) -> Iterator[ArchivedFile]:
    """Copy manifests and verdicts, and yield what each copy is.

    Raises ManyhandsError where a manifest that the log names isn't kept, or isn't what it was.
    """
    for sha256 in rebuilding.kept_manifests(source.connection):
        copied = _copied(partial(source.manifest, sha256), folder, archive.manifest_name(sha256))
        if copied is None:
            message = f"the copy of the manifest {sha256} isn't in {source.what}; restore a backup"
            raise ManyhandsError(message)
        if copied.sha256 != sha256:
            message = (
                f"the copy of the manifest {sha256} isn't what it was: its SHA-256 is"
                f" {copied.sha256}; restore it from a backup"
            )
            raise ManyhandsError(message)
        yield copied
    for close in closes.all_closes(source.connection):
        name = archive.verdict_name(close.period)
        copied = _copied(partial(source.verdict, close.period), folder, name)
        if copied is not None:
            yield copied


def _copied(find: Callable[[Path], Path | None], folder: Path, name: str) -> ArchivedFile | None:
    """Copy what the warehouse keeps; None where there is nothing."""
    if not re.fullmatch(FILE_NAME, name):  # whatever somebody wrote into the warehouse
        message = f"{name!r:.200} can't be the name of a file; restore a backup of the warehouse"
        raise ManyhandsError(message)
    with scratch.temporary() as made:
        kept = find(made)
        if kept is None:
            return None
        path = folder / name
        shutil.copyfile(kept, path)
    return ArchivedFile(name=name, bytes=path.stat().st_size, sha256=sha256_of(path))
