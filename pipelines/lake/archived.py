"""Reads an archive of a log: every file is checked before anything of it is believed.

Rows are read by pyarrow, which takes them from the pages alone; DuckDB believes what a footer says.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipelines.errors import ManyhandsError, NotFoundError
from pipelines.lake import archive, engine, parquet, rebuilding
from pipelines.lake.archiving import archived_closes
from pipelines.lake.connection import stored_relations
from pipelines.lake.creation import create_table
from pipelines.lake.rebuilding import Logged
from pipelines.lake.setting import FORMAT
from schemas.archive import ArchivedFile, ArchivedPart, ArchiveIndex

_MOST_BYTES: Final = 256 << 20
"""More than an index has."""

_AT_ONCE: Final = 256

_NEEDED: Final = Logged.__dataclass_fields__.keys() - {"attributes", "batch_id"}


@dataclass(frozen=True)
class Archived:
    """The log of an archive whose files were all checked."""

    folder: Path
    index: ArchiveIndex
    connection: duckdb.DuckDBPyConnection
    """Has in `warehouse` what the archive holds beside the log."""

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return "the archive"

    def events(self) -> Iterator[Logged]:
        """Yield the log's events in their order.

        Raises ManyhandsError where a file isn't as it was written, or hasn't the range it is of.
        """
        for part in _parts_of(self.index, archive.LOG):
            seq = part.first
            for batch in _rows(self.folder, part):
                with parquet.faults_of_the_file(partial(_damaged, self.folder / part.name)):
                    rows = batch.to_pylist()
                for row in rows:
                    if row["seq"] != seq or None in (row[name] for name in _NEEDED):
                        fault = f"event {seq} isn't in its place, or not whole"
                        raise _damaged(self.folder / part.name, fault)
                    seq += 1
                    yield Logged(**row)

    def place(self, seq: int) -> str:
        """Return what an event is in, for messages."""
        parts = _parts_of(self.index, archive.LOG)
        name = next(part.name for part in parts if part.first <= seq <= part.last)
        return f"the log in {self.folder / name}"

    def rows(self, name: str) -> int:
        """Return how many rows a relation had."""
        return self.index.made_again.get(name, 0)

    def manifest(self, sha256: str, made: Path) -> Path | None:  # noqa: ARG002  nothing is fetched
        """Return the copy of a manifest's file; None where the archive has none."""
        return self._file(archive.manifest_name(sha256))

    def verdict(self, period: str, made: Path) -> Path | None:  # noqa: ARG002  nothing is fetched
        """Return what the gate said of a period's close; None where the archive hasn't that."""
        return self._file(archive.verdict_name(period))

    def _file(self, name: str) -> Path | None:
        for file in self.index.files:
            if file.name == name:
                with _checked(self.folder, file) as opened:
                    return Path(opened.name)
        return None


@contextmanager
def opened(folder: Path, memory_bytes: int) -> Iterator[Archived]:
    """Check an archive, and yield what a log is replayed from.

    Raises NotFoundError where there is none, ManyhandsError where a file is missing, was changed or
    added, or where what it holds doesn't fit together.
    """
    folder = folder.absolute()
    index = _index(folder)
    _refuse_other_files(folder, index)
    for file in (*index.parts, *index.files):
        with _checked(folder, file):
            """It is as it was written."""
    with _faults_of_what_it_holds(folder), engine.connect(memory_bytes) as connection:
        _fill(connection, folder, index)
        if archived_closes(connection) != index.closes:
            raise _damaged(folder / archive.INDEX, "its closes aren't those of period_close")
        yield Archived(folder, index, connection)


