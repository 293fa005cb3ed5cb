"""What a killed process leaves is removed by the next one, and nothing that is in use."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.ends import EndedError, Ending, ended_by_signals
from pipelines.lake import scratch
from pipelines.lake.scratch import HIDDEN, LOCK, TEMPORARY
from tests.conftest import run

_WAIT = """
import sys
from pathlib import Path
from pipelines.lake import scratch
with scratch.temporary() as one, scratch.beside(Path(sys.argv[1])) as other:
    (one / "within").mkdir()
    (other / "part").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for temporary files of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@contextmanager
def _waiting(path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process that has both kinds of folders until the context ends."""
    command = [sys.executable, "-c", _WAIT, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"ready\n" == process.stdout.readline()
        yield process
        process.kill()


def _left(tmp_path: Path, temporary: Path) -> list[str]:
    hidden = [path.name for path in tmp_path.iterdir() if path.name.startswith(HIDDEN)]
    return hidden + [path.name for path in temporary.iterdir()]


def test_what_a_killed_process_left_goes_with_the_next_start(
    tmp_path: Path, temporary: Path
) -> None:
    """Whatever is in it, among the temporary files and beside what was being made."""
    with _waiting(tmp_path / "warehouse") as process:
        process.kill()
    assert 2 == len(_left(tmp_path, temporary))

    with scratch.temporary(), scratch.beside(tmp_path / "warehouse"):
        assert 2 == len(_left(tmp_path, temporary))
    assert [] == _left(tmp_path, temporary)


def test_what_a_living_process_uses_stays(tmp_path: Path, temporary: Path) -> None:
    """However often others start meanwhile; also what this process has open itself."""
    with _waiting(tmp_path / "warehouse"), scratch.temporary() as own:
        before = {*_left(tmp_path, temporary)}
        with scratch.temporary(), scratch.beside(tmp_path / "warehouse"):
            assert before < {*_left(tmp_path, temporary)}
        assert before == {*_left(tmp_path, temporary)}
        assert own.is_dir()


def test_what_is_not_ours_stays(tmp_path: Path, temporary: Path) -> None:
    """A folder of such a name without our lock is somebody else's."""
    (temporary / f"{TEMPORARY}archive/data").mkdir(parents=True)
    (tmp_path / f"{HIDDEN}archive").mkdir()

    with scratch.temporary(), scratch.beside(tmp_path / "warehouse"):
        pass

    assert [f"{HIDDEN}archive", f"{TEMPORARY}archive"] == _left(tmp_path, temporary)


def test_every_place_is_tidied_by_a_command(tmp_path: Path, temporary: Path) -> None:
    """Beside the warehouse, in it, among its manifests and verdicts, and temporary files."""
    warehouse = tmp_path / "warehouse"
    assert 0 == run(["init", f"--warehouse={warehouse}"]).code
    kept = (warehouse / name for name in ("manifests", "gate", "staged"))
    places = [tmp_path, warehouse, *kept]
    for number, place in enumerate(places):
        (place / f"{HIDDEN}{number}").mkdir()
        (place / f"{HIDDEN}{number}" / LOCK).touch()
    (temporary / f"{TEMPORARY}0").mkdir()
    (temporary / f"{TEMPORARY}0" / LOCK).touch()

    (tmp_path / "a.ndjson").write_text("{}\n")
    ended = run(["ingest", str(tmp_path / "a.ndjson"), f"--warehouse={warehouse}"])

    assert 0 == ended.code
    assert [] == [path for path in tmp_path.rglob("*anyhands-[0-9]*") if path.is_dir()]


def test_a_signal_while_a_folder_is_removed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the command when the folder is gone, not in between."""
    remove = shutil.rmtree

    def struck(*arguments: Any, **named: Any) -> None:  # noqa: ANN401  as shutil has it
        signal.raise_signal(signal.SIGTERM)
        remove(*arguments, **named)

    monkeypatch.setattr(shutil, "rmtree", struck)
    ending = Ending()
    with (
        ended_by_signals(ending),
        pytest.raises(EndedError),
        scratch.temporary(str(tmp_path)) as made,
    ):
        (made / "file").touch()

    assert ("SIGTERM", []) == (ending.name, list(tmp_path.iterdir()))
