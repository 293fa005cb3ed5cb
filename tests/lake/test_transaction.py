"""What a commit names is on disk before it names it (SPEC §8, promise 1)."""

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.lake import disk
from pipelines.lake.catalogs.sqlite import CATALOG
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse
from tests.lake.sending import rows, send
from tests.marketplace import Events, small

Identity = tuple[int, int]
METADATA = "__ducklake_metadata_warehouse"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a warehouse with a log, and two dead letters in one file."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    send(tmp_path / "warehouse", [b"{", b"[", *small(Events("/first")).events])
    return tmp_path / "warehouse"


def _named(folder: Path) -> set[Path]:
    """Return the files that the catalog names, of rows and of deletions."""
    files = " UNION ALL ".join(
        f"SELECT schema.path || relation.path || file.path FROM {METADATA}.{kind} AS file"
        f" INNER JOIN {METADATA}.ducklake_table AS relation USING (table_id)"
        f" INNER JOIN {METADATA}.ducklake_schema AS schema USING (schema_id)"
        " WHERE file.path_is_relative AND relation.path_is_relative AND schema.path_is_relative"
        for kind in ("ducklake_data_file", "ducklake_delete_file")
    )
    found = {folder / "data" / path for (path,) in rows(folder, files)}
    assert all(path.is_file() for path in found)
    return found


def _identity(path: Path) -> Identity:
    return path.stat().st_dev, path.stat().st_ino


def test_a_commit_flushes_the_files_that_it_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, deletions and the folders they are in, as large as they stay, whatever their times."""
    before, fsync = _named(folder), os.fsync
    flushed: dict[Identity, int] = {}

    def record(descriptor: int) -> None:
        fsync(descriptor)
        found = os.fstat(descriptor)
        flushed[found.st_dev, found.st_ino] = found.st_size

    def age(path: Path, _folder: Path) -> None:
        os.utime(path, (1, 1))

    monkeypatch.setattr(os, "fsync", record)
    monkeypatch.setattr(disk, "follow", age)
    send(folder, [*small(Events("/second")).events, b"{}"])
    letters = "DELETE FROM warehouse.dead_letter WHERE origin_item = '1'"
    with connect(Warehouse(folder)) as connection:
        commit(connection, Warehouse(folder), lambda: connection.execute(letters))

    fresh = _named(folder) - before
    assert {"head", "event", "dead_letter", "attribution"} <= {path.parent.name for path in fresh}
    assert any("delete" in path.name for path in fresh)
    assert {1} == {path.stat().st_mtime for path in fresh}
    assert {path: path.stat().st_size for path in fresh} == {
        path: flushed.get(_identity(path)) for path in fresh
    }
    assert {_identity(path.parent) for path in fresh} <= flushed.keys()
    assert not {_identity(path) for path in before} & flushed.keys()


def test_what_cannot_be_flushed_is_not_committed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails ends the attempt; nothing of it counts, and the same again is taken."""
    before, events = _named(folder), small(Events("/second")).events

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            send(folder, events)

    assert before == _named(folder)
    assert (len(events), 0) == (send(folder, events).accepted, send(folder, events).accepted)


def test_a_folder_that_is_new_is_flushed_with_the_one_it_is_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB makes one where it is missing; its entry has to last too."""
    shutil.rmtree(folder / "data/main/licence_revoked")
    flushed: set[Identity] = set()
    fsync = os.fsync

    def record(descriptor: int) -> None:
        fsync(descriptor)
        flushed.add((os.fstat(descriptor).st_dev, os.fstat(descriptor).st_ino))

    monkeypatch.setattr(os, "fsync", record)
    events = Events("/second")
    data = {"licence_id": "L", "effective_at": "2026-02-01T00:00:00Z", "reason": "asked"}
    events.add("licence-revoked", data)
    send(folder, events.events)

    assert [("L",)] == rows(folder, "SELECT licence_id FROM licence_revoked")
    places = (folder / "data/main/licence_revoked", folder / "data/main")
    assert {_identity(place) for place in places} <= flushed


_SEND = """
import sys
from pathlib import Path
from tests.lake.sending import send
from tests.marketplace import Events, small
send(Path(sys.argv[1]), small(Events("/traced")).events)
"""


@pytest.mark.processes
def test_the_system_sees_files_flushed_before_the_catalog(folder: Path, tmp_path: Path) -> None:
    """By the calls of a process: each file of the commit, then the WAL that names them."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace isn't installed: apt-get install strace")
    before, trace = _named(folder), tmp_path / "trace"
    follow = [strace, "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    words = [sys.executable, "-c", _SEND, str(folder)]
    subprocess.run([*follow, *words], check=True, cwd=Path(__file__).parents[2])

    calls = re.findall(r"(?:fsync|fdatasync)\(\d+<([^>]*)>\)", trace.read_text())
    named = {str(path) for path in _named(folder) - before}
    wal = calls.index(f"{folder / CATALOG}-wal")
    assert named
    assert named <= set(calls[:wal])


@pytest.mark.usefixtures("made_anew")
def test_a_commit_makes_no_folder(folder: Path) -> None:
    """Every relation's is there from the start, so that none is its writer's alone."""
    with connect(Warehouse(folder)) as connection:
        stored = {
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse'"
            ).fetchall()
        }

    assert stored == {path.name for path in (folder / "data/main").iterdir()}
