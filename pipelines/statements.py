"""Lists and shows what was issued (SPEC §7.3), and compares a draft with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.close.comparing import Changes, changes, side_by_side, stated
from pipelines.close.draft import Draft, read_draft
from pipelines.lake import closes, reading
from pipelines.lake.reading import Listing
from pipelines.lake.setting import setting
from pipelines.lake.warehouse import Warehouse


@contextmanager
def list_statements(warehouse: Warehouse, period: str | None) -> Iterator[Listing]:
    """Read a close's statements without their lines, each with its digest; none before any close.

    They are those of the last close where `period` is None.

    Raises NotFoundError where the period isn't closed, UsageError where it can't be one.
    """
    with reading.connect(warehouse) as connection:
        closed = reading.closed_period(connection, period)
        yield reading.listed_statements(connection, closed)


@contextmanager
def list_open(warehouse: Warehouse) -> Iterator[Listing]:
    """Read what the last statement of each contributor leaves open, of every period."""
    with reading.connect(warehouse) as connection:
        yield reading.report(connection, "open_balance", None)


def sealed_statement(warehouse: Warehouse, statement_id: str) -> bytes:
    """Return a statement's sealed bytes: JSON in ASCII (SPEC §7.2).

    Raises NotFoundError where none was issued under this id.
    """
    with reading.connect(warehouse) as connection:
        return reading.sealed_statement(connection, statement_id)


@dataclass(frozen=True)
class Compared:
    """A draft beside the close before it."""

    draft: Draft
    before: str | None
    """The period of that close; None where none is before the draft's."""
    currencies: dict[str, Changes]


def compare_draft(warehouse: Warehouse, period: str, folder: Path, most: int) -> Compared:
    """Compare the draft of a period with the statements of the last close before it.

    Of each currency and kind of change the `most` largest are returned.

    Raises NotFoundError where the draft isn't there, UsageError where it isn't as it was written,
    or the period can't be one.
    """
    with reading.connect(warehouse) as connection:
        named = closes.named_period(period, setting(connection).cadence).name
        draft = read_draft(folder, named)
        close = closes.close_before(connection, named)
        before = reading.sealed_statements(connection, close.period) if close else iter(())
        pairs = side_by_side(map(stated, before), draft.statements())
        return Compared(draft, close.period if close else None, changes(pairs, most))
