"""A log goes into an archive and comes back: the same bytes, rows and digests (SPEC §7.3)."""

import filecmp
import hashlib
import json
import os
import resource
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.close.commit import issue
from pipelines.errors import ManyhandsError
from pipelines.lake import archive, archived, archiving
from pipelines.lake.connection import opened
from pipelines.lake.memory import DEFAULT_BYTES
from pipelines.lake.warehouse import Warehouse
from schemas import published
from schemas.archive import ArchiveIndex
from tests import scenario
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.lake.test_manifest_rows import footers
from tests.made_again import NEXT
from tests.postgres import Postgres
from tests.stores import BUCKET, asked, running
from tests.worked_cases import WorkedCase

EVERYDAY = "external_manifest"
OTHERS = [name for name in scenario.NAMES if name != EVERYDAY]
EVENTS = "event-000000000001.parquet"


@pytest.fixture(scope="module", autouse=True)
def _manifest_root() -> Any:  # noqa: ANN401  a generator
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))
        yield


@pytest.fixture(scope="module")
def closed(worked_case: WorkedCase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with all that an archive holds: a manifest, letters, a publication."""
    folder = tmp_path_factory.mktemp("closed")
    words = worked_case(EVERYDAY).copied(folder)
    (folder / "refused.ndjson").write_text("{}\nno\n")
    (folder / "out").mkdir()
    assert 0 == run(["ingest", str(folder / "refused.ndjson"), NEXT, *words]).code
    assert 0 == run(["publish", f"--to={folder / 'out'}", *words]).code
    return folder / "warehouse"


@pytest.fixture(scope="module")
def exported(closed: Path) -> Path:
    """Export it."""
    _export(closed, closed.parent / "archive")
    return closed.parent / "archive"


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """Copy the archive, to change it."""
    shutil.copytree(exported, tmp_path / "copy")
    return tmp_path / "copy"


def _export(warehouse: Path, out: Path) -> Any:  # noqa: ANN401  a JSON document
    outcome = run(["log", "export", f"--warehouse={warehouse}", f"--out={out}", "--json"])
    assert 0 == outcome.code, outcome.stderr
    return outcome.json


def _import(folder: Path, new: Path) -> Outcome:
    return run(["log", "import", str(folder), f"--warehouse={new}", "--json"])


def _insist_on_same_files(one: Path, other: Path) -> None:
    names = {path.name for path in one.iterdir()}
    assert names == {path.name for path in other.iterdir()}
    assert (names, [], []) == (
        {*filecmp.cmpfiles(one, other, names, shallow=False)[0]},
        *filecmp.cmpfiles(one, other, names, shallow=False)[1:],
    )


def _index(folder: Path) -> ArchiveIndex:
    return ArchiveIndex.model_validate_json((folder / archive.INDEX).read_text())


def _write_index(folder: Path, index: ArchiveIndex) -> None:
    whole = index.model_copy(update={"index_sha256": archive.index_sha256(index)})
    (folder / archive.INDEX).write_text(whole.model_dump_json())


def _forge(folder: Path, name: str, content: bytes) -> None:
    """Put other bytes in the place of a file, and their digest into the index."""
    (folder / name).write_bytes(content)
    index = _index(folder)
    for file in (*index.parts, *index.files):
        if file.name == name:
            file.sha256, file.bytes = hashlib.sha256(content).hexdigest(), len(content)
    _write_index(folder, index)


def _forge_column(folder: Path, name: str, column: str, change: Callable[[Any], Any]) -> None:
    table = pq.read_table(folder / name)
    place = table.column_names.index(column)
    changed = pa.array([change(value) for value in table[column].to_pylist()], table[column].type)
    pq.write_table(table.set_column(place, column, changed), folder / "new")
    content = (folder / "new").read_bytes()
    (folder / "new").unlink()
    _forge(folder, name, content)


@pytest.mark.thorough
def test_what_comes_back_is_exported_to_the_same_bytes(
    closed: Path, exported: Path, tmp_path: Path
) -> None:
    """Events, batches, letters, publications, sums, closes, manifests and verdicts."""
    done = _import(exported, tmp_path / "new")

    assert 0 == done.code, done.stderr
    _, expected = scenario.read(EVERYDAY)
    assert expected["closes"][-1]["digest"] == done.json["digest"]
    assert _index(exported).head == done.json["events"]
    _export(tmp_path / "new", tmp_path / "again")
    _insist_on_same_files(exported, tmp_path / "again")
    names = {path.name.partition("-")[0].partition(".")[0] for path in exported.iterdir()}
    held = {name for name in archive.RELATIONS if rows(closed, f"SELECT 1 FROM {name} LIMIT 1")}
    assert {*held, "index", "manifest", "verdict"} == names
    assert {"dead_letter", "publication"} <= held
    assert [path.name for path in closed.glob("gate/*")] == [
        path.name.removeprefix("verdict-") for path in (tmp_path / "new/gate").iterdir()
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_a_worked_case_is_the_same_from_its_archive(
    name: str, worked_case: WorkedCase, tmp_path: Path
) -> None:
    """With the digest that is expected of its last close."""
    _export(worked_case(name).warehouse, tmp_path / "archive")

    done = _import(tmp_path / "archive", tmp_path / "new")

    assert 0 == done.code, done.stderr
    _, expected = scenario.read(name)
    assert [close["digest"] for close in expected["closes"]] == [
        close.digest for close in _index(tmp_path / "archive").closes
    ]
    _export(tmp_path / "new", tmp_path / "again")
    _insist_on_same_files(tmp_path / "archive", tmp_path / "again")


def test_it_comes_from_postgresql_and_goes_there(
    exported: Path, postgres: Postgres, tmp_path: Path
) -> None:
    """The archive of the one is that of the other, byte by byte."""
    server = [*postgres.warehouse()]
    there = run(
        ["log", "import", str(exported), *server, f"--data-path={tmp_path / 'shared'}", "--json"]
    )
    assert 0 == there.code, there.stderr

    back = run(["log", "export", *server, f"--out={tmp_path / 'again'}", "--json"])

    assert 0 == back.code, back.stderr
    assert there.json["digest"] == back.json["digest"]
    _insist_on_same_files(exported, tmp_path / "again")


def test_it_comes_from_an_object_store_and_goes_there(
    exported: Path, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data, manifests and verdicts are fetched and sent."""
    server = [*postgres.warehouse()]
    with running("s3") as s3, asked(s3, monkeypatch):
        place = f"--data-path=s3://{BUCKET}/archived"
        there = run(["log", "import", str(exported), *server, place, "--json"])
        assert 0 == there.code, there.stderr

        back = run(["log", "export", *server, f"--out={tmp_path / 'again'}", "--json"])

        assert 0 == back.code, back.stderr
        assert s3.keys("archived/manifests/")
    _insist_on_same_files(exported, tmp_path / "again")


def test_the_index_says_what_each_file_is(exported: Path, closed: Path) -> None:
    """Its schema is published; the command prints its digest."""
    document = json.loads((exported / archive.INDEX).read_text())
    index = _index(exported)

    jsonschema.validate(document, published.schema("archive"))
    for file in (*index.parts, *index.files):
        content = (exported / file.name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.bytes)
    for part in index.parts:
        assert part.rows == pq.read_metadata(exported / part.name).num_rows
    assert archive.index_sha256(index) == _export(closed, exported.parent / "b")["index_sha256"]


def test_files_are_of_bounded_size_by_ranges_of_the_log(
    closed: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes on where the one before it ends, and together they are the same log."""
    monkeypatch.setattr(archiving, "PART_BYTES", 1)
    monkeypatch.setattr(archiving, "GROUP_BYTES", 1)
    monkeypatch.setattr(archiving, "_AT_ONCE", 1)

    _export(closed, tmp_path / "small")

    ranges = [(one.first, one.last) for one in _index(tmp_path / "small").parts]
    head = _index(exported).head
    assert [(seq, seq) for seq in range(1, head + 1)] == ranges[:head]
    with archived.opened(tmp_path / "small", DEFAULT_BYTES) as small:
        found = list(small.events())
    with archived.opened(exported, DEFAULT_BYTES) as whole:
        assert list(whole.events()) == found


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_was_changed_cut_taken_away_or_added_is_named(
    copy: Path, exported: Path, tmp_path: Path
) -> None:
    """Before anything is made."""
    for name in _names(copy):
        path, whole = copy / name, (exported / name).read_bytes()
        turned = bytes([*whole[:20], whole[20] ^ 1, *whole[21:]])
        for content in (turned, whole[:-2], whole + b"+", b""):
            path.write_bytes(content)
            refused = _import(copy, tmp_path / "new")
            assert (1, "") == (refused.code, refused.stdout), (name, refused.stderr)
            assert str(path) in refused.stderr
        path.unlink()
        refused = _import(copy, tmp_path / "new")
        assert (3 if name == archive.INDEX else 1) == refused.code
        assert name in refused.stderr
        path.write_bytes(whole)
    for instead in (Path.mkdir, os.mkfifo):
        (copy / EVENTS).unlink()
        instead(copy / EVENTS)
        refused = _import(copy, tmp_path / "new")
        assert (1, True) == (refused.code, f"{EVENTS}: it is no file of" in refused.stderr)
        shutil.rmtree(copy)
        shutil.copytree(exported, copy)
    (copy / "event-000000000002.parquet").touch()
    refused = _import(copy, tmp_path / "other")

    assert 1 == refused.code
    assert "event-000000000002.parquet isn't in the index" in refused.stderr
    assert ["copy"] == _names(tmp_path)


def test_what_an_index_says_decides_nothing_before_it_is_checked(
    copy: Path, tmp_path: Path
) -> None:
    """A range, a head, a close, a name or a number of rows that isn't so."""
    index = _index(copy)
    event = next(part for part in index.parts if part.relation == "event")
    other = {"relation": "held", "name": "held-000000000001.parquet"}
    close = index.closes[0]
    wrong: list[dict[str, Any]] = [
        {"head": index.head + 1},
        {"format": index.format + 1},
        {"closes": [close.model_copy(update={"digest": "0" * 64}), *index.closes[1:]]},
        {"parts": [one for one in index.parts if one != event]},
        {"parts": [event, *index.parts]},
        {"parts": [event.model_copy(update={"first": 2}), *index.parts[1:]]},
        {"parts": [event.model_copy(update={"rows": event.rows - 1}), *index.parts[1:]]},
        {"parts": [*index.parts, event.model_copy(update=other)]},
    ]
    for update in wrong:
        _write_index(copy, index.model_copy(update=update))
        assert 1 == _import(copy, tmp_path / "new").code, update
    for name in ("../../etc/passwd", "/etc/passwd", "event-1.parquet"):
        path = copy / archive.INDEX
        _write_index(copy, index)
        path.write_text(path.read_text().replace(EVENTS, name))
        refused = _import(copy, tmp_path / "new")
        assert (1, True) == (refused.code, "no index of an archive" in refused.stderr)
    assert ["copy"] == _names(tmp_path)


@pytest.mark.long
def test_whatever_a_footer_claims_the_events_are_those_of_the_pages(
    copy: Path, exported: Path
) -> None:
    """Where bytes of it are others, and the index has their digest: all events, or an error."""
    with archived.opened(exported, DEFAULT_BYTES) as source:
        honest = list(source.events())
    outcomes: set[bool | None] = set()
    for lying in footers((exported / EVENTS).read_bytes()):
        _forge(copy, EVENTS, lying)
        try:
            with archived.opened(copy, DEFAULT_BYTES) as source:
                outcomes.add(list(source.events()) == honest)
        except ManyhandsError:
            outcomes.add(None)

    assert {True, None} == outcomes


@pytest.mark.parametrize(
    ("name", "column", "change", "code", "told"),
    [
        (EVENTS, "body", lambda body: body.replace(b"0.5", b"0.6"), 1, "event 1 of the log"),
        (EVENTS, "content", lambda text: text.replace("USD", "EUR"), 1, "event 2 of the log"),
        (EVENTS, "seq", lambda seq: seq + (seq > 3), 1, "event 4 isn't in its place"),
        (EVENTS, "content", lambda _: None, 1, "event 1 isn't in its place, or not whole"),
        (
            "row_sum-000000000001.parquet",
            "rows_added",
            lambda count: count + 1,
            4,
            "row_sum has",
        ),
    ],
)
def test_a_forged_archive_is_found_by_what_is_made_of_it(  # noqa: PLR0913, PLR0917  a case of a table
    copy: Path,
    tmp_path: Path,
    name: str,
    column: str,
    change: Callable[[Any], Any],
    code: int,
    told: str,
) -> None:
    """An event whose bytes aren't what it says, rows that come out otherwise: nothing is made."""
    _forge_column(copy, name, column, change)

    refused = _import(copy, tmp_path / "new")

    assert (code, "") == (refused.code, refused.stdout), refused.stderr
    assert told in refused.stderr
    assert ["copy"] == _names(tmp_path)


DEEP = "[" * 9_999
OURS = "period-closed"
LATEST = datetime.max  # noqa: DTZ901  naive is UTC here


def _of_ours(event: dict[str, Any]) -> bool:
    return event["type"] == OURS  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("of_ours", "change"),
    [
        (False, {"attributes": DEEP}),
        (False, {"attributes": "["}),
        (False, {"attributes": '["id"]'}),
        (False, {"attributes": '{"id": 1}'}),
        (False, {"content": DEEP}),
        (False, {"body": b"{}"}),
        (False, {"body": DEEP.encode()}),
        (False, {"recorded_at": LATEST}),
        (False, {"batch_id": None}),
        (True, {"content": DEEP}),
        (True, {"content": "[]"}),
        (True, {"content": '{"data":{"log_seq":"x"}}'}),
        (True, {"content": '{"data":{"log_seq":1' + "0" * 30 + "}}"}),
        (True, {"id": "2031-01"}),
        (True, {"id": "\x00"}),
        (True, {"source": "/market"}),
        (True, {"recorded_at": LATEST}),
    ],
)
def test_whatever_an_event_of_an_archive_holds_its_file_and_it_are_named(
    copy: Path,
    tmp_path: Path,
    of_ours: bool,  # noqa: FBT001  a case of a table
    change: dict[str, Any],
) -> None:
    """Though all digests of the archive fit what somebody wrote into it."""
    table = pq.read_table(copy / EVENTS)
    events = table.to_pylist()
    event = next(one for one in events if _of_ours(one) == of_ours)
    event |= change
    pq.write_table(pa.Table.from_pylist(events, table.schema), copy / "new")
    content = (copy / "new").read_bytes()
    (copy / "new").unlink()
    _forge(copy, EVENTS, content)

    refused = _import(copy, tmp_path / "new")

    assert (1, "") == (refused.code, refused.stdout), refused.stderr
    assert "unexpected" not in refused.stderr
    assert f"event {event['seq']} of the log in {copy / EVENTS}" in refused.stderr
    assert ["copy"] == _names(tmp_path)


@pytest.mark.parametrize(
    ("relation", "column", "value"),
    [
        ("period_close", "closed_at", None),
        ("period_close", "closed_at", LATEST),
        ("period_close", "log_seq", -1),
        ("ingest_batch", "recorded_at", None),
    ],
)
def test_whatever_else_an_archive_holds_is_no_surprise(
    copy: Path, tmp_path: Path, relation: str, column: str, value: object
) -> None:
    """Its rows are compared with what comes out, or are what happened."""
    _forge_column(copy, f"{relation}-000000000001.parquet", column, lambda _: value)

    ended = _import(copy, tmp_path / "new")

    assert ended.code in {0, 1, 4}
    assert "unexpected" not in ended.stderr
    assert (ended.code == 0) == (tmp_path / "new").exists()


def test_of_an_import_that_finds_no_room_nothing_is_left(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in the middle of its replay; the same command goes on where there is room."""
    most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(*given: Any) -> None:  # noqa: ANN401  as it is called
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, most[1]))
        issue(*given)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.rebuild.issue", fill_up)
        try:
            full = _import(exported, tmp_path / "new")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, most)

    assert (1, "") == (full.code, full.stdout)
    assert f"{tmp_path}: its disk is full" in full.stderr
    assert "make room, and run the command again" in full.stderr
    assert [] == _names(tmp_path)
    assert 0 == _import(exported, tmp_path / "new").code


def test_a_log_of_which_the_index_says_less_than_there_is_is_refused(
    copy: Path, tmp_path: Path
) -> None:
    """And so is one of which it says more."""
    index = _index(copy)
    event, *others = index.parts
    for more, told in ((-1, "more than"), (1, "rows, not")):
        counted = {"last": event.last + more, "rows": event.rows + more}
        parts = [event.model_copy(update=counted), *others]
        _write_index(copy, index.model_copy(update={"head": index.head + more, "parts": parts}))

        refused = _import(copy, tmp_path / f"new{more}")

        assert (1, "") == (refused.code, refused.stdout)
        assert told in refused.stderr


def test_a_close_with_another_digest_is_exit_4(copy: Path, tmp_path: Path) -> None:
    """Though the index and the rows of the archive agree on it."""
    name = "period_close-000000000001.parquet"
    _forge_column(copy, name, "log_digest", lambda digest: digest[::-1])
    index = _index(copy)
    for close in index.closes:
        close.log_digest = close.log_digest[::-1]
    _write_index(copy, index)

    refused = _import(copy, tmp_path / "new")

    assert (4, "") == (refused.code, refused.stdout), refused.stderr
    assert "comes out with the digests" in refused.stderr


def test_places_that_are_taken_and_archives_that_are_none_are_refused(
    closed: Path, exported: Path, tmp_path: Path
) -> None:
    """Nothing is made."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/notes").touch()
    for words, code in (
        (["export", f"--warehouse={closed}", f"--out={tmp_path / 'taken'}"], 5),
        (["export", f"--warehouse={closed}", f"--out={closed / 'archive'}"], 2),
        (["export", f"--warehouse={tmp_path / 'none'}", f"--out={tmp_path / 'new'}"], 3),
        (["export", f"--warehouse={closed}", "--out="], 2),
        (["import", str(exported), f"--warehouse={tmp_path / 'taken'}"], 5),
        (["import", str(exported), f"--warehouse={closed}"], 5),
        (["import", str(closed), f"--warehouse={tmp_path / 'new'}"], 3),
        (["import", str(tmp_path / "none"), f"--warehouse={tmp_path / 'new'}"], 3),
        (["import", str(tmp_path / "taken/notes"), f"--warehouse={tmp_path / 'new'}"], 3),
    ):
        assert code == run(["log", *words]).code, words
    assert ["taken"] == _names(tmp_path)
    assert ["notes"] == _names(tmp_path / "taken")


def _edited(folder: Path, statement: str) -> None:
    with opened(Warehouse(folder)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM warehouse.event WHERE seq = 3", "the log has no event 3"),
        ("UPDATE warehouse.head SET seq = seq + 1", "and its head is"),
        (
            "UPDATE warehouse.model_trained SET manifest_sha256 = '../../x'",
            "can't be the name of a file",
        ),
        (
            "UPDATE warehouse.model_trained SET manifest_sha256 = repeat('0', 64)",
            "isn't in the warehouse",
        ),
    ],
)
def test_a_log_that_is_not_whole_is_not_exported(
    closed: Path, tmp_path: Path, statement: str, told: str
) -> None:
    """No folder is left."""
    shutil.copytree(closed, tmp_path / "old")
    _edited(tmp_path / "old", statement)

    refused = run(["log", "export", f"--warehouse={tmp_path / 'old'}", f"--out={tmp_path / 'new'}"])

    assert (1, "") == (refused.code, refused.stdout)
    assert told in refused.stderr
    assert ["old"] == _names(tmp_path)


