"""Compares what a catalog says of its columns' values with the data files.

By the least and the greatest value of a column queries leave out files, and whole relations: where
they aren't true, rows are left out that are there. Bytes, and what is within a list or a record,
aren't looked at: no query of ours looks for a row by them.
"""

import operator
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.lake import parquet, sql
from pipelines.lake.cataloged import CatalogFile
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.connection import stored_relations
from pipelines.lake.warehouse import Warehouse

LONGEST_BYTES: Final = 256
"""Of longer texts the catalog says a beginning."""

_RELATIONS: Final[Mapping[str, sql.Relation]] = {one.name: one for one in stored_relations()}


@dataclass(frozen=True)
class Range:
    """What values a column has; None is no value, or what a catalog doesn't say."""

    least: Any
    """As text where a catalog says something that is no value of the column's type."""
    greatest: Any
    nulls: int | None
    """How many rows have none; as a catalog says it of a relation: 0, or that there may be some."""
    values: int | None
    """How many rows have one."""


@dataclass(frozen=True)
class FalseRange:
    """What a catalog says of a column, or of rows, and isn't so."""

    what: str
    expected: object
    found: object


@dataclass
class ColumnRanges:
    """The ranges of all columns, as the files that were looked at have them."""

    connection: duckdb.DuckDBPyConnection
    warehouse: Warehouse
    whole: dict[str, dict[str, Range]] = field(default_factory=dict)
    """By relation and column, over the files that the present snapshot reads."""
    rows: Counter[str] = field(default_factory=Counter)
    """How many these files have, by relation."""
    less: set[str] = field(default_factory=set)
    """Relations of which not all files were looked at: the catalog may say more of them."""

    def of_file(self, file: CatalogFile, path: Path) -> Iterator[FalseRange]:
        """Yield what the catalog says of a file, which is `path` on this machine, and isn't so."""
        columns = _ranged(file.relation)
        if file.number is None or not columns:
            return
        count, held = self._held(columns, path)
        if file.rows != count:
            yield FalseRange("rows", count, file.rows)
        for column, said in self._read(columns, self._of_files.get(file.number, {})):
            yield from _false(column, held[column], said, exact=True)
            for what in ("nulls", "values"):
                expected, found = getattr(held[column], what), getattr(said, what)
                if found is not None and found != expected:
                    yield FalseRange(f"{column} {what}", expected, found)
        if file.is_read:
            whole = self.whole.setdefault(file.relation, {})
            whole.update({name: _joined(whole.get(name), one) for name, one in held.items()})
            self.rows[file.relation] += count

    def of_relations(self) -> Iterator[tuple[str, FalseRange]]:
        """Yield what the catalog says of whole relations and isn't so, once all files were seen.

        It goes on to say the ranges of rows that were removed, and to count them: DuckLake answers
        by what is said of a relation only where it has as many rows as the catalog counts.
        """
        for name, held in sorted(self.whole.items()):
            exact = name not in self.less and self.rows[name] == self._rows_said.get(name)
            for column, said in self._read(_ranged(name), self._of_relations.get(name, {})):
                for false in _false(column, held[column], said, exact=exact):
                    yield name, false
                if said.nulls == 0 and held[column].nulls:
                    yield name, FalseRange(f"{column} nulls", held[column].nulls, 0)

    def _held(self, columns: Sequence[sql.Column], path: Path) -> tuple[int, dict[str, Range]]:
        """Return how many rows a file has, and what its columns have.

        One that was written before a column was added hasn't got it, and no value of it.
        """
        there = set(self.connection.sql(parquet.select(path, "*")).columns)
        names = [one.name for one in columns if one.name in there]
        asked = (f'min("{name}"), max("{name}"), count("{name}")' for name in names)
        query = parquet.select(path, "count(*)", *asked)
        ((rows, *values),) = self.connection.execute(query).fetchall()
        held = {one.name: Range(None, None, rows, 0) for one in columns}
        for name, least, greatest, count in zip(
            names, *(values[i::3] for i in range(3)), strict=True
        ):
            held[name] = Range(least, greatest, rows - count, count)
        return rows, held

    def _read(
        self, columns: Sequence[sql.Column], said: Mapping[str, Range]
    ) -> Iterator[tuple[str, Range]]:
        """Yield what is said of columns, its texts read as values of their types."""
        known = [column for column in columns if column.name in said]
        if not known:
            return
        texts = [text for one in known for text in (said[one.name].least, said[one.name].greatest)]
        read = (f"TRY_CAST(? AS {one.type}), TRY_CAST(? AS {one.type})" for one in known)
        (values,) = self.connection.execute(f"SELECT {', '.join(read)}", texts).fetchall()
        for column, *ends in zip(known, values[::2], values[1::2], strict=True):
            one = said[column.name]
            least, greatest = (
                text if value is None else value
                for value, text in zip(ends, (one.least, one.greatest), strict=True)
            )
            yield column.name, Range(least, greatest, one.nulls, one.values)

    @cached_property
    def _of_files(self) -> dict[int, dict[str, Range]]:
        """What is said of each file's columns, as texts."""
        counts = "said.null_count, said.value_count"
        return self._said("said.data_file_id", counts, "ducklake_file_column_stats")

    @cached_property
    def _of_relations(self) -> dict[str, dict[str, Range]]:
        """What is said of each relation's columns, as texts."""
        counts = "CAST(said.contains_null AS INTEGER), NULL"
        return self._said("relation.table_name", counts, "ducklake_table_column_stats")

    @cached_property
    def _rows_said(self) -> dict[str, int]:
        of = catalog_of(self.warehouse).metadata(self.warehouse)
        query = (
            f"SELECT relation.table_name, said.record_count FROM {of}.ducklake_table_stats AS said"
            f" INNER JOIN {of}.ducklake_table AS relation USING (table_id)"
            " WHERE relation.end_snapshot IS NULL"
        )
        return dict(self.connection.execute(query).fetchall())

    def _said(self, key: str, counts: str, relation: str) -> dict[Any, dict[str, Range]]:
        of = catalog_of(self.warehouse).metadata(self.warehouse)
        query = (
            f"SELECT {key}, place.column_name, said.min_value, said.max_value, {counts}"
            f" FROM {of}.{relation} AS said"
            f" INNER JOIN {of}.ducklake_column AS place USING (table_id, column_id)"
            f" INNER JOIN {of}.ducklake_table AS relation USING (table_id)"
            " WHERE place.parent_column IS NULL AND place.end_snapshot IS NULL"
            " AND relation.end_snapshot IS NULL"
        )
        said: dict[Any, dict[str, Range]] = {}
        for one, name, *values in self.connection.execute(query).fetchall():
            said.setdefault(one, {})[name] = Range(*values)
        return said


