"""A catalog is copied by its bytes: what was committed at one moment, whoever writes meanwhile."""

import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.lake import log, reading
from pipelines.lake.catalogs import sqlite_copy
from pipelines.lake.catalogs.sqlite import CATALOG
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.everyday import one_of
from tests.lake.sending import rows, send
from tests.marketplace import Events
from tests.outputs.stored import bytes_of

PAGE = 4096
"""Bytes of a page of the catalog."""

_COMMIT = """
import os, sys
from pathlib import Path
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
folder, commits, end = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with connect(Warehouse(folder)) as connection:
    for _ in range(commits):
        connection.execute("BEGIN")
        connection.execute("UPDATE warehouse.head SET seq = seq + 1")
        connection.execute("INSERT INTO warehouse.contributor (contributor_id, seq)"
                           " SELECT seq::VARCHAR, seq FROM warehouse.head")
        connection.execute("COMMIT")
    print("committed", flush=True)
    if end == "killed":
        connection.execute("BEGIN")
        connection.execute("UPDATE warehouse.head SET seq = -1")
        os.kill(os.getpid(), 9)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _commit(folder: Path, commits: int, end: str = "closed") -> None:
    """Commit in a process of its own: each commit moves the head and adds a row with it."""
    command = [sys.executable, "-c", _COMMIT, str(folder), str(commits), end]
    subprocess.run(command, check=end == "closed", stdout=subprocess.DEVNULL)


_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute(line).fetchall()
    print("done", flush=True)
"""


_CONTENT = """
import hashlib, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
text = "\\n".join([*connection.iterdump(), *map(str, connection.execute("PRAGMA quick_check"))])
print(hashlib.sha256(text.encode()).hexdigest())
"""


