"""An outage is waited for, and said, but not in a loop (SPEC §8, promise 7)."""

from collections.abc import Iterator

import pytest

from pipelines.errors import ManyhandsError
from pipelines.ingest import outages
from pipelines.ingest.outages import through_outages
from pipelines.sources.watch import Watch


def test_each_reason_of_an_outage_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two reasons that take turns, of files with other names each time, are a line each."""
    monkeypatch.setattr(outages, "_FIRST_PAUSE_S", 0.0)
    said: list[str] = []
    failures = iter(_failures())

    def attempt() -> str:
        for failure in failures:
            raise failure
        return "done"

    assert "done" == through_outages(attempt, Watch(said.append))
    assert 3 == len(said)
    assert ["0123abcd-77.parquet is full", "busy"] == [text.split(";")[0] for text in said[:2]]
    assert "the warehouse can be written again" == said[2]


def _failures() -> Iterator[ManyhandsError]:
    for number in range(3):
        yield ManyhandsError(f"0123abcd-7{7 + number}.parquet is full")
        yield ManyhandsError("busy")
