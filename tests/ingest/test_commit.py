"""The driver commits what was staged, once (SPEC §4)."""

from pathlib import Path

import pytest

from pipelines.ingest.commit import append_parts, parts_folder
from pipelines.ingest.stage import stage_events, stage_refusals
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.log import Counts
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from schemas.record import Event, Received, Rejected
from tests.ingest.cases import judge
from tests.lake.sending import NOW, received, rows
from tests.marketplace import Events


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _sales(count: int) -> list[Event]:
    events = Events()
    for _ in range(count):
        events.generation("1", "1")
    outcomes = map(judge, received(events.events))
    return [outcome for outcome in outcomes if isinstance(outcome, Event)]


def _commit(folder: Path, parts: Path, batch_id: str = "b1") -> Counts:
    with connect(Warehouse(folder)) as connection:
        return append_parts(connection, Warehouse(folder), parts, batch_id, NOW)


def test_parts_are_committed_in_the_order_of_the_source(folder: Path, tmp_path: Path) -> None:
    """`append` says what became of them; a batch that is committed again changes nothing."""
    sales = _sales(6)
    refused = Rejected(Received(6, "-", "7", b"{"), "not_json", "", "cut", "manyhands decode")
    stage_events(sales[3:], tmp_path)
    stage_events(sales[:3], tmp_path)
    stage_refusals([refused], tmp_path, NOW)

    first, again = _commit(folder, tmp_path), _commit(folder, tmp_path)

    assert Counts(7, 6, 0, 0, {"not_json": 1}, 6) == first == again
    ids = [sale.id for sale in sales]
    assert list(enumerate(ids, 1)) == rows(folder, "SELECT seq, id FROM event ORDER BY seq")


def test_nothing_received_is_nothing_committed(folder: Path, tmp_path: Path) -> None:
    """A batch of blank lines has the log's head, and no row of its own."""
    stage_events(_sales(2), tmp_path)
    _commit(folder, tmp_path)
    (tmp_path / "empty").mkdir()

    assert Counts(head=2) == _commit(folder, tmp_path / "empty", "b2")
    assert [("b1",)] == rows(folder, "SELECT batch_id FROM ingest_batch")


def test_what_is_staged_twice_is_not_committed(folder: Path, tmp_path: Path) -> None:
    """Ranges that overlap would count something twice."""
    sales = _sales(3)
    stage_events(sales[:2], tmp_path)
    stage_events(sales[1:], tmp_path)

    with pytest.raises(RuntimeError, match="staged twice"):
        _commit(folder, tmp_path)

    assert [] == rows(folder, "SELECT seq FROM event")


def test_parts_are_there_as_long_as_their_batch(folder: Path) -> None:
    """They lie in the warehouse's folder, apart from its data."""
    with parts_folder(Warehouse(folder)) as parts:
        stage_events(_sales(1), parts)
        assert folder / "staged" == parts.parent

    assert [] == list((folder / "staged").iterdir())