def test_a_manifest_that_is_not_what_it_was_is_not_exported(closed: Path, tmp_path: Path) -> None:
    """An archive holds what the log names."""
    shutil.copytree(closed, tmp_path / "old")
    (kept,) = [path for path in (tmp_path / "old/manifests").iterdir() if not path.suffix]
    kept.write_bytes(kept.read_bytes() + b"\n")

    refused = run(["log", "export", f"--warehouse={tmp_path / 'old'}", f"--out={tmp_path / 'new'}"])

    assert (1, True) == (refused.code, "isn't what it was: its SHA-256 is" in refused.stderr)
    assert ["old"] == _names(tmp_path)


def test_an_empty_log_has_an_archive_too(tmp_path: Path) -> None:
    """With the setting of its warehouse."""
    old = tmp_path / "old"
    assert 0 == run(["init", "--cadence=quarter", "--grace-days=3", f"--warehouse={old}"]).code
    _export(old, tmp_path / "archive")

    done = _import(tmp_path / "archive", tmp_path / "new")

    assert (0, 0) == (done.code, done.json["events"])
    status = [
        run(["status", f"--warehouse={one}", "--json"]).json for one in (old, tmp_path / "new")
    ]
    assert status[0] == status[1]
    assert ("quarter", 3) == (status[1]["cadence"], status[1]["grace_days"])
