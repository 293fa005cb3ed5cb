"""A warehouse is shared as its folder is, and a missing right is told (docs/operating.md)."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.ingest.manifests import Manifests
from pipelines.lake import rights
from pipelines.lake.catalogs import sqlite_making
from pipelines.lake.catalogs.sqlite import CATALOG, exists
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.lake.sending import send
from tests.lake.users import COLLEAGUE, OWNER, STRANGER, TEAM, as_user, folder_for_users
from tests.marketplace import Events, small
from tests.outputs.stored import bytes_of

pytestmark = pytest.mark.usefixtures("made_anew")

AS_OF = "--as-of=2026-03-01T00:00:00Z"


@pytest.fixture
def umask() -> Iterator[None]:
    """Run with the strictest umask."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def _modes(folder: Path) -> dict[str, set[int]]:
    """Return the modes of all files and of all folders in a folder."""
    found: dict[str, set[int]] = {"files": set(), "folders": set()}
    for path in folder.rglob("*"):
        found["folders" if path.is_dir() else "files"].add(stat.S_IMODE(path.stat().st_mode))
    return found


# in one process


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("mode", "files"), [(0o2775, 0o664), (0o755, 0o644), (0o2750, 0o640), (0o700, 0o600)]
)
def test_a_folder_that_is_given_decides_whatever_the_umask(
    tmp_path: Path, mode: int, files: int
) -> None:
    """It keeps its mode, and all that is made in it takes that: catalog, data and manifests."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    folder.chmod(mode)
    (tmp_path / "m").write_bytes(b'{"image_id":"i"}\n')

    create(Warehouse(folder), Setting())
    send(folder, small(Events()).events)
    digest = "c4a4b5a2e8b4a4e2fbc2f4d9d1f3b4d1"
    with pytest.raises(Exception, match="SHA-256"):
        Manifests(Warehouse(folder), (tmp_path,), 1 << 30).fetch("m", digest, 1)

    assert mode == stat.S_IMODE(folder.stat().st_mode)
    assert {"files": {files}, "folders": {mode}} == _modes(folder)


def test_a_folder_that_is_made_is_its_makers(tmp_path: Path) -> None:
    """It has the mode that the umask leaves, and so has what is in it."""
    before = os.umask(0o002)
    create(Warehouse(tmp_path / "above/warehouse"), Setting())
    os.umask(before)

    assert 0o775 == stat.S_IMODE((tmp_path / "above/warehouse").stat().st_mode)
    assert {"files": {0o664}, "folders": {0o775}} == _modes(tmp_path / "above/warehouse")


@pytest.mark.parametrize("is_there", [False, True], ids=["new folder", "empty folder"])
def test_a_warehouse_is_made_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    """Where it fails nothing is left but the folder, if it was there."""
    folder = tmp_path / "warehouse"
    if is_there:
        folder.mkdir()

    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as failing:
        failing.setattr(sqlite_making, "sync_file", fail)
        with pytest.raises(OSError):  # noqa: PT011  our own
            create(Warehouse(folder), Setting())

    assert ([folder] if is_there else []) == list(tmp_path.rglob("*"))
    create(Warehouse(folder), Setting())
    assert exists(Warehouse(folder))


def test_what_a_killed_one_left_is_no_hindrance(tmp_path: Path) -> None:
    """It lies in a folder of its own within the warehouse's."""
    folder = tmp_path / "warehouse"
    (folder / ".manyhands-killed/data").mkdir(parents=True)

    create(Warehouse(folder), Setting())

    assert exists(Warehouse(folder))


def test_a_denial_names_the_file_its_owner_and_what_to_do(tmp_path: Path) -> None:
    """Of a file that belongs to nobody known, its number."""
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o640)

    message = str(rights.refusal(path, "write"))

    assert f"{path}: it belongs to {path.owner()}, group {path.group()}, -rw-r-----" in message
    assert "chmod u+w" in message


# as real users


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Return a folder that every user can reach."""
    with folder_for_users() as made:
        yield made


def _given(place: Path, name: str, mode: int) -> Path:
    """Make an empty folder of the owner and the team, in one that is root's."""
    folder = place / name
    folder.mkdir()
    os.chown(folder, OWNER, TEAM)
    folder.chmod(mode)
    return folder


_COPY = ["cp", "-a"]
_RUN = """
import json, sys
from tests.conftest import run
ended = [run(words) for words in json.loads(sys.argv[1])]
print(json.dumps([(outcome.code, outcome.stderr) for outcome in ended]))
"""


def _manyhands(user: int, *commands: list[str], umask: str = "002") -> list[tuple[int, str]]:
    """Run commands as a user, in one process; return their exit codes and what stderr had."""
    ended = as_user(user, "-c", _RUN, json.dumps(commands), umask=umask)
    assert 0 == ended.returncode, ended.stderr
    return [(code, said) for code, said in json.loads(ended.stdout)]


def _done(user: int, *commands: list[str], umask: str = "002") -> None:
    """Run commands as a user; all succeed."""
    ended = _manyhands(user, *commands, umask=umask)
    assert [0] * len(commands) == [code for code, _ in ended], ended


def _source(place: Path, name: str) -> str:
    path = Path(small(Events(f"/{name}")).write(place / f"{name}.ndjson"))
    path.chmod(0o644)
    return str(path)