def _content(catalog: Path) -> str:
    """Return a digest of all that a catalog holds, by SQLite's own word."""
    command = [sys.executable, "-c", _CONTENT, str(catalog)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def _holder(folder: Path) -> Iterator[Callable[[str], None]]:
    """Have the catalog open in another process, so that its WAL stays; return what runs SQL there.

    A WAL is begun anew by `PRAGMA wal_checkpoint(RESTART)` and the write after it.
    """
    command = [sys.executable, "-c", _HOLD, str(folder / CATALOG)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def execute(statement: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            print(statement, file=process.stdin, flush=True)
            assert "done\n" == process.stdout.readline()

        execute("SELECT count(*) FROM sqlite_master")
        yield execute
        process.communicate()


def _nobody(_statement: str) -> None:
    """Nobody else has it open."""


def _heads(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    query = (
        "SELECT (SELECT seq FROM warehouse.head), count(*), count(DISTINCT seq)"
        " FROM warehouse.contributor"
    )
    ((head, found, different),) = connection.execute(query).fetchall()
    return head, found, different


def _read(folder: Path) -> tuple[int, int, int]:
    with reading.connect(Warehouse(folder)) as connection:
        return _heads(connection)


@pytest.mark.processes
def test_a_copy_has_what_a_killed_writer_had_committed(folder: Path) -> None:
    """It stands in the WAL only; reading leaves that, and all else, as it is."""
    with _holder(folder):
        _commit(folder, 3, "killed")
        before = bytes_of(folder)

        assert before[f"{CATALOG}-wal"]
        assert (3, 3, 3) == _read(folder)
        assert before == bytes_of(folder)


@pytest.mark.processes
def test_a_copy_needs_no_sidecars(folder: Path) -> None:
    """Where nobody has the catalog open there are none, and none are made."""
    _commit(folder, 2)
    before = bytes_of(folder)

    assert (2, 2, 2) == _read(folder)
    assert before == bytes_of(folder)
    assert {CATALOG} == {path.name for path in folder.iterdir() if path.is_file()}


def _page_amid_changes(folder: Path) -> int:
    """Commit, and return the number of a page with others that changed before and after it."""
    before = (folder / CATALOG).read_bytes()
    _commit(folder, 1)
    after = (folder / CATALOG).read_bytes()
    starts = range(0, len(before), PAGE)
    changed = [at // PAGE for at in starts if before[at : at + PAGE] != after[at : at + PAGE]]
    assert len(changed) > 2
    return changed[len(changed) // 2]


@pytest.mark.processes
@pytest.mark.parametrize("part", ["main file", "WAL"])
@pytest.mark.parametrize(
    "meanwhile", one_of(2, ["commits", "commits and checkpoints", "nobody has it open"])
)
def test_a_commit_in_the_middle_is_seen_whole_or_not_at_all(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, meanwhile: str
) -> None:
    """Also where it changes the file that is being copied, or begins the WAL anew."""
    where = _page_amid_changes(folder) if part == "main file" else 1
    blocks, changed = sqlite_copy._blocks, list[str]()
    watched = str(folder / CATALOG) + ("-wal" if part == "WAL" else "")

    states: list[str] = []

    def change(execute: Callable[[str], None]) -> None:
        _commit(folder, 1)
        states.append(_content(folder / CATALOG))
        if meanwhile == "commits and checkpoints":
            execute("PRAGMA wal_checkpoint(RESTART)")
            _commit(folder, 1)
            states.append(_content(folder / CATALOG))

    nobody = nullcontext(_nobody)
    with nobody if meanwhile == "nobody has it open" else _holder(folder) as execute:
        _commit(folder, 1)
        states.append(_content(folder / CATALOG))

        def changing(path: str) -> Iterator[bytes]:
            for number, block in enumerate(blocks(path)):
                yield block
                if number == where and path == watched and not changed:
                    changed.append(path)
                    change(execute)

        monkeypatch.setattr(sqlite_copy, "_BLOCK", PAGE)
        monkeypatch.setattr(sqlite_copy, "PATIENCE_S", 60)
        monkeypatch.setattr(sqlite_copy, "_blocks", changing)
        assert sqlite_copy.copied(str(folder / CATALOG), str(tmp_path / CATALOG))

    assert _content(tmp_path / CATALOG) in states


@pytest.mark.processes
@pytest.mark.parametrize("is_held", [False, True])
def test_every_copy_beside_a_writer_is_of_one_moment(folder: Path, *, is_held: bool) -> None:
    """The head, and the rows that came with it, are of one commit, and never an earlier one."""
    seen = [(0, 0, 0)]
    with _holder(folder) if is_held else nullcontext(_nobody) as execute:
        command = [sys.executable, "-c", _COMMIT, str(folder), "40", "closed"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as writer:
            while writer.poll() is None:
                seen.append(_read(folder))
                execute("PRAGMA wal_checkpoint(PASSIVE)")
        assert 0 == writer.returncode

    assert (40, 40, 40) == _read(folder)
    assert sorted(seen) == seen
    assert all(head == found == different for head, found, different in seen)
    assert len(set(seen)) > 3


_SEND = """
import sys
from pathlib import Path
from tests.lake.sending import send
from tests.lake.test_sqlite_copy import sales
for number in range(int(sys.argv[3])):
    send(Path(sys.argv[1]), sales(f"{sys.argv[2]}-{number}", 5))
"""


def sales(name: str, count: int) -> list[dict[str, Any]]:
    """Return sales with ids of their own."""
    events = Events(f"/{name}")
    for _ in range(count):
        events.generation("1", "1")
    return events.events


@pytest.mark.processes
@pytest.mark.long
def test_a_process_may_read_while_it_writes_beside_another_writer(folder: Path) -> None:
    """No error in either, and nothing lost: reading drops none of this process's locks."""
    done, failures, read = threading.Event(), [], []

    def look() -> None:
        while not done.is_set():
            try:
                read.append(_head(folder))
            except ManyhandsError as error:
                failures.append(error)

    reader = threading.Thread(target=look)
    command = [sys.executable, "-c", _SEND, str(folder), "other", "5"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as other:
        reader.start()
        for number in range(5):
            send(folder, sales(f"own-{number}", 5))
        other.wait()
        done.set()
        reader.join()

    assert (0, []) == (other.returncode, failures)
    assert [(50, 50, 50)] == rows(
        folder, "SELECT count(*), count(DISTINCT (source, id)), max(seq) FROM event"
    )
    assert sorted(read) == read
    assert len(set(read)) > 3


def _head(folder: Path) -> int:
    with reading.connect(Warehouse(folder)) as connection:
        return log.head(connection)


# where it can't be


def test_a_catalog_that_never_rests_is_busy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit 75, after a while: here a rollback journal says that it is being written."""
    monkeypatch.setattr(sqlite_copy, "PATIENCE_S", 0.5)
    (folder / f"{CATALOG}-journal").touch()

    with pytest.raises(TryAgainError, match="busy"):
        _read(folder)


def test_a_damaged_catalog_is_told_as_such(folder: Path) -> None:
    """The message names the catalog, not the copy of it, and says what to do."""
    catalog = folder / CATALOG
    catalog.write_bytes(catalog.read_bytes()[: catalog.stat().st_size // 2])

    with (
        pytest.raises(ManyhandsError, match=f"{catalog} is damaged.*restore it"),
        connect(Warehouse(folder)),
    ):
        pass
    with pytest.raises(ManyhandsError, match=f"{catalog} is damaged.*restore it"):
        _read(folder)


@pytest.mark.processes
def test_a_full_disk_is_the_copys_not_the_catalogs(folder: Path) -> None:
    """The message names the folder for temporary files, and how to choose another."""
    words = ["status", f"--warehouse={folder}"]
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14)),
    )

    assert (1, 1) == (ended.returncode, len(ended.stderr.splitlines()))
    assert "TMPDIR" in ended.stderr
