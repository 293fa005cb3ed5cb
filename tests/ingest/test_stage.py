"""What passed and what failed is packed for the one committer; errors come out as raised."""

import os
import pickle

import apache_beam as beam
import pytest

from pipelines.errors import TryAgainError
from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.stage import events_table, refusals_table
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS
from schemas.record import Event, Received, Rejected
from tests.lake.sending import NOW


def _event(position: int) -> Event:
    message = Received(position, os.fsdecode(b"\xff.ndjson"), "7", b"{}", {"b": "2", "a": "1"})
    return Event(message, "/s", f"e{position}", "asset-generated", NOW, "{}", "0" * 64)


def test_events_are_packed_small() -> None:
    """A table costs a runner a fraction of what its events would, and says the same."""
    events = [_event(position) for position in range(1_000)]

    table = pickle.loads(pickle.dumps(events_table(events)))  # noqa: S301  our own

    assert EVENT_COLUMNS == table.schema
    assert list(range(1_000)) == table["position"].to_pylist()
    assert {'{"a": "1", "b": "2"}'} == set(table["attributes"].to_pylist())
    assert {"\\xff.ndjson"} == set(table["origin"].to_pylist())
    assert [NOW] == table["occurred_at"].unique().to_pylist()
    assert len(pickle.dumps(table)) < 300 * len(events)


def test_nothing_is_packed_as_an_empty_table() -> None:
    """A batch without refusals, or without events, has their columns all the same."""
    assert (EVENT_COLUMNS, 0) == (events_table([]).schema, len(events_table([])))
    assert (REFUSAL_COLUMNS, 0) == (refusals_table([]).schema, len(refusals_table([])))


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

    (row,) = refusals_table([rejected]).to_pylist()

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