@contextmanager
def _faults_of_what_it_holds(folder: Path) -> Iterator[None]:
    """Raise ManyhandsError for whatever reading rows that nobody of ours wrote can end in."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, *rebuilding.UNEXPECTED) as error:
        raise _damaged(folder, f"it holds what no export writes ({error})") from error


def _index(folder: Path) -> ArchiveIndex:
    path = folder / archive.INDEX
    if not path.is_file():
        message = f"{path}: no such file; `manyhands log export --out DIR` writes an archive"
        raise NotFoundError(message)
    with path.open("rb") as file:
        text = file.read(_MOST_BYTES)
    try:
        index = ArchiveIndex.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _damaged(path, f"it is no index of an archive ({place}: {first['msg']})") from error
    if index.format != FORMAT:
        message = (
            f"{path}: the archive is of a warehouse of format {index.format}, and this manyhands"
            f" reads {FORMAT}; import it with the manyhands that wrote it, and bring the warehouse"
            " to a later format with `manyhands migrate`"
        )
        raise ManyhandsError(message)
    if archive.index_sha256(index) != index.index_sha256:
        raise _damaged(path, "it was changed since it was written")
    _refuse_ranges(path, index)
    return index


def _refuse_ranges(path: Path, index: ArchiveIndex) -> None:
    """Refuse parts that aren't a relation's rows from the first on, each once."""
    last: defaultdict[str, int] = defaultdict(int)
    for part in index.parts:
        follows = (part.first, part.name) == (
            last[part.relation] + 1,
            archive.part_name(part.relation, part.first),
        )
        if not follows or part.relation not in archive.RELATIONS:
            raise _damaged(path, f"{part.name} doesn't go on where the file before it ends")
        if part.rows != part.last - part.first + 1:
            raise _damaged(path, f"{part.name} has other rows than its range")
        last[part.relation] = part.last
    if last[archive.LOG] != index.head:
        raise _damaged(path, f"the log ends at {last[archive.LOG]}, not at {index.head}")


def _refuse_other_files(folder: Path, index: ArchiveIndex) -> None:
    named = {archive.INDEX, *(file.name for file in (*index.parts, *index.files))}
    found = {path.name for path in folder.iterdir()}
    for names, fault in ((named - found, "isn't there"), (found - named, "isn't in the index")):
        if names:
            message = f"{folder}: {min(names)} {fault}; take a whole copy of the archive"
            raise ManyhandsError(message)


@contextmanager
def _checked(folder: Path, file: ArchivedFile) -> Iterator[BufferedReader]:
    """Open a file of an archive whose bytes are those that were written; it is at its beginning."""
    path = folder / file.name
    if not path.is_file() or path.stat().st_size != file.bytes:
        raise _damaged(path, f"it is no file of {file.bytes} bytes any more")
    with path.open("rb") as opened:
        if archive.sha256_of(opened) != file.sha256:
            raise _damaged(path, "it was changed since it was written")
        opened.seek(0)
        yield opened


def _rows(folder: Path, part: ArchivedPart) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, as its pages have them."""
    path, schema, count = folder / part.name, archive.columns_of(part.relation), 0
    with (
        _checked(folder, part) as file,
        parquet.faults_of_the_file(partial(_damaged, path)),
        pq.ParquetFile(file) as opened,
    ):
        if opened.schema_arrow != schema:
            raise _damaged(path, f"its columns are not those of {part.relation}")
        for batch in opened.iter_batches(_AT_ONCE):
            batch.validate(full=True)
            count += len(batch)
            if count > part.rows:
                raise _damaged(path, f"it has more than {part.rows} rows")
            yield batch
    if count != part.rows:
        raise _damaged(path, f"it has {count} rows, not {part.rows}")


def _fill(connection: duckdb.DuckDBPyConnection, folder: Path, index: ArchiveIndex) -> None:
    """Make `warehouse`, in memory, of what the archive holds beside the log."""
    connection.execute("ATTACH ':memory:' AS warehouse")
    for relation in stored_relations():
        if relation.name in {*archive.RELATIONS, "head", "setting"} - {archive.LOG}:
            create_table(connection, relation)
    for name in archive.RELATIONS:
        if name != archive.LOG:
            for part in _parts_of(index, name):
                rebuilding.insert(connection, name, _rows(folder, part))
    connection.execute("INSERT INTO warehouse.head VALUES (?)", [index.head])
    made = index.setting
    given = [index.format, made.cadence, made.grace_days, made.first_period]
    connection.execute("INSERT INTO warehouse.setting VALUES (?, ?, ?, ?)", given)


def _parts_of(index: ArchiveIndex, name: str) -> Iterator[ArchivedPart]:
    return (part for part in index.parts if part.relation == name)


def _damaged(path: Path, fault: str) -> ManyhandsError:
    return ManyhandsError(f"{path}: {fault}; take a whole copy of the archive, or export it again")
