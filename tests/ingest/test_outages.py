"""An outage is waited for, and said, but not in a loop (SPEC §8, promise 7)."""

from collections.abc import Callable, Iterator

import pytest

from pipelines.errors import ManyhandsError
from pipelines.ingest import outages
from pipelines.ingest.outages import through_outages
from pipelines.sources.watch import Watch


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(outages, "_LONGEST_PAUSE_S", 0.001)


def _failing(failures: list[Exception]) -> Callable[[], str]:
    def attempt() -> str:
        if failures:
            raise failures.pop(0)
        return "committed"

    return attempt


def test_each_failure_is_said_once_and_so_is_its_end() -> None:
    """However often it is tried."""
    notes: list[str] = []
    full, busy = ManyhandsError("its disk is full"), OSError("Input/output error")

    done = through_outages(_failing([full, full, full, busy, busy]), Watch(notes.append))

    assert "committed" == done
    assert 3 == len(notes)
    assert notes[0].startswith("its disk is full; until then nothing is acknowledged")
    assert "batches are committed again" == notes[2]


def test_a_stop_does_not_wait_for_the_warehouse() -> None:
    """It says why nothing is committed, and that what was held goes back."""
    notes: list[str] = []
    watch = Watch(notes.append, is_stopping=lambda: True)

    assert None is through_outages(_failing([ManyhandsError("full")] * 1_000), watch)
    assert ["full; stopped, and what wasn't committed is handed back"] == notes


def test_what_nobody_can_act_on_is_raised_at_once() -> None:
    """A fault of the program is no outage."""
    with pytest.raises(ZeroDivisionError):
        through_outages(_failing([ZeroDivisionError()]), Watch(print))


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
    assert "batches are committed again" == said[2]


def _failures() -> Iterator[ManyhandsError]:
    for number in range(3):
        yield ManyhandsError(f"0123abcd-7{7 + number}.parquet is full")
        yield ManyhandsError("busy")
