"""Commits to a warehouse: short transactions, one winner, on disk before they count (SPEC §4)."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from pipelines.errors import TryAgainError
from pipelines.lake.disk import entries, settle
from pipelines.lake.warehouse import DATA

PATIENCE_S = 60.0
"""How long a committer tries again before it gives up."""

LONGEST_PAUSE_S = 0.5

_CONTENTION = ("database is locked", "conflict", "another transaction")

Result = TypeVar("Result")


def commit(
    connection: duckdb.DuckDBPyConnection, folder: Path, write: Callable[[], Result]
) -> Result:
    """Run `write` in one transaction, and again from a fresh snapshot where another won the race.

    `write` reads what it depends on anew each time, and updates `head`, so that of two committers
    that start from one head only one succeeds.
    What it wrote is on disk before the catalog names it.

    Raises TryAgainError where the catalog stays busy; whatever `write` raises ends the attempt.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _attempt(connection, folder, write)
        except duckdb.Error as error:
            if not _is_contention(error):
                raise
            if time.monotonic() > deadline:
                message = f"{folder}: the catalog is busy; run the command again later"
                raise TryAgainError(message) from error
            time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311  jitter, no secret


def _attempt(
    connection: duckdb.DuckDBPyConnection, folder: Path, write: Callable[[], Result]
) -> Result:
    """Run `write` and commit, with what is new in the data folder on disk in between.

    DuckLake flushes its catalog but never its Parquet files, so a power cut could leave a
    committed snapshot that names files of zeros. What it wrote is found by its names: those that
    weren't there before, whatever their times say.
    """
    before = entries(folder / DATA)
    connection.execute("BEGIN")
    try:
        result = write()
        settle(entries(folder / DATA) - before)
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    return result


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        """A COMMIT that failed has ended the transaction already."""


def _is_contention(error: duckdb.Error) -> bool:
    text = str(error).lower()
    return any(words in text for words in _CONTENTION)
