"""Commits to a warehouse: short transactions, one winner, on disk before they count (SPEC §4)."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import uuid4

import duckdb

from pipelines.lake import file_digests
from pipelines.lake.catalogs import catalog_of
from pipelines.lake.data_files import made_since
from pipelines.lake.warehouse import Warehouse

PATIENCE_S = 60.0
"""How long a committer tries again before it gives up."""

LONGEST_PAUSE_S = 0.5

AUTHOR: Final = "manyhands"
"""Who commits, as the catalog names it."""

_MARK = "CALL warehouse.set_commit_message($author, $mark, extra_info => $digests)"

Result = TypeVar("Result")


class LostRaceError(Exception):
    """Another committer was first; what was computed has to be computed again."""


def commit(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    write: Callable[[], Result],
    earlier: Callable[[], Iterable[str]] = tuple,
    carried: Mapping[str, str] = MappingProxyType({}),
) -> Result:
    """Run `write` in one transaction, and again from a fresh snapshot where another won the race.

    `write` reads what it depends on anew each time, and updates `head`, so that of two committers
    that start from one head only one succeeds.
    What it wrote is on disk before the catalog names it; `earlier` and `carried` are what
    `commit_once` has.

    Raises TryAgainError where the catalog stays busy; whatever `write` raises ends the attempt.
    """
    return patiently(warehouse, lambda: commit_once(connection, warehouse, write, earlier, carried))


def patiently(warehouse: Warehouse, attempt: Callable[[], Result]) -> Result:
    """Run `attempt` until it is through, with a pause after each that lost to another committer.

    Other committers wait meanwhile, where the catalog can make them.

    Raises TryAgainError where none is for PATIENCE_S, or the warehouse's own patience.
    """
    catalog = catalog_of(warehouse)
    deadline = time.monotonic() + min(PATIENCE_S, warehouse.patience_s)
    while True:
        try:
            with catalog.committing(warehouse):
                return attempt()
        except (duckdb.Error, LostRaceError) as error:
            if not isinstance(error, LostRaceError) and not catalog.is_busy(error):
                raise
            if time.monotonic() > deadline:
                raise catalog.busy(warehouse) from error
            time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311  jitter, no secret


def commit_once(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    write: Callable[[], Result],
    earlier: Callable[[], Iterable[str]] = tuple,
    carried: Mapping[str, str] = MappingProxyType({}),
) -> Result:
    """Run `write` and commit, with what is new among the data files on disk in between.

    DuckLake flushes its catalog but never its Parquet files, so a power cut could leave a
    committed snapshot that names files of zeros.

    Each commit has a mark of its own, by which it is found where only its answer was lost, and the
    digests of its files, of `earlier` ones that had none, and those that are `carried` on from
    other commits.
    """
    made, mark = made_since(warehouse), str(uuid4())
    with _begun(connection):
        result = write()
        new = made()
        digests = {**carried, **file_digests.digests(warehouse, {*new, *earlier()})}
        given = {"author": AUTHOR, "mark": mark, "digests": file_digests.message(digests)}
        connection.execute(_MARK, given)
        catalog_of(warehouse).finish(connection, warehouse, mark, new)
    return result


def one_at_a_time(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a commit lose to every other one since it began, as all do that move the log's head."""
    connection.execute("UPDATE warehouse.head SET seq = seq")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Make one transaction of what the context does; nothing of it stays where it fails.

    All of it reads the warehouse as it was when the first of it read.
    """
    with _begun(connection):
        yield
        connection.execute("COMMIT")


@contextmanager
def _begun(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Begin a transaction, which the context commits; where that fails it is rolled back."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        """A COMMIT that failed has ended the transaction already, as has a server that is gone."""
