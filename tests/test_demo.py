"""The demo: what it shows, and what it leaves alone."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.demo import MARKER, SOURCES
from pipelines.lake.catalogs.sqlite import EXTENSION
from pipelines.lake.engine import load_extensions
from schemas.events import EVENT_TYPES
from tests.conftest import Outcome, Run, run
from tests.emulator import Emulator

DIGESTS = (
    "6e9554926e1991897ce95d9169f634365d04a35792477985642fadf5600b518f",
    "ddf7882c768bd525654b0e79b0b0a38327b58b57c74f126aa4de0513dc1ecc9f",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Go to an empty folder to work in."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("demo")
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def shown(place: Path) -> Outcome:
    """Run the demo where there is nothing yet."""
    assert [] == list(place.iterdir())
    return run(["demo"])


def _commands(shown: Outcome) -> list[list[str]]:
    lines = (line.strip() for line in shown.stdout.splitlines())
    return [shlex.split(line)[1:] for line in lines if line.startswith("manyhands ")]


def test_the_demo_prints_the_digest_of_each_close_a_statement_and_what_is_held(
    shown: Outcome,
) -> None:
    """Both digests are those of every run, and each reason held has its words."""
    assert 0 == shown.code, shown.stderr
    assert [True, True] == [digest in shown.stdout for digest in DIGESTS]
    assert "2026-11/ben" in shown.stdout
    assert "unlicensed_image            USD       118.514999  the developer had" in shown.stdout


@pytest.mark.thorough
def test_what_the_demo_says_to_try_next_works(shown: Outcome) -> None:
    """Each command that it names ends well and says something."""
    outcomes = [run(words) for words in _commands(shown)]

    assert [(0, True)] * 12 == [(outcome.code, outcome.stdout != "") for outcome in outcomes]


def test_a_person_reads_what_an_image_earned(shown: Outcome, place: Path) -> None:
    """As a process of its own, the first lines are in plain words, and the last says equal."""
    command = [str(Path(sys.executable).with_name("manyhands")), "explain", "harbour"]
    warehouse = f"--warehouse={place / 'demo-warehouse'}"
    said = subprocess.run([*command, warehouse], check=True, capture_output=True, text=True)

    assert 0 == shown.code
    lines = said.stdout.splitlines()
    assert lines[0] == (
        "harbour earned 326.028335 USD up to 2026-11, with what is held of it: 53.40 USD by"
        " licences, 228.75 USD by training, 43.878335 USD by what was generated."
    )
    assert "Trained on it with a licence: dream@1, postcard@1." == lines[1]
    assert lines[-1].endswith(": equal.")


def test_the_demo_attaches_from_where_it_ran(shown: Outcome, place: Path) -> None:
    """The lines that it prints open the warehouse from the folder it ran in."""
    attach = shown.stdout[shown.stdout.index("ATTACH") :]
    with duckdb.connect() as connection:
        load_extensions(connection, EXTENSION)
        connection.execute(attach)
        closes = connection.execute("SELECT digest FROM manyhands.period_close").fetchall()

    assert set(DIGESTS) == {digest for (digest,) in closes}
    assert place == Path.cwd()


@pytest.mark.long
def test_the_demo_makes_its_folder_anew_with_the_same_digests(shown: Outcome, place: Path) -> None:
    """What was added since is gone, and in another process everything comes out the same."""
    (place / "demo-warehouse" / "added").touch()
    command = [str(Path(sys.executable).with_name("manyhands")), "demo"]
    again = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True)

    assert shown.stdout == again.stdout
    assert not (place / "demo-warehouse" / "added").exists()
    assert ["demo-warehouse"] == [path.name for path in place.iterdir()]


def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(manyhands: Run, tmp_path: Path) -> None:
    """Exit 5, and the folder is as it was: a warehouse of somebody's, too."""
    folder = tmp_path / "demo-warehouse"
    manyhands("init", f"--warehouse={folder}")
    before = sorted(folder.rglob("*"))
    refused = manyhands("demo")

    assert 5 == refused.code
    assert "was not made by the demo" in refused.stderr
    assert before == sorted(folder.rglob("*"))
    assert ["demo-warehouse"] == [path.name for path in tmp_path.iterdir()]


def test_the_demo_follows_no_link_to_another_folder(manyhands: Run, tmp_path: Path) -> None:
    """A link is refused with exit 5 even where the folder behind it has the demo's marker."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARKER).touch()
    (tmp_path / "demo-warehouse").symlink_to(elsewhere)

    assert 5 == manyhands("demo").code
    assert (elsewhere / MARKER).exists()


def test_the_demo_takes_no_other_warehouse(manyhands: Run, tmp_path: Path) -> None:
    """A warehouse named on the command line is a usage error, and nothing is made."""
    outcome = manyhands("--warehouse=other", "demo")

    assert 2 == outcome.code
    assert [] == list(tmp_path.iterdir())


def _sent() -> list[dict[str, Any]]:
    files = sorted(SOURCES.glob("*.ndjson"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def test_the_demo_sends_an_event_of_every_type() -> None:
    """Its files are examples of all that can be sent."""
    assert set(EVENT_TYPES) == {event["type"] for event in _sent()}


def test_every_event_of_the_demo_says_what_it_shows() -> None:
    """In an extension attribute, which never counts: what is sent twice has two comments."""
    comments = [event["comment"] for event in _sent()]

    assert len(comments) == len(set(comments))
    assert [] == [comment for comment in comments if not comment.endswith(".")]


def test_the_demo_says_why_it_needs_a_time(shown: Outcome) -> None:
    """Its events have fixed dates, which no clock is near for long."""
    assert "--as-of is needed because these events have fixed dates" in shown.stdout


def test_the_demo_streams_to_the_same_digests(
    manyhands: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events come over Pub/Sub, and every statement leaves over it, its bytes unchanged."""
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    without = manyhands("demo", "--stream")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)

    ended = manyhands("demo", "--stream")

    assert (2, True) == (without.code, "start one" in without.stderr)
    assert 0 == ended.code, ended.stderr
    assert [True, True] == [digest in ended.stdout for digest in DIGESTS]
    assert "1 duplicate, 1 conflict, 1 rejected" in ended.stdout
    assert "All 7 statements were published and received." in ended.stdout
    sealed = next(line for line in ended.stdout.splitlines() if line.startswith("{"))
    assert f"ce-id               {sha256(sealed.encode()).hexdigest()}" in ended.stdout
