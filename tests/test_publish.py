"""Statements published to a folder: none skipped, none changed, whatever was done before."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.close import job
from pipelines.close.closing import Closing
from pipelines.errors import ManyhandsError
from pipelines.lake import publications
from pipelines.lake.catalogs import sqlite
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run
from tests.made_once import MadeOnce
from tests.published import APRIL, CLOSED, MARCH, STATEMENTS, in_file, marketplace, recorded, sealed

FEBRUARY = "statements-issued-2026-02.ndjson"


@pytest.fixture(scope="session")
def closed(made_once: MadeOnce) -> Path:
    """Return a marketplace with two closed months, of which nothing was published."""
    return made_once("published", marketplace) / "warehouse"


@pytest.fixture
def market(manyhands: Run, closed: Path, tmp_path: Path) -> Run:
    """Return the commands, on a copy of that marketplace, with a folder `out`."""
    shutil.copytree(closed, tmp_path / "warehouse")
    (tmp_path / "out").mkdir()
    return manyhands


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_gets_a_file_a_period(market: Run, tmp_path: Path) -> None:
    """Each line is an event with the statement as sealed, by contributor; the time is UTC."""
    published = market("publish", "--to=out", "--json")
    paths = [tmp_path / "out" / f"statements-issued-{period}.ndjson" for period in CLOSED]
    lines = [line for path in paths for line in path.read_bytes().splitlines()]
    statements = sealed(tmp_path / "warehouse")

    assert {
        "destination": str(tmp_path / "out"),
        "published": 4,
        "too_large": [],
    } == published.json
    assert [path.name for path in paths] == _names(tmp_path / "out")
    assert STATEMENTS == [name for path in paths for name in in_file(path)]
    assert all(text in line for text, line in zip(statements.values(), lines, strict=True))
    assert ["2026-02-01T00:00:00.000000Z", "2026-03-01T00:00:00.000000Z"] == sorted(
        {json.loads(line)["time"] for line in lines}
    )


@pytest.mark.parametrize("size", [1, 1_000, 1_000_000])
def test_statements_are_read_in_parts_none_of_which_is_skipped(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """A part may be one statement, some, or all; the file is the same."""
    monkeypatch.setattr(publications, "_PART_BYTES", size)
    monkeypatch.setattr(publications, "_ROWS_AT_ONCE", 1)
    market("publish", "--to=out")

    names = ["2026-02/ana", "2026-02/ben"]
    assert names == in_file(tmp_path / "out" / FEBRUARY)


def test_what_a_folder_has_is_recorded_and_not_sent_again(market: Run, tmp_path: Path) -> None:
    """The second time nothing is published, and a file that was taken away stays away."""
    market("publish", "--to=out")
    (tmp_path / "out" / FEBRUARY).unlink()
    again = market("publish", "--to=out")

    assert (0, f"0 statements published to {tmp_path / 'out'}\n") == (again.code, again.stdout)
    assert [[name, "published"] for name in STATEMENTS] == recorded(
        tmp_path / "warehouse", str(tmp_path / "out")
    )
    assert FEBRUARY not in _names(tmp_path / "out")


def test_a_period_is_sent_again_when_it_is_named(market: Run, tmp_path: Path) -> None:
    """The same bytes; the record stays that of the first time."""
    market("publish", "--to=out")
    before = (tmp_path / "out" / FEBRUARY).read_bytes()
    (tmp_path / "out" / FEBRUARY).unlink()
    again = market("publish", "--to=out", "--period=2026-02")

    assert (0, f"2 statements published to {tmp_path / 'out'}\n") == (again.code, again.stdout)
    assert before == (tmp_path / "out" / FEBRUARY).read_bytes()
    assert 4 == len(recorded(tmp_path / "warehouse", str(tmp_path / "out")))


def test_a_period_that_is_not_closed_is_not_found(market: Run, tmp_path: Path) -> None:
    """Exit 3, and nothing is published."""
    outcome = market("publish", "--to=out", "--period=2026-03")

    assert (3, "") == (outcome.code, outcome.stdout)
    assert [] == _names(tmp_path / "out")


def test_a_close_publishes_what_was_issued_before_too(market: Run, tmp_path: Path) -> None:
    """The oldest first, then what it issues; it says so, and prints both as JSON."""
    outcome = market("close", "--due", APRIL, "--publish-to=out", "--json")

    assert ["2026-03"] == [close["period"] for close in outcome.json["closes"]]
    assert {"destination": str(tmp_path / "out"), "published": 6, "too_large": []} == (
        outcome.json["published"]
    )
    said = [line for line in outcome.stderr.splitlines() if line.startswith(("publ", "clos"))]
    to = f"to {tmp_path / 'out'}"
    assert [
        f"publishing the statements of 2026-01 {to}",
        f"publishing the statements of 2026-02 {to}",
        "closing 2026-03",
        f"publishing the statements of 2026-03 {to}",
    ] == said


@pytest.mark.parametrize("words", [["--due", MARCH], ["--period=2026-01"]], ids=" ".join)
def test_a_close_with_nothing_to_close_publishes_all_the_same(
    market: Run, tmp_path: Path, words: list[str]
) -> None:
    """Where nothing is due, and where the period was closed before."""
    outcome = market("close", *words, "--publish-to=out")

    assert 0 == outcome.code
    assert f"4 statements published to {tmp_path / 'out'}" in outcome.stdout
    assert 2 == len(_names(tmp_path / "out"))


def test_a_new_destination_gets_all(market: Run, tmp_path: Path) -> None:
    """What another has is not its own; `status` shows how far each is."""
    (tmp_path / "other").mkdir()
    market("publish", "--to=out")
    market("close", "--due", APRIL)
    market("publish", "--to=other")
    has = {"too_large": 0}

    assert {
        str(tmp_path / "other"): {"published": 6, "unpublished": 0} | has,
        str(tmp_path / "out"): {"published": 4, "unpublished": 2} | has,
    } == market("status", "--json").json["published"]
    assert "4 published, 0 too large, 2 unpublished" in market("status").stdout


def test_a_close_that_fails_publishes_what_closed_before_it(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two periods the second fails: the first one's statements go out; the failure is told."""
    passing = job._pass_gate

    def fail_in_april(*given: Any) -> Any:  # noqa: ANN401
        (closing,) = (one for one in given if isinstance(one, Closing))
        if closing.period.name == "2026-04":
            message = "the gate found something"
            raise ManyhandsError(message)
        return passing(*given)

    monkeypatch.setattr(job, "_pass_gate", fail_in_april)
    outcome = market("close", "--due", "--as-of=2026-05-01T00:00:00Z", "--publish-to=out")

    assert 1 == outcome.code
    assert "error: the gate found something" in outcome.stderr
    assert "statements-issued-2026-03.ndjson" in _names(tmp_path / "out")
    assert f"6 statements published to {tmp_path / 'out'}" in outcome.stdout


