"""Runs one SELECT on a warehouse, read-only (SPEC §7.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.lake.query import ask
from pipelines.lake.reading import Listing
from pipelines.lake.warehouse import Warehouse


@contextmanager
def query(warehouse: Warehouse, text: str) -> Iterator[Listing]:
    """Run one SELECT that can read nothing but the warehouse's relations.

    Raises UsageError where the text is anything else, reads anything else, or is wrong.
    """
    with ask(warehouse, text) as answer:
        yield answer
