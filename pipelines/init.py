"""Makes an empty warehouse (SPEC §7.3)."""

from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence


def init(warehouse: Warehouse, *, cadence: Cadence, grace_days: int, first_period: str) -> None:
    """Make an empty warehouse, whole or not at all.

    Where `first_period` is empty, the first to close is that of the first paid event.

    Raises ConflictError where the folder is taken, UsageError where the first period isn't one of
    the cadence.
    """
    create(warehouse, Setting(cadence, grace_days, first_period))