_ATTACH = """
import sys, duckdb
from pipelines.lake.catalogs.sqlite import EXTENSION
from pipelines.lake.engine import load_extensions
with duckdb.connect() as connection:
    load_extensions(connection, EXTENSION)
    folder = sys.argv[1]
    connection.execute(f"ATTACH 'ducklake:sqlite:{folder}/catalog.sqlite' AS w (READ_ONLY,"
                       f" DATA_PATH '{folder}/data/', OVERRIDE_DATA_PATH true)")
    print(connection.execute("SELECT count(*) FROM w.event").fetchall())
"""


@pytest.mark.processes
def test_a_group_shares_a_warehouse(place: Path) -> None:
    """In its folder each ingests, reads, attaches and closes, in any order, at any umask."""
    folder = _given(place, "shared", 0o2775)
    on = [f"--warehouse={folder}", AS_OF]

    _done(OWNER, ["ingest", _source(place, "a"), *on], umask="077")
    assert 0 == as_user(COLLEAGUE, "-c", _ATTACH, str(folder)).returncode
    _done(COLLEAGUE, ["status", *on], ["close", "--period=2026-01", *on], umask="077")
    assert 0 == as_user(COLLEAGUE, "-c", _ATTACH, str(folder)).returncode
    _done(OWNER, ["ingest", _source(place, "b"), *on], ["close", "--period=2026-02", *on])

    assert {TEAM} == {path.stat().st_gid for path in folder.rglob("*")}
    assert {"files": {0o664}, "folders": {0o2775}} == _modes(folder)


@pytest.mark.processes
@pytest.mark.long
def test_root_closes_once_and_the_owner_goes_on(place: Path) -> None:
    """`sudo` leaves nothing that the owner can't write: what it made is the owner's."""
    folder = _given(place, "solo", 0o755)
    on = [f"--warehouse={folder}", AS_OF]
    _done(OWNER, ["ingest", _source(place, "solo"), *on])

    _done(0, ["close", "--period=2026-01", *on], umask="077")
    _done(OWNER, ["close", "--period=2026-02", *on])

    assert {OWNER} == {path.stat().st_uid for path in folder.rglob("*")}
    assert {"files": {0o644}, "folders": {0o755}} == _modes(folder)


_KILLED = """
import os, sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("CREATE TABLE in_the_wal (number)")
os.kill(os.getpid(), 9)
"""


@pytest.mark.processes
def test_who_may_only_read_reads_and_writes_nothing(place: Path) -> None:
    """Also while the owner's sidecars are there, with commits in them."""
    folder = _given(place, "readable", 0o755)
    on = f"--warehouse={folder}"
    _done(OWNER, ["ingest", _source(place, "readable"), on, AS_OF])
    for killed in (False, True):
        if killed:
            as_user(OWNER, "-c", _KILLED, str(folder / CATALOG))
            assert (folder / f"{CATALOG}-wal").stat().st_size
        before = bytes_of(folder)

        _done(STRANGER, ["status", on], ["query", "SELECT count(*) FROM event", on], ["held", on])

        assert before == bytes_of(folder)


@pytest.mark.processes
def test_who_may_not_write_is_told_whose_it_is_and_what_to_do(place: Path) -> None:
    """In one line, before anything is done; whatever of it is closed, and to whom."""
    made, source = _given(place, "told", 0o2775), _source(place, "told")
    _done(OWNER, ["ingest", source, f"--warehouse={made}", AS_OF])
    (event,) = (path.name for path in (made / "data/main/event").iterdir())
    closed = {
        COLLEAGUE: [
            (CATALOG, 0o644, ["ingest", source, AS_OF]),
            ("data/main/held", 0o755, ["close", "--due", AS_OF]),
            (f"data/main/event/{event}", 0o600, ["query", "SELECT sum(seq) FROM event"]),
        ],
        STRANGER: [
            (".", 0o2775, ["ingest", source, AS_OF]),
            (".", 0o2770, ["ingest", source, AS_OF]),
            (".", 0o2770, ["status"]),
            (CATALOG, 0o600, ["status"]),
        ],
    }
    for user, cases in closed.items():
        folders = [place / f"told-{user}-{number}" for number, _ in enumerate(cases)]
        commands = []
        for folder, (path, mode, words) in zip(folders, cases, strict=True):
            subprocess.run([*_COPY, made, folder], check=True)
            (folder / path).chmod(mode)
            commands.append([*words, f"--warehouse={folder}"])

        for folder, (path, *_), (code, said) in zip(
            folders, cases, _manyhands(user, *commands), strict=True
        ):
            assert (1, 1) == (code, len(said.splitlines())), said
            assert f" {folder / path}: it belongs to user {OWNER}, group {TEAM}, " in said
            assert f"; run the command as user {OWNER}, or " in said


@pytest.mark.processes
def test_a_place_that_is_not_ours_is_told_too(place: Path) -> None:
    """Where the folder would have to be made in one that is root's."""
    ((code, said),) = _manyhands(STRANGER, ["init", f"--warehouse={place}/new"])

    assert (1, 1) == (code, len(said.splitlines())), said
    assert f"may not write {place}: it belongs to root" in said
    assert not (place / "new").exists()
