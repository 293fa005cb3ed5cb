"""What the engine fails with is told by what it is, and with what to do (SPEC §7.3, §8)."""

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.lake import faults, transaction
from pipelines.lake.catalogs import sqlite
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Outcome, run
from tests.lake.holding import catalog_held
from tests.lake.sending import send
from tests.marketplace import Events, small

AS_OF = "--as-of=2026-03-01T00:00:00Z"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with a small marketplace's log."""
    folder = tmp_path_factory.mktemp("faults") / "sound"
    create(Warehouse(folder), Setting())
    send(folder, small(Events()).events)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """Copy the warehouse, to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "warehouse"))


def _one(folder: Path, relation: str) -> Path:
    return max((folder / "data/main" / relation).iterdir(), key=lambda path: path.stat().st_mtime)


# a data file that can't be read

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda whole: whole[: len(whole) // 2],
    "zeros": lambda whole: bytes(len(whole)),
    "zeros at first": lambda whole: bytes(len(whole) // 2) + whole[len(whole) // 2 :],
    "noise at last": lambda whole: whole[:-80] + b"\7" * 72 + whole[-8:],
    "no page": lambda whole: whole[:4] + b"\xff" * 40 + whole[44:],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "command", [["close", "--period=2026-01", AS_OF], ["query", "SELECT * FROM image_licensed"]]
)
def test_a_damaged_file_is_to_be_restored(folder: Path, command: list[str], damage: str) -> None:
    """It is named, and never does the message advise to reverse an event, which moves money."""
    path = _one(folder, "image_licensed")
    path.write_bytes(DAMAGES[damage](path.read_bytes()))

    ended = run([*command, f"--warehouse={folder}"])

    message = ended.stderr.splitlines()[-1]
    assert 1 == ended.code, ended.stderr
    assert f"{path} is damaged" in message
    assert "restore it from a backup" in message
    assert "reverse" not in message
    assert "out of range" not in ended.stderr


def test_a_setting_of_zeros_stops_every_command(folder: Path) -> None:
    """As a power cut could leave it: nothing is acknowledged before it is restored."""
    path = _one(folder, "setting")
    path.write_bytes(bytes(path.stat().st_size))
    source = small(Events("/more")).write(folder.parent / "a.ndjson")

    for command in (["ingest", source, AS_OF], ["status"], ["close", "--due", AS_OF]):
        ended = run([*command, f"--warehouse={folder}"])
        assert 1 == ended.code
        assert f"{path} is damaged" in ended.stderr


def test_a_missing_file_is_said_to_be_missing(folder: Path) -> None:
    """It is to be restored, too."""
    path = _one(folder, "event")
    path.unlink()

    ended = run(["query", "SELECT max(body) FROM event", f"--warehouse={folder}"])

    assert 1 == ended.code
    assert f"{path} is missing" in ended.stderr
    assert "restore it from a backup" in ended.stderr


# a disk that is full


def _limited(words: list[str], which: int, most: int) -> Outcome:
    """Run a command in a process that a limit of the system holds for."""
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(which, (most, most)),
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.processes
@pytest.mark.parametrize("most", [4_096, 40_000, 100_000])
def test_a_disk_that_is_full_is_named_by_init(tmp_path: Path, most: int) -> None:
    """The folder, in words of ours; and nothing half-made is left."""
    ended = _limited(["init", f"--warehouse={tmp_path / 'w'}"], resource.RLIMIT_FSIZE, most)

    assert (1, 1) == (ended.code, len(ended.stderr.splitlines())), ended.stderr
    assert f"{tmp_path}: its disk is full" in ended.stderr
    assert "make room" in ended.stderr
    assert "Failed" not in ended.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.processes
def test_a_disk_that_is_full_is_named_by_ingest(folder: Path) -> None:
    """The same command goes on where there is room."""
    source = small(Events("/more")).write(folder.parent / "a.ndjson")
    words = ["ingest", source, AS_OF, f"--warehouse={folder}"]

    full = _limited(words, resource.RLIMIT_FSIZE, 20_000)

    assert 1 == full.code
    assert f"{folder}: its disk is full" in full.stderr
    assert "Failed" not in full.stderr
    assert 0 == run(words).code


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_is_full_is_named_whoever_finds_it(tmp_path: Path, number: int) -> None:
    """A file of ours that finds no room is told as one of the engine's."""
    with (
        pytest.raises(ManyhandsError, match=r"its disk is full \(.*\); make room"),
        faults.full_disk_named(Warehouse(tmp_path)),
    ):
        raise OSError(number, os.strerror(number))


