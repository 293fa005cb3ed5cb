"""What a command line or a page needs to name a warehouse and its bounds (SPEC §7.3)."""

from datetime import datetime

from pipelines import ahead
from pipelines.lake import address
from pipelines.lake.address import DEFAULT_SCHEMA
from pipelines.lake.bounds import DEFAULT_DISK, DEFAULT_SECONDS, LEAST_DISK, Bounds
from pipelines.lake.memory import DEFAULT as DEFAULT_MEMORY
from pipelines.lake.memory import LEAST as LEAST_MEMORY
from pipelines.lake.memory import MOST as MOST_MEMORY
from pipelines.lake.memory import read_bytes, refuse_too_little
from pipelines.lake.warehouse import DEFAULT_LOCK_SECONDS, NOT_ASKED, Warehouse

__all__ = [
    "DEFAULT_DISK",
    "DEFAULT_LOCK_SECONDS",
    "DEFAULT_MEMORY",
    "DEFAULT_SCHEMA",
    "DEFAULT_SECONDS",
    "LEAST_DISK",
    "LEAST_MEMORY",
    "MOST_MEMORY",
    "NOT_ASKED",
    "Bounds",
    "Warehouse",
    "address",
    "now",
    "open_soon",
    "read_bytes",
    "refuse_too_little",
]


def open_soon(warehouse: Warehouse) -> None:
    """Check in a thread the extensions that open a warehouse, while a command's job is imported.

    Both take a fifth of a second.
    """
    from pipelines.lake import engine
    from pipelines.lake.catalogs import catalog_of

    ahead.begin(lambda: engine.signed(tuple(catalog_of(warehouse).extensions(warehouse))))


def now(warehouse: Warehouse) -> datetime:
    """Return the time by the clock that a warehouse's catalog goes by, naive in UTC."""
    from pipelines.lake.catalogs import catalog_of

    return catalog_of(warehouse).now(warehouse)
