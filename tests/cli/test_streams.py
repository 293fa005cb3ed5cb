"""Standard streams that are full or closed: what was done is done, and is said where it can be."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.processes import NOW, ended
from tests.conftest import run
from tests.everyday import one_of
from tests.marketplace import Events, small

CLOSE = ["close", "--period=2026-01", NOW]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a warehouse in it that has a period to close."""
    folder = tmp_path_factory.mktemp("streams")
    events = small(Events()).write(folder / "events.ndjson")
    run(["ingest", events, f"--warehouse={folder / 'warehouse'}"])
    return folder


@pytest.fixture
def place(market: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder."""
    return shutil.copytree(market, tmp_path / "place")


@pytest.mark.processes
@pytest.mark.parametrize("redirected", one_of(2, ["2>/dev/full", "2>&-"]))
def test_a_stderr_that_takes_nothing_stops_no_work(place: Path, redirected: str) -> None:
    """An ingest goes on after its first batch, and a close begins."""
    words = ["ingest", "events.ndjson", "--batch-lines=4", "--warehouse=other", "--json"]
    ingested = ended(words, place, redirected)
    closed = ended([*CLOSE, "--json"], place, redirected)

    assert (0, 9) == (ingested[0], json.loads(ingested[1])["head"])
    assert (0, ["2026-01"]) == (
        closed[0],
        [close["period"] for close in json.loads(closed[1])["closes"]],
    )


@pytest.mark.processes
@pytest.mark.long
def test_a_full_stdout_after_the_commit_does_not_deny_it(place: Path) -> None:
    """The close is issued, the events are in the log, and stderr says so; the exit code is 1."""
    closed = ended(CLOSE, place, ">/dev/full")
    ingested = ended(["ingest", "events.ndjson"], place, ">/dev/full")
    standing = run(["status", f"--warehouse={place / 'warehouse'}", "--json"]).json

    assert (1, 1) == (closed[0], ingested[0])
    told = "error: the output could not be written to stdout (No space left on device); "
    assert closed[2].endswith(f"{told}2026-01 is closed, and its statements are issued\n")
    assert ingested[2].endswith(f"{told}all events were ingested; the head of the log is 10\n")
    assert "2026-01" == standing["last_close"]["period"]


@pytest.mark.processes
def test_a_full_stdout_of_what_only_reads_is_a_failure(market: Path) -> None:
    """Exit 1 and one line."""
    code, _, stderr = ended(["status"], market, ">/dev/full")

    assert (1, 1) == (code, len(stderr.splitlines()))
    assert "could not be written to stdout (No space left on device)" in stderr


@pytest.mark.parametrize("words", [["status"], ["--help"], ["ingest", "events.ndjson"]])
def test_a_closed_stdout_is_told_before_anything_is_done(
    market: Path, tmp_path: Path, words: list[str]
) -> None:
    """Exit 1, what to do, and no warehouse."""
    shutil.copy(market / "events.ndjson", tmp_path)
    code, _, stderr = ended(words, tmp_path, ">&-")

    assert 1 == code
    assert (
        "error: stdout is closed, so nothing was done; send it to a file or to /dev/null\n"
        == stderr
    )
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("source", ["-", "/dev/stdin"])
def test_a_closed_stdin_is_not_found(tmp_path: Path, source: str) -> None:
    """Exit 3 before anything is done."""
    code, _, stderr = ended(["ingest", source], tmp_path, "<&-")

    assert (3, f"error: {source}: standard input is closed; nothing was read\n") == (
        code,
        stderr,
    )
    assert not (tmp_path / "warehouse").exists()
