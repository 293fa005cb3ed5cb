"""Lists and shows what was refused (SPEC §3.4, §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.lake import dead_letters as letters
from pipelines.lake import reading
from pipelines.lake.dead_letters import DeadLetter, Detail
from pipelines.lake.reading import Listing
from pipelines.lake.refused import Refused
from pipelines.lake.warehouse import Warehouse

__all__ = ["Refused", "find_dead_letter", "list_dead_letters"]


@contextmanager
def list_dead_letters(warehouse: Warehouse, *, short_ids: bool = False) -> Iterator[Listing]:
    """Read what was refused, by time, then by place; ids whole, or as short as they stay unique."""
    with reading.connect(warehouse) as connection:
        digits = letters.length_of_ids(connection) if short_ids else None
        found = letters.dead_letters(connection)
        yield Listing(DeadLetter._fields, (one._replace(id=one.id[:digits]) for one in found))


def find_dead_letter(warehouse: Warehouse, prefix: str) -> tuple[DeadLetter, Detail]:
    """Return the one dead letter whose id begins with `prefix`, with its payload.

    Raises NotFoundError where none does, UsageError where several do.
    """
    with reading.connect(warehouse) as connection:
        return letters.find(connection, prefix)
