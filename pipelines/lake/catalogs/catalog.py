"""What the lake asks of a catalog (SPEC §7.1). A module beside this one does all of it."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Protocol

import duckdb

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.lake.warehouse import Warehouse


class Catalog(Protocol):
    """A kind of catalog: how a warehouse with it is found, made, opened and committed to."""

    def extensions(self, warehouse: Warehouse, /) -> Iterable[ModuleType]:
        """Return the packages of the DuckDB extensions that read a warehouse.

        Raises UsageError where one that it needs isn't installed.
        """
        ...

    @property
    def MADE_BY_INIT_ALONE(self) -> bool:  # noqa: N802  a constant of its module
        """Whether a warehouse is made by `init` alone, and not by an ingest that finds none."""
        ...

    def exists(self, warehouse: Warehouse) -> bool:
        """Return whether there is a warehouse.

        Raises ManyhandsError where this user may not look.
        """
        ...

    def require(self, warehouse: Warehouse) -> None:
        """Insist on a warehouse that is there.

        Raises NotFoundError where there is none, ManyhandsError where its catalog is of no use.
        """
        ...

    def located(self, warehouse: Warehouse) -> Warehouse:
        """Return a warehouse that is there with the folder of its files, from the root on.

        Raises NotFoundError where that folder is gone.
        """
        ...

    def make(self, warehouse: Warehouse, fill: Callable[[Warehouse], None]) -> None:
        """Make a warehouse, whole or not at all, flushed to disk.

        `fill` makes its folders and relations; it is called with the warehouse at the place where
        it is made, which can be another than where it is going to be.

        Raises ConflictError where another made it first, or its place is taken.
        """
        ...

    def identity(self, warehouse: Warehouse) -> Hashable:
        """Return what is another one where another catalog took this one's place.

        Raises what `require` does.
        """
        ...

    def committing(self, warehouse: Warehouse) -> AbstractContextManager[None]:
        """Return a context in which others wait with their commits, for as long as they care to."""
        ...

    def finish(
        self,
        connection: duckdb.DuckDBPyConnection,
        warehouse: Warehouse,
        mark: str,
        made: Iterable[str],
    ) -> None:
        """Commit; where the answer is an error, find out whether it was made all the same.

        `mark` is in the commit; `made` are the data files, and their folders, that it names.

        Raises the engine's error where it wasn't made, UnknownOutcomeError where nobody can say.
        """
        ...

    def refuse_unless_writable(self, warehouse: Warehouse) -> None:
        """Raise ManyhandsError where this user may not commit, as far as no file shows it."""
        ...

    def recover(self, warehouse: Warehouse) -> None:
        """Mend what commits left whose answer nobody came to know."""
        ...

    def only_publisher(self, warehouse: Warehouse) -> AbstractContextManager[None]:
        """Return a context in which nobody else publishes from a warehouse.

        Raises TryAgainError where another process does.
        """
        ...

    def keep(self, warehouse: Warehouse, name: str, check: Callable[[], None]) -> str:
        """Keep a copy of the catalog as it is now under a name, and return where it is.

        `check` is called once it is copied, before it takes the place of an earlier one, and raises
        where it isn't to.
        """
        ...

    def attach_statement(self, warehouse: Warehouse) -> str:
        """Return the ATTACH that opens a warehouse as `warehouse`, to read and to write."""
        ...

    def metadata(self, warehouse: Warehouse) -> str:
        """Return what DuckLake's own relations go by in a connection that it is attached to."""
        ...

    def snapshot(self, warehouse: Warehouse) -> AbstractContextManager[str]:
        """Return a context with the ATTACH that opens it read-only, as it is now.

        Nothing is written beside the catalog by it.

        Raises TryAgainError where the catalog is busy, ManyhandsError where it can't be read.
        """
        ...

    def files(self, warehouse: Warehouse) -> Iterator[Path]:
        """Yield the catalog's files that a commit writes to, some of which come and go."""
        ...

    def is_busy(self, error: Exception) -> bool:
        """Return whether an error of the engine means that another committer was there first."""
        ...

    def busy(self, warehouse: Warehouse) -> TryAgainError:
        """Return the error of a catalog that stays busy."""
        ...

    def fault_of_server(self, text: str, warehouse: Warehouse) -> ManyhandsError | None:
        """Return what a server said in the engine's whole text, and what to do; None: nothing.

        The text can hold what was received, which decides nothing and isn't repeated.
        """
        ...

    def fault(self, text: str, warehouse: Warehouse) -> ManyhandsError | None:
        """Return what the engine's text says of the catalog, and what to do; None: nothing."""
        ...

    def now(self, warehouse: Warehouse) -> datetime:
        """Return the time by the clock that the catalog goes by, naive in UTC.

        Raises TryAgainError where this machine's clock is too far from it.
        """
        ...

    def oldest_transaction(self, warehouse: Warehouse) -> datetime | None:
        """Return when the oldest transaction began that is open; None where nobody can say."""
        ...
