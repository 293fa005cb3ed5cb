"""Keeps a warehouse small, beside whoever uses it: safe to stop anywhere, and to repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Final

from pipelines.lake import identity_index, maintaining
from pipelines.lake.catalogs import catalog_of, located
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from pipelines.verify.files import remove_orphans

KEPT: Final = timedelta(days=1)
"""So long what isn't needed any more is kept, for whoever still reads it or is writing it."""


@dataclass(frozen=True)
class Maintained:
    """What was done."""

    merged: list[str]
    """Relations whose small files were merged."""
    snapshots: int
    """How many were dropped."""
    removed: int
    """Files that no snapshot names any more."""
    orphans: list[str]
    """Files that no commit ever came to name, removed; as `verify --remove-orphans` has them."""
    kept: list[str]
    """Others that no snapshot names: `verify` says what they are."""


def maintain(warehouse: Warehouse, report: Callable[[str], None]) -> Maintained:
    """Merge small files, drop old snapshots, and remove files that nobody reads.

    Raises NotFoundError where there is no warehouse, TryAgainError where its catalog stays busy,
    FindingsError where somebody else changed it.
    """
    warehouse = located(warehouse)
    before = catalog_of(warehouse).now(warehouse).replace(tzinfo=UTC) - KEPT
    oldest = catalog_of(warehouse).oldest_transaction(warehouse)
    if oldest is not None:
        before = min(before, oldest)
    with connect(warehouse) as connection:
        report("noting which identities the log has")
        identity_index.keep_up(connection, warehouse, None)
        report("merging small files")
        merged = maintaining.merge_all(connection, warehouse)
        report("removing files that nobody reads")
        removed = maintaining.remove_forgotten(connection, warehouse, before)
        orphans, kept = remove_orphans(warehouse, before)
        report("dropping old snapshots")
        snapshots = maintaining.drop_snapshots(connection, warehouse, before, kept)
    return Maintained(merged, snapshots, removed, orphans, kept)
