"""Brings a warehouse to the format of this program (SPEC §7.1)."""

from collections.abc import Iterator

from pipelines.lake import migration
from pipelines.lake.migration import Migrated
from pipelines.lake.warehouse import Warehouse

__all__ = ["Migrated", "migrate"]


def migrate(warehouse: Warehouse) -> Iterator[Migrated]:
    """Bring a warehouse to the format of this program, and yield each step when it is committed.

    Raises NotFoundError where there is no warehouse, ManyhandsError where its format is a later
    one, or the first of all.
    """
    yield from migration.migrate(warehouse)