def test_a_dry_run_publishes_nothing(market: Run, tmp_path: Path) -> None:
    """Neither what is checked nor what was issued before."""
    outcome = market("close", "--due", APRIL, "--dry-run", "--publish-to=out")

    assert 0 == outcome.code
    assert [] == _names(tmp_path / "out")
    assert [] == recorded(tmp_path / "warehouse", str(tmp_path / "out"))


def test_nothing_is_closed_for_a_destination_that_is_missing(market: Run) -> None:
    """Exit 3, and the period is still due."""
    outcome = market("close", "--due", APRIL, "--publish-to=nowhere")

    assert (3, "") == (outcome.code, outcome.stdout)
    assert "nowhere: no such folder to publish to" in outcome.stderr
    assert ["2026-03"] == market("status", APRIL, "--json").json["due"]


def test_a_destination_is_a_setting_of_both_commands(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In `manyhands.toml`, before it the environment, before that the flag."""
    for name in ("toml", "environment", "flag"):
        (tmp_path / name).mkdir()
    (tmp_path / "manyhands.toml").write_text('publish-to = "toml"\n')
    by_file = market("close", "--due", MARCH)
    monkeypatch.setenv("MANYHANDS_PUBLISH_TO", "environment")
    by_environment = market("publish")
    by_flag = market("publish", "--to=flag")

    for outcome, name in ((by_file, "toml"), (by_environment, "environment"), (by_flag, "flag")):
        assert f"4 statements published to {tmp_path / name}\n" in outcome.stdout


def test_a_setting_is_switched_off_by_an_empty_flag(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close by hand can go without publishing."""
    monkeypatch.setenv("MANYHANDS_PUBLISH_TO", "out")
    outcome = market("close", "--due", MARCH, "--publish-to=")

    assert (0, "nothing is due\n") == (outcome.code, outcome.stdout)
    assert [] == _names(tmp_path / "out")


def test_one_publisher_sends_at_a_time(market: Run, tmp_path: Path) -> None:
    """A second one exits 75 before it closes or sends anything; the lock ends with the first."""
    with sqlite.only_publisher(Warehouse(tmp_path / "warehouse")):
        second = market("close", "--due", APRIL, "--publish-to=out")
    third = market("publish", "--to=out")

    assert (75, "") == (second.code, second.stdout)
    assert "another process publishes" in second.stderr
    assert (0, 4) == (third.code, len(recorded(tmp_path / "warehouse", str(tmp_path / "out"))))


def test_a_statement_that_was_edited_is_not_published(market: Run, tmp_path: Path) -> None:
    """Its bytes have to be those that were sealed; nothing of its period leaves."""
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute(
            "UPDATE warehouse.statement SET sealed = encode('{}')"
            " WHERE statement_id = '2026-02/ben'"
        )
    outcome = market("publish", "--to=out")

    assert (1, "") == (outcome.code, outcome.stdout)
    assert "2026-02/ben is not as it was sealed; restore it from a backup" in outcome.stderr
    assert ["statements-issued-2026-01.ndjson"] == _names(tmp_path / "out")
    assert 2 == len(recorded(tmp_path / "warehouse", str(tmp_path / "out")))


def test_a_file_of_before_a_restore_is_kept(market: Run, tmp_path: Path) -> None:
    """What was published then differs from what is issued now: exit 5, and nothing is closed."""
    (tmp_path / "out" / FEBRUARY).write_text("{}\n")
    outcome = market("close", "--due", APRIL, "--publish-to=out")

    assert (5, "") == (outcome.code, outcome.stdout)
    assert f"{FEBRUARY} holds other statements" in outcome.stderr
    assert "{}\n" == (tmp_path / "out" / FEBRUARY).read_text()
    assert ["2026-03"] == market("status", APRIL, "--json").json["due"]
