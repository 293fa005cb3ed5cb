"""Compares the data files with the digests that their commits kept."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
        said = cataloged.digests_said(self.connection, self.warehouse)
        for file in cataloged.catalog_files(self.connection, self.warehouse):
            if file.relation == name and file.is_read and not file.is_elsewhere:
                found = file_digests.digest(self.warehouse, file.path)
                if found is None or found not in said.get(file.path, {found}):
                    return True
        return False

    def faults(self) -> Iterator[Finding]:
        """Yield what isn't as the commits wrote it."""
        # the files first: a commit that comes in between has its digests by then
        named = list(cataloged.catalog_files(self.connection, self.warehouse))
        said = cataloged.digests_said(self.connection, self.warehouse)
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
        for file in named:
            yield from self._fault(file, said.get(file.path, set()), ranges)
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
            yield from (unknown_finding(*one) for one in self.unknown(began_at))

    def unknown(self, began_at: float) -> Iterator[tuple[str, int]]:
        """Yield files that no snapshot names, and how many events they hold that the log lacks.

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
            for path in sorted(older):
                if path not in named and path in there:
                    yield path, self._unlogged(anew, path)

    def _named(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        named = {file.path for file in cataloged.catalog_files(connection, self.warehouse)}
        return named | cataloged.forgotten_files(connection, self.warehouse)

    def _unlogged(self, connection: duckdb.DuckDBPyConnection, path: str) -> int:
        if not path.startswith("main/event/") or not path.endswith(file_digests.ENDING):
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


def unknown_finding(path: str, events: int) -> Finding:
    """Return what is found of a file that no snapshot names."""
    holds = f"it holds {events} events that the log lacks" if events else "it holds nothing new"
    relation = Path(path).parent.name
    name = f"{DATA}/{path}"
    return Finding(Code.UNKNOWN_FILE, relation, name, "a file that the catalog names", holds)


def remove_orphans(
    warehouse: Warehouse, before: datetime | None = None
) -> tuple[list[str], list[str]]:
    """Remove files that no snapshot names, under the lock of commits; return those, and the kept.

    One that holds events that the log lacks is kept, as is one that wasn't made `before` an instant
    (an hour ago, where none is given).
    """
    until = before.timestamp() if before else time.time() - ABANDONED_S
    removed, kept = [], []
    with catalog_of(warehouse).committing(warehouse), reading.connect(warehouse) as connection:
        files = Files(warehouse, connection, Coverage(), set())
        for path, events in files.unknown(until):
            if events:
                kept.append(path)
            else:
                file_digests.remove(warehouse, path)
                removed.append(path)
    return removed, kept