def _ranged(relation: str) -> list[sql.Column]:
    """Return the columns of a relation that are looked at; none where it isn't ours."""
    columns = _RELATIONS[relation].columns if relation in _RELATIONS else ()
    return [one for one in columns if one.type != "BLOB" and "STRUCT" not in one.type]


def _joined(one: Range | None, other: Range) -> Range:
    if one is None:
        return other
    least = [value for value in (one.least, other.least) if value is not None]
    greatest = [value for value in (one.greatest, other.greatest) if value is not None]
    nulls = (one.nulls or 0) + (other.nulls or 0)
    return Range(min(least, default=None), max(greatest, default=None), nulls, None)


def _false(column: str, held: Range, said: Range, *, exact: bool) -> Iterator[FalseRange]:
    """Yield what is said of a column and isn't so; where it isn't exact, more may be said."""
    for what, is_within in (("least", operator.le), ("greatest", operator.ge)):
        expected, found = getattr(held, what), getattr(said, what)
        if found is None or found == expected:
            continue
        is_of_type = expected is None or type(found) is type(expected)
        may_be_beyond = is_of_type and (not exact or not _is_whole(expected))
        if not (may_be_beyond and (expected is None or is_within(found, expected))):
            yield FalseRange(f"{column} {what}", expected, found)


def _is_whole(value: object) -> bool:
    """Return whether a catalog says a value whole; of long texts it says something beyond them."""
    return not isinstance(value, str) or len(value.encode()) <= LONGEST_BYTES
