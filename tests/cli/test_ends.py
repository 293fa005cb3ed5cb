"""Signals that end a command: it says where things stand, and leaves nothing behind."""

import json
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.cli.ends import EndedError, Ending, ended_by_signals
from pipelines.interrupts import uninterrupted
from tests.cli.processes import NOW, left_in, started
from tests.conftest import run
from tests.marketplace import Events, small

if TYPE_CHECKING:
    import subprocess

ENDING = [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse that has a period to close."""
    folder = tmp_path_factory.mktemp("ends")
    events = small(Events()).write(folder / "events.ndjson")
    run(["ingest", events, f"--warehouse={folder / 'warehouse'}"])
    return folder / "warehouse"


def _wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    seen = ""
    while words not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line


@pytest.mark.processes
@pytest.mark.parametrize(("number", "code"), ENDING)
def test_a_close_that_is_ended_says_that_nothing_was_issued(
    market: Path, tmp_path: Path, number: int, code: int
) -> None:
    """The exit code is the signal's, and what was temporary is gone."""
    shutil.copytree(market, tmp_path / "warehouse")
    process = started(["close", "--period=2026-01", NOW], tmp_path)
    _wait_for(process, "closing 2026-01")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)

    assert (code, "") == (process.returncode, stdout)
    name = signal.Signals(number).name
    assert (
        f"error: ended by {name}; 2026-01 is not closed, and nothing was issued;"
        " run the command again\n" == stderr
    )
    assert {"temporary", "warehouse"} == left_in(tmp_path)
    assert run(["status", f"--warehouse={tmp_path / 'warehouse'}", "--json"]).json["head"] == 9


@pytest.mark.processes
def test_an_ingest_that_is_ended_says_what_is_in_the_log(tmp_path: Path) -> None:
    """Whole batches are; the same command goes on, and counts them as duplicates."""
    events = Events()
    for _ in range(2_000):
        events.generation("1", "1")
    path = Path(events.write(tmp_path / "events.ndjson"))
    process = started(["ingest", "-", "--batch-lines=100"], tmp_path)
    assert process.stdin is not None
    process.stdin.write(path.read_text(encoding="utf-8"))
    process.stdin.flush()
    _wait_for(process, "events received")
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    head = run(["status", f"--warehouse={tmp_path / 'warehouse'}", "--json"]).json["head"]

    assert (143, True) == (process.returncode, 0 < head < 2_000)
    assert f"ended by SIGTERM; the head of the log is {head}; run the command again" in stderr
    assert {"events.ndjson", "temporary", "warehouse"} == left_in(tmp_path)


@pytest.mark.processes
def test_a_signal_that_is_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    """`nohup manyhands ingest -` goes on without its terminal."""
    process = started(["ingest", "-", "--json"], tmp_path, ignored=signal.SIGHUP)
    assert process.stdin is not None
    process.stdin.write("{}\n" * 30_000)  # more than a pipe holds: it has begun to read
    process.stdin.flush()
    process.send_signal(signal.SIGHUP)
    stdout, _ = process.communicate(timeout=60)

    assert (0, 30_000) == (process.returncode, json.loads(stdout)["received"])


def test_an_end_that_a_library_dropped_is_raised_again() -> None:
    """C code that can't handle an error may clear it: the command must end all the same."""
    ending = Ending()
    with ended_by_signals(ending):
        try:
            signal.raise_signal(signal.SIGTERM)
        except EndedError:
            """Dropped."""
        with pytest.raises(EndedError):
            signal.pause()
        with pytest.raises(EndedError):
            ending.check()

    assert ("SIGTERM", 143) == (ending.name, ending.exit_code)


def test_what_has_to_be_done_whole_is_done_before_a_signal_ends_the_command() -> None:
    """A folder that is being removed is removed; then the command ends."""
    done: list[str] = []

    def work() -> None:
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(signal.SIGTERM)
            done.append("removed")
        done.append("went on")

    with ended_by_signals(Ending()), pytest.raises(EndedError):
        work()

    assert ["removed"] == done
