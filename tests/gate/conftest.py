"""What the gate's tests stand on."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.gate.staged import staged_close


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to a staged close that nothing is wrong with."""
    with staged_close() as connection:
        yield connection
