"""Lists, shows, exports and dismisses what was refused (SPEC §3.4, §7.3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.lake import dead_letters as letters
from pipelines.lake import letter_changes, reading
from pipelines.lake.catalogs import located
from pipelines.lake.connection import connect
from pipelines.lake.dead_letters import Choice, DeadLetter, Detail
from pipelines.lake.reading import Listing
from pipelines.lake.refused import Refused
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.letters import Exported, write_letters
from pipelines.outputs.places import refuse_unless_free

__all__ = [
    "Choice",
    "Exported",
    "Refused",
    "dismiss",
    "export",
    "find_dead_letter",
    "list_dead_letters",
]

MOST_OF_A_NOTE = 500
"""Code points."""


@contextmanager
def list_dead_letters(
    warehouse: Warehouse, *, closed_too: bool = False, short_ids: bool = False
) -> Iterator[Listing]:
    """Read what was refused and is open, or all, by time, then by place.

    Ids are whole, or as short as they stay unique.
    """
    with reading.connect(warehouse) as connection:
        digits = letters.length_of_ids(connection) if short_ids else None
        found = letters.dead_letters(connection, closed_too=closed_too)
        yield Listing(DeadLetter._fields, (one._replace(id=one.id[:digits]) for one in found))


def find_dead_letter(warehouse: Warehouse, prefix: str) -> tuple[DeadLetter, Detail]:
    """Return the one dead letter whose id begins with `prefix`, with its payload.

    Raises NotFoundError where none does, UsageError where several do.
    """
    with reading.connect(warehouse) as connection:
        return letters.find(connection, prefix)


def dismiss(
    warehouse: Warehouse, ids: Sequence[str], note: str, dismissed_at: datetime
) -> list[DeadLetter]:
    """Close dead letters that will never be mended, all or none, and return them as they are now.

    One that is resolved stays as it is; one that was dismissed has the new note.

    Raises NotFoundError or UsageError where an id doesn't name one letter, UsageError where the
    note is blank or too long, TryAgainError where the catalog stays busy.
    """
    _refuse_note(note)
    warehouse = located(warehouse)
    with connect(warehouse) as connection:
        chosen = letters.named(connection, Choice(tuple(ids)))
        letter_changes.dismiss(connection, warehouse, chosen.ids, note, dismissed_at)
        return [letters.find(connection, one)[0] for one in chosen.ids]


def _refuse_note(note: str) -> None:
    if not note.strip() or len(note) > MOST_OF_A_NOTE or "\0" in note:
        message = f"a note says why, in 1 to {MOST_OF_A_NOTE} characters, none of them U+0000"
        raise UsageError(message)


def export(warehouse: Warehouse, choice: Choice, out: Path) -> Exported:
    """Write dead letters as files into the folder `out`, whole or not at all.

    Raises UsageError where the folder is in the warehouse's, or an id doesn't name one letter,
    NotFoundError where it names none, ConflictError where the folder isn't empty.
    """
    located(warehouse).refuse_within(out)
    refuse_unless_free(out)
    with reading.connect(warehouse) as connection:
        chosen = letters.named(connection, choice)
        return write_letters(letters.letters(connection, chosen), out)
