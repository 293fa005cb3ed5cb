"""Commands started in a folder that can't be entered, or that is gone."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.processes

MANYHANDS = str(Path(sys.executable).with_name("manyhands"))

WITHOUT_ROOTS_RIGHTS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-all",
]
"""Starts a program of root's as one that may only what the files' modes say."""

AS_A_USER = WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []


@pytest.fixture
def warehouse(manyhands: Run, tmp_path: Path) -> Path:
    """Make an empty warehouse, and give its full path."""
    assert 0 == manyhands("init").code
    return tmp_path / "warehouse"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Return a folder to be in, that can be deleted afterwards."""
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    if folder.exists():
        folder.chmod(0o700)


def _start(
    folder: Path, spoil: Callable[[], None], *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder that is spoilt once the process is in it."""

    def enter() -> None:
        os.chdir(folder)
        spoil()

    variables = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(
        [*AS_A_USER, MANYHANDS, *words],
        env=variables | {"PWD": str(folder)},
        preexec_fn=enter,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_that_cannot_be_entered_holds_no_settings(warehouse: Path, place: Path) -> None:
    """Where the flags suffice a command works in it, whatever it holds."""
    (place / "manyhands.toml").write_text("no setting at all")
    done = _start(place, lambda: place.chmod(0), "status", "--warehouse", str(warehouse))

    assert (0, "") == (done.returncode, done.stderr)


def test_a_folder_that_is_gone_holds_no_settings(warehouse: Path, place: Path) -> None:
    """So do commands that were started in a folder since deleted."""
    done = _start(place, place.rmdir, "status", "--warehouse", str(warehouse))

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("words", [["status"], ["init"], ["ingest", "x.ndjson"], ["demo"]], ids=str)
@pytest.mark.parametrize("gone", [False, True], ids=["closed", "gone"])
def test_what_is_looked_for_in_such_a_folder_is_told_with_its_name(
    place: Path,
    words: list[str],
    gone: bool,  # noqa: FBT001  a parameter of a test
) -> None:
    """The default warehouse is one of the current folder's."""
    done = _start(place, place.rmdir if gone else lambda: place.chmod(0), *words)

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert str(place) in done.stderr


def test_a_file_that_cannot_be_looked_for_is_told_with_its_folder(
    warehouse: Path, place: Path
) -> None:
    """Where only a source or a target is named from the current folder on."""
    words = ["ingest", "x.ndjson", "--warehouse", str(warehouse)]
    done = _start(place, lambda: place.chmod(0), *words)

    assert 1 == done.returncode
    assert str(place / "x.ndjson") in done.stderr


def test_settings_that_are_there_and_cannot_be_read_are_an_error(
    warehouse: Path, place: Path
) -> None:
    """They may say something else than the flags; the message names the file in full."""
    file = place / "manyhands.toml"
    file.touch(0)
    done = _start(place, lambda: None, "status", "--warehouse", str(warehouse))

    assert 1 == done.returncode
    assert f"{file}: Permission denied" in done.stderr
