"""Compares the data files with the digests that their commits kept."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb

from pipelines.lake import cataloged, file_digests, reading, scratch, verifying, working_copy
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.column_ranges import ColumnRanges, FalseRange
from pipelines.lake.warehouse import DATA, Warehouse
from pipelines.verify.finding import Code, Coverage, Finding

ABANDONED_S: Final = 3_600.0
"""A file that no commit came to name for so long is nobody's who is still writing."""


SETTLES_S: Final = 20.0
"""So long a commit may take to name what it wrote."""


@dataclass(frozen=True)
class Unknown:
    """A data file that no snapshot names."""

    path: str
    unlogged: int
    """How many events it holds that the log lacks."""
    is_said: bool
    """Whether a commit kept its digest: it was taken out of the catalog since, or is of a commit
    that was killed beside that one."""

    @property
    def is_of_data(self) -> bool:
        """Whether it has a data file's name."""
        return file_digests.is_of_data(self.path)

    @property
    def stays(self) -> bool:
        """Whether it may hold what is nowhere else."""
        return self.unlogged > 0 or self.is_said or not self.is_of_data


@dataclass
class Files:
    """The data files of a warehouse, as its catalog and its folder have them."""

    warehouse: Warehouse
    connection: duckdb.DuckDBPyConnection
    coverage: Coverage
    unreadable: set[str]
    """Relations of which a file is missing or changed."""

    def has_lost(self, name: str) -> bool:
        """Return whether a file that a relation is read from is missing, or isn't as written."""
        for file, digests in self._said:
            if file.relation == name and file.is_read and not file.is_elsewhere:
                found = file_digests.digest(self.warehouse, file.path)
                if found is None or found not in (digests or {found}):
                    return True
        return False

    @cached_property
    def _said(self) -> list[tuple[cataloged.CatalogFile, set[str]]]:
        """The files that the catalog names, each with the digests that commits named for it."""
        # the files first: a commit that comes in between has its digests by then
        files = list(cataloged.catalog_files(self.connection, self.warehouse))
        said = cataloged.digests_said(self.connection, self.warehouse)
        return [(file, said.get(file.path, set())) for file in files]

    def faults(self) -> Iterator[Finding]:
        """Yield what isn't as the commits wrote it."""
        for number, changes in cataloged.foreign_commits(self.connection, self.warehouse):
            yield Finding(
                Code.UNSEALED_FILE,
                "commit",
                str(number),
                "a commit of manyhands",
                f"one of something else ({changes})",
            )
        for name in cataloged.rows_in_catalog(self.connection, self.warehouse):
            expected = "no rows in the catalog itself"
            yield Finding(Code.UNSEALED_FILE, "commit", verifying.shown(name), expected, "some")
        ranges = ColumnRanges(self.connection, self.warehouse)
        named = (
            self._said
        )  # read before the newest commit is, so that none of them is a later one's
        newest = cataloged.newest_snapshot(self.connection, self.warehouse)
        for file, digests in named:
            if file.begun > newest:  # nobody reads it
                path, expected = f"{DATA}/{file.path}", f"a file of a commit up to {newest}"
                found = f"one of {file.begun}"
                yield Finding(Code.UNSEALED_FILE, file.relation, path, expected, found)
            yield from self._fault(file, digests, ranges)
        for name, false in ranges.of_relations():
            yield _counts(name, "", false)

    def _fault(
        self, file: cataloged.CatalogFile, digests: set[str], ranges: ColumnRanges
    ) -> Iterator[Finding]:
        if file.is_elsewhere:
            expected = f"a file in {DATA}"
            ranges.less.add(file.relation)
            yield Finding(Code.UNSEALED_FILE, file.relation, file.path, expected, "one elsewhere")
            return
        path = f"{DATA}/{file.path}"
        found = file_digests.digest(self.warehouse, file.path)
        if found in digests:
            self.coverage.files += 1
            with scratch.temporary() as folder:
                copy = working_copy.here(self.warehouse, self.warehouse.data / file.path, folder)
                for false in ranges.of_file(file, copy):
                    yield _counts(file.relation, path, false)
            return
        ranges.less.add(file.relation)
        if found is None:
            self.unreadable.add(file.relation)
            yield Finding(Code.FILE_MISSING, file.relation, path, "the file", "none")
        elif not digests:
            yield Finding(
                Code.UNSEALED_FILE, file.relation, path, "a file of manyhands", f"SHA-256 {found}"
            )
        else:
            self.unreadable.add(file.relation)
            expected = " or ".join(sorted(digests))
            yield Finding(Code.FILE_CHANGED, file.relation, path, expected, found)

    def unknown_faults(self, began_at: float) -> Iterator[Finding]:
        """Yield files that no snapshot names, once a commit under way would have named them."""
        if any(self.unknown(began_at)):
            time.sleep(SETTLES_S)
            yield from map(unknown_finding, self.unknown(began_at))

    def unknown(self, began_at: float) -> Iterator[Unknown]:
        """Yield files that no snapshot names.

        A file that was made since a time is left out: its commit may be under way. So is one that
        a commit named meanwhile.
        """
        named = self._named(self.connection)
        found = file_digests.found_files(self.warehouse).items()
        older = [path for path, made_at in found if path not in named and made_at < began_at]
        if not older:
            return
        with reading.connect(self.warehouse, of_any_format=True) as anew:
            named = self._named(anew)
            there = file_digests.found_files(self.warehouse)
            said = cataloged.digests_said(anew, self.warehouse)
            for path in sorted(older):
                if path not in named and path in there:
                    yield Unknown(path, self._unlogged(anew, path), path in said)

    def _named(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        named = {file.path for file in cataloged.catalog_files(connection, self.warehouse)}
        return named | cataloged.forgotten_files(connection, self.warehouse)

    def _unlogged(self, connection: duckdb.DuckDBPyConnection, path: str) -> int:
        if Path(path).parent.name != "event" or not file_digests.is_of_data(path):
            return 0
        with scratch.temporary() as folder:
            copy = working_copy.here(self.warehouse, self.warehouse.data / path, folder)
            try:
                return verifying.unlogged(connection, copy)
            except duckdb.InterruptException:
                raise
            except duckdb.Error:  # a file that was cut off, or one of deleted rows
                return 0


def _counts(relation: str, path: str, false: FalseRange) -> Finding:
    """Return what is found of a catalog that says something else of columns than the files."""
    key = f"{path} {false.what}".lstrip()
    expected, found = verifying.shown(false.expected), verifying.shown(false.found)
    return Finding(Code.COUNTS, relation, key, expected, found)


def unknown_finding(unknown: Unknown) -> Finding:
    """Return what is found of a file that no snapshot names."""
    if not unknown.is_of_data:
        holds = "it has no data file's name"
    elif unknown.unlogged:
        holds = f"it holds {unknown.unlogged} events that the log lacks"
    else:
        holds = "it holds no event that the log lacks"
    named = ", and a commit kept its digest" if unknown.is_said else ""
    relation, name = Path(unknown.path).parent.name, f"{DATA}/{unknown.path}"
    expected = "a file that the catalog names"
    return Finding(Code.UNKNOWN_FILE, relation, name, expected, holds + named)


def remove_orphans(
    warehouse: Warehouse, before: datetime | None = None
) -> tuple[list[str], list[str]]:
    """Remove files that no snapshot names, under the lock of commits; return those, and the kept.

    One that holds events that the log lacks, whose digest a commit kept, or that has no data file's
    name stays, as does one that wasn't made `before` an instant (an hour ago, where none is given).
    """
    until = before.timestamp() if before else time.time() - ABANDONED_S
    removed, kept = [], []
    with catalog_of(warehouse).committing(warehouse), reading.connect(warehouse) as connection:
        files = Files(warehouse, connection, Coverage(), set())
        for one in files.unknown(until):
            if one.stays:
                kept.append(one.path)
            else:
                file_digests.remove(warehouse, one.path)
                removed.append(one.path)
    return removed, kept
