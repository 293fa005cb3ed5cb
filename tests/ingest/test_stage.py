"""What passed and what failed is staged as parts of a batch; errors come out as raised."""

from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.errors import TryAgainError
from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.stage import (
    EVENTS,
    REFUSALS,
    read_parts,
    stage_events,
    stage_refusals,
)
from pipelines.ingest.tables import events_table, refusals_table
from pipelines.lake import sql
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS
from schemas.record import Event, Received, Rejected
from schemas.rejection import Rejection
from tests.lake.sending import NOW


def _event(position: int) -> Event:
    message = Received(position, "a.ndjson", "7", b"{}", {"b": "2", "a": "1"})
    return Event(message, "/s", f"e{position}", "asset-generated", NOW, "{}", "0" * 64)


def _refusal(position: int) -> Rejected:
    return Rejected(Received(position, "-", "1", b"{"), "not_json", "", "cut", "manyhands decode")


def test_events_are_staged_as_what_they_are(tmp_path: Path) -> None:
    """A part holds all of a list's events, in their order, as columns."""
    stage_events([_event(position) for position in range(1_000)], tmp_path)

    (part,) = tmp_path.iterdir()
    table = read_parts(tmp_path, EVENTS, EVENT_COLUMNS)
    assert "0000000000-0000000999.events" == part.name
    assert list(range(1_000)) == table["position"].to_pylist()
    assert {'{"a": "1", "b": "2"}'} == set(table["attributes"].to_pylist())
    assert [NOW] == table["occurred_at"].unique().to_pylist()


def test_parts_are_read_in_the_order_of_the_source_each_range_once(tmp_path: Path) -> None:
    """Whichever part is made first, and however often: a part that is made again is the same."""
    for first in (20, 0, 10, 20):
        stage_events([_event(first + number) for number in range(0, 10, 2)], tmp_path)
        stage_refusals([_refusal(first + number) for number in range(1, 10, 2)], tmp_path, NOW)

    events = read_parts(tmp_path, EVENTS, EVENT_COLUMNS)
    refusals = read_parts(tmp_path, REFUSALS, REFUSAL_COLUMNS)

    assert list(range(0, 30, 2)) == events["position"].to_pylist()
    assert list(range(1, 30, 2)) == refusals["position"].to_pylist()


def test_a_part_that_is_being_written_is_none_yet(tmp_path: Path) -> None:
    """It gets its name when it is whole."""
    stage_events([_event(0)], tmp_path)
    (part,) = tmp_path.iterdir()
    (tmp_path / ".making-1").write_bytes(part.read_bytes()[:100])

    assert [0] == read_parts(tmp_path, EVENTS, EVENT_COLUMNS)["position"].to_pylist()


def test_nothing_staged_is_an_empty_table(tmp_path: Path) -> None:
    """A batch without refusals, or without events, has their columns all the same."""
    assert EVENT_COLUMNS.empty_table() == read_parts(tmp_path, EVENTS, EVENT_COLUMNS)


def test_a_refusal_is_staged_in_the_shape_of_a_dead_letter() -> None:
    """The fields are those of the model, and columns of the stored relation."""
    table = refusals_table([_refusal(0)], NOW)

    kept = Rejection.of(_refusal(0), NOW).model_dump()
    assert {"position": 0, **kept} == table.to_pylist()[0]
    stored = {column.name for column in sql.relation("log", "dead_letter").columns}
    later = {"resolved_at", "attempts", "dismissed_at", "note"}
    assert {"id", "batch_id", *later} == stored - set(Rejection.model_fields)
    assert set(Rejection.model_fields) <= stored


def test_a_manifests_fault_goes_along() -> None:
    """Only the commit can say whether it counts."""
    event = _event(0)
    event.manifest = ("uri", "f" * 64, 3)
    event.fault = ("manifest_unavailable", "gone")

    (row,) = events_table([event]).to_pylist()

    fault = (row["fault_reason"], row["fault_message"], row["manifest_sha256"])
    assert ("manifest_unavailable", "gone", "f" * 64) == fault


def test_a_refusal_keeps_what_was_measured_of_a_payload_cut_short() -> None:
    """What the reader dropped can't be measured again."""
    cut = Received(0, "-", "1", b"abc", None, 5_000_000, "f" * 64)
    rejected = Rejected(cut, "too_large", "", "too large", "manyhands decode")

    (row,) = refusals_table([rejected], NOW).to_pylist()

    assert (b"abc", 5_000_000, "f" * 64) == (
        row["payload"],
        row["payload_size"],
        row["payload_sha256"],
    )


@pytest.mark.parametrize("error", [TryAgainError("busy"), OSError(28, "full", "/disk")])
def test_a_run_fails_as_its_step_failed(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """An error keeps its type, and so its exit code, and its words; no traceback is logged."""

    def fail(_: int) -> None:
        raise error

    with pytest.raises(type(error)) as raised, bounded_run() as pipeline:
        pipeline | beam.Create([1]) | beam.Map(fail)

    assert str(error) == str(raised.value)
    assert "Traceback" not in caplog.text