# memory


def test_too_little_memory_names_the_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the limit, and can't be spilled, ends with what to set."""
    monkeypatch.setenv("MANYHANDS_MEMORY_LIMIT", "64MiB")
    ended = run(["query", "SELECT list(range) FROM range(100000000)", f"--warehouse={folder}"])

    assert (1, 1) == (ended.code, len(ended.stderr.splitlines())), ended.stderr
    assert "64 MiB of memory are not enough" in ended.stderr
    assert "set MANYHANDS_MEMORY_LIMIT higher" in ended.stderr


@pytest.mark.processes
@pytest.mark.parametrize("most", [300, 1200, 3100])
def test_a_process_with_little_memory_ends_with_a_message(folder: Path, most: int) -> None:
    """`ulimit -v` (in MiB here) neither kills it without a word nor ends in the engine's text."""
    ended = _limited(["status", f"--warehouse={folder}"], resource.RLIMIT_AS, most << 20)

    assert 0 == ended.code or ((1, True) == (ended.code, "ulimit -v" in ended.stderr)), ended


# the kinds, by their types


@pytest.mark.parametrize(
    "error",
    [
        duckdb.TransactionException("Failed to commit: database is locked"),
        duckdb.TransactionException("Transaction conflict - attempting to insert"),
        duckdb.Error("Failed to probe DuckLake metadata: database is locked"),
    ],
)
def test_a_busy_catalog_is_for_later(error: duckdb.Error, tmp_path: Path) -> None:
    """Exit 75, and the warehouse's folder."""
    told = faults.explain(error, Warehouse(tmp_path))

    assert TryAgainError is type(told)
    assert f"{tmp_path}: the catalog is busy; run the command again later" == str(told)


@pytest.mark.processes
def test_a_catalog_that_another_process_holds_is_for_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest says so and ends with 75; the same one goes on when the other is gone."""
    monkeypatch.setattr(transaction, "PATIENCE_S", 0)
    source = small(Events("/more")).write(folder.parent / "a.ndjson")
    words = ["ingest", source, AS_OF, f"--warehouse={folder}"]
    with catalog_held(folder):
        held = run(words)

    assert 75 == held.code, held.stderr
    assert f"{folder}: the catalog is busy; run the command again later" in held.stderr
    assert 0 == run(words).code


def test_words_of_a_query_make_no_busy_catalog(folder: Path) -> None:
    """Only a transaction's error speaks of a conflict in earnest."""
    ended = run(["query", "SELECT * FROM conflict", f"--warehouse={folder}"])

    assert 2 == ended.code
    assert not sqlite.is_busy(duckdb.InvalidInputException("a conflict"))


def test_a_number_that_does_not_fit_is_no_damage(folder: Path) -> None:
    """Its message names what it is of, and the event is to be reversed."""
    with (
        pytest.raises(ManyhandsError, match=r"out of range: pool_part: .*reverse the event"),
        connect(Warehouse(folder)) as connection,
        faults.overflow_named("pool_part"),
    ):
        connection.execute("SELECT (9223372036854775807 + seq)::BIGINT FROM warehouse.event")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('Could not write file "/w/data/x.parquet": No space left on device', "/w/data: its disk"),
        ('Could not write file "/w/data/x.parquet": Input/output error', "full or failing"),
        ('Could not read from file "/w/data/x.parquet": Input/output error', "full or failing"),
        ('Cannot open file "/w/data/x.parquet": Too many open files', "ulimit -n"),
    ],
)
def test_a_file_is_damaged_by_its_content_only(text: str, told: str, tmp_path: Path) -> None:
    """What the system refuses to read or write isn't to be restored."""
    message = str(faults.explain(duckdb.IOException(text), Warehouse(tmp_path)))

    assert told in message
    assert "restore" not in message


def test_what_is_of_no_kind_loses_the_words_around_it(tmp_path: Path) -> None:
    """Where in the engine it was is for `--debug`."""
    error = duckdb.Error("Failed to probe DuckLake metadata: something new")

    told = str(faults.explain(error, Warehouse(tmp_path)))

    assert f"{tmp_path}: something new; run it again with --debug to see where" == told
