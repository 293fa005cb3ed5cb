"""A session holds one connection, and another one after a failure or many uses."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.errors import ManyhandsError
from pipelines.ingest import session
from pipelines.ingest.session import Session
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Session]:
    """Make a warehouse, and hold it open."""
    warehouse = Warehouse(tmp_path / "warehouse")
    create(warehouse, Setting())
    with closing(Session(warehouse)) as held:
        yield held


def _used(held: Session) -> object:
    with held.connection() as connection:
        assert [(0,)] == connection.execute("SELECT count(*) FROM warehouse.event").fetchall()
    return connection


def _fail(held: Session) -> None:
    with held.connection():
        message = "its disk is full"
        raise ManyhandsError(message)


def test_a_connection_is_renewed_after_many_uses(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what the engine keeps for each commit doesn't grow for as long as a stream runs."""
    monkeypatch.setattr(session, "_USES", 3)

    first, second, third, fourth, fifth = [_used(opened) for _ in range(5)]

    assert first is second is third
    assert third is not fourth
    assert fourth is fifth


def test_a_connection_is_renewed_after_a_failure(opened: Session) -> None:
    """Whatever state it is in."""
    first = _used(opened)
    with pytest.raises(ManyhandsError, match="full"):
        _fail(opened)
    assert first is not _used(opened)
