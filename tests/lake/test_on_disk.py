"""What counts is on disk first, by the calls that the system sees (SPEC §8, promise 1)."""

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import run
from tests.marketplace import Events, small

pytestmark = pytest.mark.processes

AS_OF = "--as-of=2026-03-01T00:00:00Z"

Call = tuple[str, str]
"""`flush` and the path, or `rename` and the new path."""

_CALL = re.compile(
    r"""f(?:data)?sync\(\d+<(?P<flush>[^>]*)>|rename(?:at2?)?\(.*"(?P<rename>[^"]*)"[^"]*$"""
)


def _traced(tmp_path: Path, *words: str) -> list[Call]:
    """Run a command and return what it flushed and renamed, in order."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace isn't installed: apt-get install strace")
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2"
    follow = [
        strace,
        "-f",
        "-y",
        "-qq",
        "--seccomp-bpf",
        "-s",
        "4096",
        "-e",
        calls,
        "-o",
        str(trace),
    ]
    subprocess.run([*follow, sys.executable, "-m", "pipelines.cli", *words], check=True)
    return [
        (kind, path)
        for line in trace.read_text().splitlines()
        if (found := _CALL.search(line))
        for kind, path in found.groupdict().items()
        if path
    ]


def _flushed(calls: list[Call]) -> set[str]:
    return {path for kind, path in calls if kind == "flush"}


def _within(paths: set[str], part: str) -> set[str]:
    """Return the paths below `part`, from there on."""
    return {path.partition(part)[2] for path in paths if part in path}


def _named(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Make a warehouse with a small marketplace's log, untraced."""
    folder, source = tmp_path / "warehouse", small(Events()).write(tmp_path / "small.ndjson")
    assert 0 == run(["ingest", source, f"--warehouse={folder}", AS_OF]).code
    return folder


def test_a_new_warehouse_is_on_disk_before_it_has_its_name(tmp_path: Path) -> None:
    """All files and folders of it; then the folder it is in, and those that were made for it."""
    folder = tmp_path / "above/further/warehouse"
    calls = _traced(tmp_path, "init", f"--warehouse={folder}")

    named = calls.index(("rename", str(folder)))
    assert _named(folder) <= _within(_flushed(calls[:named]), "/warehouse/")
    assert {str(path) for path in (folder.parent, tmp_path / "above", tmp_path)} <= _flushed(
        calls[named:]
    )


def test_an_empty_folder_becomes_a_warehouse_once_all_of_it_is_on_disk(tmp_path: Path) -> None:
    """The catalog, which makes it one, is moved last, and the folder flushed after it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    calls = _traced(tmp_path, "init", f"--warehouse={folder}")

    renamed = [path for kind, path in calls if kind == "rename"]
    named = calls.index(("rename", str(folder / "catalog.sqlite")))
    assert str(folder / "catalog.sqlite") == renamed[-1]
    first = calls.index(("rename", str(folder / "data")))
    assert _named(folder) <= _within(_flushed(calls[:first]), "/warehouse/")
    assert str(folder) in _flushed(calls[named:])


@pytest.mark.parametrize("is_there", [False, True], ids=["first", "later"])
def test_a_batch_is_on_disk_before_the_catalog_names_it(tmp_path: Path, *, is_there: bool) -> None:
    """Each data file and its folder, then the catalog's WAL."""
    folder = tmp_path / "warehouse"
    on = [f"--warehouse={folder}", AS_OF]
    if is_there:
        source = small(Events()).write(tmp_path / "small.ndjson")
        assert 0 == run(["ingest", source, *on]).code
    before = _data(folder)
    calls = _traced(tmp_path, "ingest", small(Events("/b")).write(tmp_path / "b.ndjson"), *on)

    wal = calls.index(("flush", f"{folder}/catalog.sqlite-wal"))
    fresh = {path.removeprefix(f"{folder}/") for path in _data(folder) - before}
    folders = {str(Path(path).parent) for path in fresh}
    assert {"data/main/event", "data/main/asset_generated", "data/main/head"} <= folders
    assert fresh | folders <= _within(_flushed(calls[:wal]), "/warehouse/")


def _data(folder: Path) -> set[str]:
    return {str(path) for path in (folder / "data").rglob("*.parquet")}


def test_a_manifest_is_on_disk_before_the_catalog_names_it(tmp_path: Path, warehouse: Path) -> None:
    """The copy and its rows before they have their names, their folder before the commit."""
    content = b'{"image_id":"i"}\n'
    (tmp_path / "m").write_bytes(content)
    digest = sha256(content).hexdigest()
    events = Events("/m")
    events.model("v9", {"uri": "m", "sha256": digest, "rows": 1})
    shutil.rmtree(warehouse / "manifests")
    source, roots = events.write(tmp_path / "m.ndjson"), f"--manifest-roots={tmp_path}"
    calls = _traced(tmp_path, "ingest", source, roots, f"--warehouse={warehouse}", AS_OF)

    copies = warehouse / "manifests"
    wal = calls.index(("flush", f"{warehouse}/catalog.sqlite-wal"))
    for name in (digest, f"{digest}.parquet"):
        named = calls.index(("rename", str(copies / name)))
        assert any(path.endswith(f"/{name}") for path in _flushed(calls[:named]))
        assert str(copies) in _flushed(calls[named:wal])
    assert str(warehouse) in _flushed(calls[:wal])


def test_a_close_is_on_disk_before_it_is_issued(tmp_path: Path, warehouse: Path) -> None:
    """Its data files, and what the gate said of it, before the catalog's WAL."""
    before = _data(warehouse)
    calls = _traced(tmp_path, "close", "--period=2026-01", f"--warehouse={warehouse}", AS_OF)

    wal = calls.index(("flush", f"{warehouse}/catalog.sqlite-wal"))
    fresh = _data(warehouse) - before
    verdict = calls.index(("rename", f"{warehouse}/gate/2026-01.json"))
    assert {"statement", "period_close", "event"} <= {Path(path).parent.name for path in fresh}
    assert fresh | {str(Path(path).parent) for path in fresh} <= _flushed(calls[:wal])
    assert verdict < wal
    assert f"{warehouse}/gate" in _flushed(calls[verdict:wal])
