"""Whatever is edited in a warehouse is found, by its code; of a clean one nothing is (SPEC §8)."""

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import FindingsError, ManyhandsError
from pipelines.lake import transaction
from pipelines.lake.catalogs import located, sqlite
from pipelines.lake.connection import connect, opened, stored_relations
from pipelines.lake.warehouse import Warehouse
from pipelines.transparency.note import generated
from pipelines.verify import files
from pipelines.verify.finding import Code
from tests import scenario
from tests.conftest import Outcome, run
from tests.everyday import some_of
from tests.made_once import MadeOnce
from tests.marketplace import Events, small
from tests.postgres import Postgres
from tests.worked_cases import WorkedCase

LATER = "2026-02-10T00:00:00Z"
MANIFEST = scenario.VECTORS / "manifest.ndjson"
UNDERIVED = ("close_coverage", "close_step", "setting")
"""Relations of which only the digests of their files say that they were edited."""

POLICY = """
[[source-policy]]
source = "/market"
reports = true
"""

RESULTS = {"result", "seal"}
CODES = {
    "allocation": RESULTS,
    "dead_letter": {"content"},
    "event": {"content", "sequence"},
    "head": {"sequence"},
    "held": RESULTS,
    "ingest_batch": {"counts", "content"},
    "manifest_weight": {"result"},
    "period_close": {"result", "seal", "chain", "signature"},
    "pool": RESULTS,
    "publication": {"publication"},
    "statement": RESULTS,
    "statement_line": RESULTS,
    "tree_node": {"signature"},
    **{name: {"unsealed_file"} for name in UNDERIVED},
}
"""What is found in each relation; in one that isn't here, `fact`."""

NAMES = sorted({one.name for one in stored_relations()} - {"cosignature", "log_block"})
"""The relations that have rows here; `log_block` has some from 4,096 events on."""

UNKNOWN = {
    ("ingest_batch", "origin"),
    *(
        ("dead_letter", column)
        for column in (
            "received_at",
            "processor",
            "reason",
            "path",
            "message",
            "attributes",
            "resolved_at",
            "attempts",
            "dismissed_at",
            "note",
        )
    ),
    *(("publication", column) for column in ("destination", "outcome", "published_at")),
}
"""What the log doesn't give: an edit by a commit like ours isn't found, any other is."""

ELSEWHERE = {
    ("event", "batch_id"): ("ingest_batch", "counts"),
    ("ingest_batch", "recorded_at"): ("event", "content"),
}
"""What is found in another relation, which says otherwise."""

Edit = Callable[[duckdb.DuckDBPyConnection, str], None]


@pytest.fixture(autouse=True)
def _manifest_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))


def marketplace(folder: Path, words: Sequence[str]) -> None:
    """Fill a warehouse so that each of NAMES has rows: two periods are closed, and published."""
    events = small(Events())
    events.generation("1", "3.00")
    events.reversal(events.generation("1", "4.00"))
    base = [{"model_id": "m", "version": "1", "share": "0.5"}]
    events.model("2", [{"image_id": "i1"}], "2026-01-16T12:00:00Z", base_models=base)
    content = MANIFEST.read_bytes()
    apart = {
        "uri": MANIFEST.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(content.splitlines()),
    }
    events.model("3", apart, "2026-01-17T12:00:00Z")
    events.generation("2", "5.00")
    revoked = {"effective_at": LATER, "licence_id": "L-i1", "reason": "left"}
    events.add("licence-revoked", revoked, "2026-01-18T12:00:00Z")
    paid = {"amount": "1", "currency": "USD"}
    events.add("advance-paid", {"advance_id": "A", "contributor_id": "ana", "amount": paid})
    month = {"from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    told = {"source": "/market", **month, "counts": {"licence-revoked": 1}, "amounts": {}}
    events.add("source-reported", told, LATER)
    path = Path(events.write(folder / "first.ndjson"))
    path.write_text(path.read_text() + "not json\n")
    policy = folder / "sources.toml"
    policy.write_text(POLICY)
    ran(["ingest", str(path), *words, "--as-of=2026-02-11T00:00:00Z"])
    ran(
        [
            "close",
            "--period=2026-01",
            *words,
            "--as-of=2026-02-12T00:00:00Z",
            *(f"--source-policy={policy}", "--without=/market"),
        ]
    )
    events.generation("1", "8.00")
    events.generation("2", "9.00", LATER)
    ran(["ingest", events.write(folder / "late.ndjson"), *words, "--as-of=2026-03-02T00:00:00Z"])
    ran(["close", "--period=2026-02", *words, "--as-of=2026-03-02T00:00:00Z"])
    (folder / "issued").mkdir()
    ran(["publish", f"--to={folder / 'issued'}", *words])


def ran(words: Sequence[str]) -> Outcome:
    """Run a command that has to succeed."""
    outcome = run(words)
    assert 0 == outcome.code, outcome.stderr
    return outcome


def findings(words: Sequence[str]) -> list[dict[str, str]]:
    """Verify a warehouse, and return what is found."""
    outcome = run(["verify", *words, "--json"])
    assert outcome.stdout, outcome.stderr
    found: list[dict[str, str]] = outcome.json["findings"]
    assert (FindingsError.exit_code if found else 0) == outcome.code, outcome.stderr
    return found


def codes(found: Sequence[dict[str, str]], relation: str) -> set[str]:
    """Return what was found in a relation."""
    return {one["code"] for one in found if one["relation"] == relation}


@pytest.fixture(autouse=True)
def _no_commit_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SETTLES_S", 0.0)


@pytest.fixture(scope="session")
def closed(made_once: MadeOnce) -> Path:
    """Return a warehouse with rows in each relation; it is only read or copied."""

    def fill(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))
            marketplace(folder, [f"--warehouse={folder / 'warehouse'}"])

    return made_once("verified", fill) / "warehouse"


@pytest.fixture
def copied(closed: Path, tmp_path: Path) -> Warehouse:
    """Return a copy of it to edit."""
    shutil.copytree(closed, tmp_path / "warehouse")
    return Warehouse(tmp_path / "warehouse")


def named(warehouse: Warehouse) -> list[str]:
    """Return the words that name a warehouse in a folder."""
    return [f"--warehouse={warehouse.folder}"]


_OTHER = {
    "BIGINT": "{} + 1",
    "BLOB": "{} || 'x'::BLOB",
    "BOOLEAN": "NOT {}",
    "DATE": "{} + 1",
    "INTEGER": "{} + 1",
    "TIMESTAMP": "{} + INTERVAL 1 SECOND",
    "VARCHAR": "concat({}, 'x')",
}


def columns_of(name: str) -> dict[str, str]:
    """Return the types of a relation's columns."""
    (relation,) = [one for one in stored_relations() if one.name == name]
    return {column.name: column.type for column in relation.columns}


def edit_column(column: str, connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Change a column of the first row that has something there."""
    kind = columns_of(name)[column]
    other = _OTHER.get(kind.partition("(")[0], "{} + 1" if kind[:7] == "DECIMAL" else "NULL")
    row = f"SELECT min(rowid) FROM warehouse.{name} WHERE {column} IS NOT NULL"
    _changing(
        connection,
        f"UPDATE warehouse.{name} SET {column} = {other.format(column)} WHERE rowid = ({row})",
    )


def edit_last(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Change the last column that has something anywhere."""
    filled = [f"count({column})" for column in columns_of(name)]
    counts = connection.execute(f"SELECT {', '.join(filled)} FROM warehouse.{name}").fetchone()
    assert counts is not None
    columns = zip(columns_of(name), counts, strict=True)
    edit_column([column for column, count in columns if count][-1], connection, name)


def delete(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Take a row away."""
    row = f"SELECT min(rowid) FROM warehouse.{name}"
    _changing(connection, f"DELETE FROM warehouse.{name} WHERE rowid = ({row})")


def insert(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Add a row that is there already."""
    row = f"SELECT max(rowid) FROM warehouse.{name}"
    _changing(
        connection, f"INSERT INTO warehouse.{name} FROM warehouse.{name} WHERE rowid = ({row})"
    )


def swap(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let two rows have each other's last number or text."""
    for column in reversed(columns_of(name)):
        if (name, column) in UNKNOWN:
            continue
        found = connection.execute(
            f"SELECT min(rowid), max(rowid) FROM (SELECT first_value(rowid) OVER (PARTITION BY"
            f" {column} ORDER BY rowid) AS rowid FROM warehouse.{name} WHERE {column} IS NOT NULL)"
        ).fetchone()
        assert found is not None
        one, other = found
        if one != other:
            break
    else:
        pytest.skip(f"{name} has no two rows that differ here")
    _changing(
        connection,
        f"UPDATE warehouse.{name} SET {column} = (SELECT {column} FROM warehouse.{name} AS other"
        f" WHERE other.rowid = CASE WHEN {name}.rowid = {one} THEN {other} ELSE {one} END)"
        f" WHERE rowid IN ({one}, {other})",
    )


def _changing(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    ((changed,),) = connection.execute(statement).fetchall()
    assert changed > 0, statement


FIRST_EDITS: dict[str, Edit] = {
    "event": partial(edit_column, "body"),
    "head": partial(edit_column, "seq"),
    "ingest_batch": partial(edit_column, "accepted"),
    "dead_letter": partial(edit_column, "payload"),
    "period_close": partial(edit_column, "statements"),
    "publication": partial(edit_column, "digest"),
    "statement": partial(edit_column, "payable_micros"),
    **dict.fromkeys(("pool", "licence_contributor", "fx_rate", "row_sum"), delete),
    **dict.fromkeys(("allocation", "attribution", "manifest_entry"), insert),
}


def first_edit(name: str) -> Edit:
    """Return the edit of a relation that is tried every day: most often of its last column."""
    return FIRST_EDITS.get(name, edit_last)


def through_ours(warehouse: Warehouse, names: Sequence[str], edit: Callable[[str], Edit]) -> None:
    """Edit as one of our own commits does, so that the files have their digests."""
    with opened(warehouse) as connection:

        def write() -> None:
            for name in names:
                edit(name)(connection, name)

        transaction.commit(connection, warehouse, write)


def past_ours(warehouse: Warehouse, names: Sequence[str], edit: Callable[[str], Edit]) -> None:
    """Edit as anybody can who attaches the catalog."""
    with opened(warehouse) as connection:
        for name in names:
            edit(name)(connection, name)


def test_of_a_warehouse_that_nobody_edited_nothing_is_found(closed: Path) -> None:
    """It says what it verified: all events, closes, relations and files; and what nobody can."""
    with opened(Warehouse(closed)) as connection:
        ((events,),) = connection.execute(
            "SELECT count(*) FROM warehouse.event WHERE batch_id IS NOT NULL"
        ).fetchall()

    outcome = run(["verify", f"--warehouse={closed}", "--json"])

    coverage = outcome.json["coverage"]
    assert (0, []) == (outcome.code, outcome.json["findings"])
    assert (events, 2) == (coverage["events"], coverage["closes"])
    assert {*NAMES, "cosignature", "log_block"} - set(coverage["relations"]) == {
        *UNDERIVED,
        "cosignature",
        "dead_letter",
        "head",
        "ingest_batch",
        "publication",
        "tree_node",
    }
    assert 0 < coverage["files"]
    assert "not verified: what the log doesn't give" in outcome.stderr


def test_an_edit_in_each_relation_is_found(copied: Warehouse) -> None:
    """Each by its code, all at once, though the edits were committed as ours are."""
    derived = [name for name in NAMES if name not in UNDERIVED]
    through_ours(copied, derived, first_edit)
    past_ours(copied, UNDERIVED, first_edit)

    found = findings(named(copied))

    for name in derived:
        assert codes(found, name) & CODES.get(name, {"fact"}), name
    assert len(UNDERIVED) == len([one for one in found if one["relation"] == "commit"])
    for name in UNDERIVED:
        assert {Code.UNSEALED_FILE} == codes(found, name)


@pytest.mark.long
@pytest.mark.parametrize("edit", [delete, insert, swap], ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_is_lost_added_or_swapped_is_found(
    copied: Warehouse, name: str, edit: Edit
) -> None:
    """In each relation, alone."""
    if name in UNDERIVED:
        past_ours(copied, [name], lambda _: edit)
    else:
        through_ours(copied, [name], lambda _: edit)

    found = findings(named(copied))

    expected = CODES.get(name, {"fact"})
    if name in UNDERIVED:
        assert expected <= {one["code"] for one in found}
    elif name == "dead_letter" and edit is delete:
        assert not found  # nobody can say of one that isn't there that it was
    elif name == "publication" and edit is delete:
        assert not found  # it is sent again
    elif name == "head" and edit is swap:
        raise AssertionError(name)
    else:
        assert expected & codes(found, name)


COLUMNS = [(name, column) for name in NAMES for column in columns_of(name) if name not in UNDERIVED]


@pytest.mark.long
@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_an_edit_of_each_column_is_found(copied: Warehouse, name: str, column: str) -> None:
    """By its code, alone."""
    try:
        through_ours(copied, [name], lambda _: partial(edit_column, column))
    except AssertionError:
        pytest.skip("no row has anything there")

    found = findings(named(copied))

    if (name, column) in ELSEWHERE:
        relation, code = ELSEWHERE[name, column]
        assert {code} <= codes(found, relation)
    elif (name, column) not in UNKNOWN:
        assert CODES.get(name, {"fact"}) & codes(found, name), found


@dataclass(frozen=True)
class Edited:
    """A warehouse with several edits, none of which touches another, and what was found."""

    warehouse: Warehouse
    added: Path
    """A file from elsewhere that was added to a relation."""
    found: list[dict[str, str]]

    def by_code(self, relation: str) -> list[tuple[str, str]]:
        """Return code and key of what was found in a relation."""
        return [(one["code"], one["key"]) for one in self.found if one["relation"] == relation]


KEY = generated("royalties.example/manyhands").verifier_key.text
"""A key that signed nothing here."""


@pytest.fixture(scope="module")
def edited(closed: Path, tmp_path_factory: pytest.TempPathFactory) -> Edited:
    """Edit a warehouse in every way that leaves the other edits to be found, and verify it."""
    folder = tmp_path_factory.mktemp("edited")
    warehouse = Warehouse(Path(shutil.copytree(closed, folder / "warehouse")))
    through_ours(warehouse, ["asset_generated", "allocation"], lambda _: move_a_micro)
    past_ours(warehouse, ["publication"], lambda _: partial(edit_column, "published_at"))
    with opened(warehouse) as connection:
        connection.execute("CREATE OR REPLACE VIEW warehouse.standing_held AS SELECT 1 AS one")
    insert_into_the_catalog_alone(warehouse)
    added = add_from_elsewhere(warehouse, folder / "other.parquet")
    put_unknown_files(warehouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "SETTLES_S", 0.0)
        found = findings([*named(warehouse), f"--key={KEY}"])
    return Edited(warehouse, added, found)


def move_a_micro(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make a row a micro more, and another one less."""
    column = "revenue_micros" if name == "asset_generated" else "amount_micros"
    rowids = connection.execute(f"SELECT rowid FROM warehouse.{name} ORDER BY 1").fetchall()
    for (rowid,), micros in zip(rowids[:2], (1, -1), strict=True):
        _changing(
            connection,
            f"UPDATE warehouse.{name} SET {column} = {column} + {micros} WHERE rowid = {rowid}",
        )


def insert_into_the_catalog_alone(warehouse: Warehouse) -> None:
    """Insert a row as another program writes few, by a commit that hides what it changed."""
    attach = sqlite.attach_statement(warehouse)
    attach = attach.replace("INLINING_ROW_LIMIT 0", "INLINING_ROW_LIMIT 9")
    with opened(warehouse, attach) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO warehouse.close_step VALUES ('2026-01', 'other', 1)")
        connection.execute(
            "CALL warehouse.set_commit_message('manyhands', 'x', extra_info => '{\"files\":{}}')"
        )
        connection.execute("COMMIT")


def add_from_elsewhere(warehouse: Warehouse, path: Path) -> Path:
    """Add a file to a relation without copying it."""
    with connect(warehouse) as connection:
        connection.execute(f"COPY (FROM warehouse.held LIMIT 1) TO '{path}'")
        connection.execute(f"CALL ducklake_add_data_files('warehouse', 'held', '{path}')")
    return path


def put_unknown_files(warehouse: Warehouse) -> None:
    """Put files beside those of the log: an old one that it has, one that it lacks, a young one."""
    events = warehouse.data / "main" / "event"
    with connect(warehouse) as connection:
        for name, change in (("known", "id"), ("new", "id || '-new'")):
            connection.execute(
                f"COPY (SELECT * REPLACE ({change} AS id) FROM warehouse.event)"
                f" TO '{events / name}.parquet'"
            )
    (events / "young.parquet").write_bytes(b"cut off")
    for name in ("known", "new"):
        os.utime(events / f"{name}.parquet", (0, 0))


def test_nothing_but_the_edits_is_found(edited: Edited) -> None:
    """Each by its code, whatever else was edited."""
    assert {
        ("allocation", "result"),
        ("asset_generated", "fact"),
        ("commit", "unsealed_file"),
        ("event", "unknown_file"),
        ("held", "result"),
        ("held", "unsealed_file"),
        ("period_close", "signature"),
        ("publication", "unsealed_file"),
        ("view", "result"),
    } == {(one["relation"], one["code"]) for one in edited.found}


def test_two_edits_that_make_up_for_each_other_are_found(edited: Edited) -> None:
    """A micro more here and one less there, in a fact and in what was owed."""
    assert ["fact"] * 2 == [code for code, _ in edited.by_code("asset_generated")]
    assert ["result"] * 2 == [code for code, _ in edited.by_code("allocation")]


def test_an_edit_past_our_commits_is_found_whatever_it_changes(edited: Edited) -> None:
    """When a thing was published isn't in the log; that its file isn't ours is found."""
    found = edited.by_code("publication")
    changed = {"inserted_into_table", "deleted_from_table"}

    assert ["unsealed_file"] * len(found) == [code for code, _ in found]
    assert found
    assert any(
        changed == set(re.findall(r"\w+_table", one["found"]))
        for one in edited.found
        if (one["code"], one["relation"]) == ("unsealed_file", "commit")
    )


def test_a_view_that_says_something_else_is_found(edited: Edited) -> None:
    """Whoever queries it would read other numbers than those that are stored."""
    assert ["result"] == [code for code, _ in edited.by_code("view")]


def test_rows_that_are_in_the_catalog_alone_are_found(edited: Edited) -> None:
    """As another program writes few rows; and a commit that hides what it changed."""
    (kept_by_the_catalog,) = [
        key for _, key in edited.by_code("commit") if key.startswith("ducklake_inlined_data")
    ]
    assert ("unsealed_file", kept_by_the_catalog) in edited.by_code("commit")


def test_a_key_that_is_named_has_to_have_signed(edited: Edited) -> None:
    """A warehouse without any signature isn't one that was signed by it."""
    assert [("signature", "period=2026-02 checkpoint")] == edited.by_code("period_close")


def test_a_file_elsewhere_is_found(edited: Edited) -> None:
    """One that was added to a relation without being copied, wherever it lies."""
    assert ("unsealed_file", str(edited.added)) in edited.by_code("held")


def test_files_that_nobody_names_are_removed_once_they_are_old(edited: Edited) -> None:
    """One with events that the log lacks stays; so does one that may be on its way to a commit."""
    events = edited.warehouse.data / "main" / "event"
    said = {
        Path(one["key"]).stem: one["found"] for one in edited.found if one["code"] == "unknown_file"
    }

    done = ran(["verify", *named(edited.warehouse), "--remove-orphans", "--json"]).json

    assert "it holds no event that the log lacks" == said["known"] == said["young"]
    assert said["new"].startswith("it holds ")
    assert "that the log lacks" in said["new"]
    assert {"kept": ["main/event/new.parquet"], "removed": ["main/event/known.parquet"]} == done
    assert {"new.parquet", "young.parquet"} < {path.name for path in events.iterdir()}
    assert time.time() > (events / "young.parquet").stat().st_mtime


def _file_of(warehouse: Warehouse, name: str) -> Path:
    with connect(warehouse) as connection:
        paths = connection.execute(f"SELECT DISTINCT filename FROM warehouse.{name}").fetchall()
    return Path(min(paths)[0])


def copied_manifest(warehouse: Warehouse) -> Path:
    """Return the copy of the only manifest."""
    (copy,) = [path for path in warehouse.manifests.iterdir() if not path.suffix]
    return copy


def test_files_that_are_changed_missing_or_unknown_are_found(copied: Warehouse) -> None:
    """A flipped bit, a lost file, a strange one; what hangs on them is said to be unchecked.

    A copy of a manifest is one of the files: the log names its digest.
    """
    flipped, lost = _file_of(copied, "terms"), _file_of(copied, "contributor")
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(bytes(content))
    lost.unlink()
    strange = flipped.with_name("strange.parquet")
    strange.write_bytes(b"")
    os.utime(strange, (0, 0))
    copy = copied_manifest(copied)
    copy.write_bytes(copy.read_bytes() + b"\n")

    outcome = run(["verify", *named(copied), "--json"])

    findings = outcome.json["findings"]
    assert [("file_changed", "model_trained")] == [
        (one["code"], one["relation"]) for one in findings if copy.name in one["key"]
    ]
    assert {
        ("file_changed", copy.name),
        ("file_changed", flipped.name),
        ("file_missing", lost.name),
        ("unknown_file", strange.name),
    } == {(one["code"], Path(one["key"]).name) for one in findings}
    assert "terms wasn't compared" in outcome.stderr
    assert "contributor wasn't compared" in outcome.stderr


@pytest.mark.parametrize("damage", ["lost", "cut", "other"])
def test_a_setting_that_is_lost_or_damaged_is_found(copied: Warehouse, damage: str) -> None:
    """Nobody can say how it closes: files and what is stored are compared, nothing is replayed."""
    path = _file_of(copied, "setting")
    content = path.read_bytes()
    if damage == "lost":
        path.unlink()
    else:
        path.write_bytes(content[:-50] if damage == "cut" else content.replace(b"month", b"mouth"))

    outcome = run(["verify", *named(copied), "--since=2026-02", "--json"])

    code = "file_missing" if damage == "lost" else "file_changed"
    assert 4 == outcome.code, outcome.stderr
    assert [(code, "setting")] == [
        (one["code"], one["relation"]) for one in outcome.json["findings"]
    ]
    assert "the log wasn't replayed: files of setting are missing or changed" in outcome.stderr
    assert 0 < outcome.json["coverage"]["files"]


def test_a_file_in_anothers_place_is_found(copied: Warehouse) -> None:
    """A file of the log that is one of its own of before: the log isn't read then."""
    with connect(copied) as connection:
        paths = connection.execute("SELECT DISTINCT filename FROM warehouse.event").fetchall()
    (one,), (other,), *_ = sorted(paths)
    shutil.copyfile(one, other)

    outcome = run(["verify", *named(copied), "--json"])

    assert ["file_changed"] == [one["code"] for one in outcome.json["findings"]]
    assert "the log wasn't replayed" in outcome.stderr


def test_a_copy_of_a_manifest_that_is_missing_is_found(copied: Warehouse) -> None:
    """The log names its digest."""
    copied_manifest(copied).unlink()

    missing = findings(named(copied))

    assert [("file_missing", "model_trained")] == [(o["code"], o["relation"]) for o in missing]


@pytest.mark.thorough
def test_a_log_with_a_gap_is_replayed_up_to_it(copied: Warehouse) -> None:
    """What comes after can't be made again, which it says."""

    def take(connection: duckdb.DuckDBPyConnection, name: str) -> None:
        _changing(connection, f"DELETE FROM warehouse.{name} WHERE seq = 3")

    through_ours(copied, ["event"], lambda _: take)

    outcome = run(["verify", *named(copied), "--json"])

    found = {(one["code"], one["key"]) for one in outcome.json["findings"]}
    assert ("sequence", "seq=3") in found
    assert "event 3 isn't there" in outcome.stderr
    assert "replayed up to event 0 only" in outcome.stderr


EDITS = (
    "UPDATE warehouse.event SET content = '{', body = NULL WHERE type = 'period-closed'",
    "UPDATE warehouse.event SET content = NULL, body = '[1]'::BLOB, attributes = '[]'",
    "UPDATE warehouse.event SET recorded_at = NULL, batch_id = 'x'",
    "UPDATE warehouse.event SET id = repeat(chr(10), 9), source = 'manyhands', seq = NULL",
    "UPDATE warehouse.period_close SET digest = NULL, log_digest = 'x', tree_root = 'x'",
    "UPDATE warehouse.statement SET sealed = NULL, digest = NULL, contributor_id = NULL",
    "UPDATE warehouse.tree_node SET hash = 'zz', level = 99",
    "UPDATE warehouse.ingest_batch SET rejected_by_reason = NULL, accepted = NULL",
    "UPDATE warehouse.dead_letter SET payload = NULL, payload_size = NULL, origin = NULL",
)


@pytest.mark.parametrize("edit", some_of(EDITS[:1], EDITS))
def test_whatever_stands_there_is_a_finding_and_no_failure(copied: Warehouse, edit: str) -> None:
    """Also what no program wrote: nothing of it is believed, opened or run."""
    with opened(copied) as connection:
        _changing(connection, edit)

    found = findings(named(copied))

    assert {one["code"] for one in found} - {"unsealed_file"}
    assert not [one for one in found for text in one.values() if "\n" in text]


def test_what_the_catalog_says_of_columns_and_is_false_is_found(copied: Warehouse) -> None:
    """By it DuckDB answers a query without reading a file, or leaves a file out."""
    edits = {
        ("asset_generated", "seq"): "min_value = '0'",
        ("asset_generated", "revenue_micros"): "max_value = '9000000000000'",
        ("asset_generated", "currency"): "min_value = 'USE'",
        ("asset_generated", "customer_id"): "max_value = 'A'",
        ("asset_generated", "occurred_at"): "max_value = '2001-01-01 00:00:00'",
        ("asset_generated", "id"): "max_value = NULL",
        ("event", "content"): "max_value = 'zzz'",
    }
    edits_of = {
        "file": {
            ("event", "batch_id"): "null_count = null_count + 1",
            ("terms", "seq"): "value_count = 0",
            ("contributor", "seq"): "max_value = 'zzz'",
        },
        "table": {("event", "batch_id"): "contains_null = 0"},
    }
    with closing(sqlite3.connect(copied.folder / "catalog.sqlite")) as catalog, catalog:
        for of, more in edits_of.items():
            for (relation, column), edit in {**edits, **more}.items():
                edited = catalog.execute(
                    f"UPDATE ducklake_{of}_column_stats SET {edit} WHERE (table_id, column_id) = ("
                    "SELECT place.table_id, place.column_id FROM ducklake_column AS place"
                    " INNER JOIN ducklake_table AS relation USING (table_id)"
                    " WHERE relation.table_name = $relation AND place.column_name = $column)",
                    {"relation": relation, "column": column},
                )
                assert edited.rowcount > 0
        catalog.execute("UPDATE ducklake_data_file SET record_count = 99")

    counted = [one for one in findings(named(copied)) if one["code"] == "counts"]

    of_files, of_relations = (
        {
            (one["relation"], one["key"].rpartition("parquet ")[2])
            for one in counted
            if ("parquet " in one["key"]) == is_of_a_file
        }
        for is_of_a_file in (True, False)
    )
    for said in (of_files, of_relations):
        assert {
            ("asset_generated", "seq least"),
            ("asset_generated", "revenue_micros greatest"),
            ("asset_generated", "currency least"),
            ("asset_generated", "customer_id greatest"),
            ("asset_generated", "occurred_at greatest"),
            ("event", "batch_id nulls"),
        } <= said
        assert ("asset_generated", "id greatest") not in said
    assert {
        ("contributor", "seq greatest"),
        ("pool", "rows"),
        ("terms", "seq values"),
    } <= of_files
    assert ("pool", "rows") not in of_relations


def test_rows_that_the_catalog_hides_are_found(copied: Warehouse) -> None:
    """By files that come with a later commit than the last, or by rows that are deleted in it."""
    with closing(sqlite3.connect(copied.folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute(
            "UPDATE ducklake_data_file SET begin_snapshot = 9999 WHERE table_id ="
            " (SELECT table_id FROM ducklake_table WHERE table_name = 'publication')"
        )
        ((number,),) = catalog.execute(
            "SELECT table_id FROM ducklake_table WHERE table_name = 'dead_letter'"
        )
        catalog.execute(f"CREATE TABLE ducklake_inlined_delete_{number} (file_id BIGINT)")

    found = {(one["code"], one["relation"], one["found"]) for one in findings(named(copied))}

    assert ("unsealed_file", "publication", "one of 9999") in found
    assert ("unsealed_file", "commit", "some") in found


def test_a_replay_that_fails_though_nothing_was_found_is_a_failure(
    copied: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, say: silence would mean that all is true."""

    def full(*_: object) -> None:
        message = "the folder for temporary files has no room left"
        raise ManyhandsError(message)

    monkeypatch.setattr("pipelines.lake.log.append", full)

    outcome = run(["verify", *named(copied)])

    assert (1, "") == (outcome.code, outcome.stdout)
    assert "no room left" in outcome.stderr


@pytest.mark.thorough
def test_a_close_that_is_gone_is_found(closed: Path, tmp_path: Path) -> None:
    """By the verdict of its gate, and by a digest that was kept elsewhere."""
    words = [f"--warehouse={tmp_path / 'warehouse'}"]
    ran(["init", *words])
    for verdict in (closed / "gate").iterdir():
        shutil.copy(verdict, tmp_path / "warehouse" / "gate")

    found = findings([*words, f"--expect={'0' * 64}"])

    assert ["rolled_back"] * 3 == [one["code"] for one in found]
    assert ["a close", "a close", "0" * 64] == [one["expected"] for one in found]


@pytest.mark.thorough
def test_closes_from_a_period_on_are_computed_again(copied: Warehouse) -> None:
    """The chain is checked whole: an earlier close's digest is found, a line of it isn't."""
    through_ours(copied, ["statement_line"], lambda _: partial(edit_column, "fx_base"))
    through_ours(copied, ["period_close"], lambda _: partial(edit_column, "digest"))

    outcome = run(["verify", *named(copied), "--since=2026-02", "--json"])

    found = outcome.json["findings"]
    assert {"seal", "chain"} <= codes(found, "period_close")
    assert not codes(found, "statement_line")
    assert 1 == outcome.json["coverage"]["closes"]
    assert "closes before 2026-02 weren't computed again" in outcome.stderr


@pytest.mark.thorough
def test_of_files_that_were_merged_nothing_is_found(tmp_path: Path) -> None:
    """A merge writes files that have their digests too, and leaves the old ones."""
    words = [f"--warehouse={tmp_path / 'warehouse'}"]
    for number in range(4):
        events = Events(f"/s{number}")
        events.contributor("ana")
        path = events.write(tmp_path / "one.ndjson")
        ran(["ingest", path, *words, "--as-of=2026-02-11T00:00:00Z", "--merge-files=2"])
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        paths = connection.execute("SELECT DISTINCT filename FROM warehouse.event").fetchall()

    outcome = run(["verify", *words])

    assert 4 > len(paths)
    assert (0, "") == (outcome.code, outcome.stdout)


@pytest.mark.long
@pytest.mark.parametrize("name", scenario.NAMES)
def test_of_a_worked_case_nothing_is_found(name: str, worked_case: WorkedCase) -> None:
    """Each is as its log says: stdout is empty."""
    outcome = run(["verify", *worked_case(name).words])

    assert (0, "") == (outcome.code, outcome.stdout)


@pytest.mark.processes
def test_beside_an_ingest_it_finds_nothing(tmp_path: Path) -> None:
    """It reads the warehouse as it was when it began, and takes no file for unknown."""
    events = Events()
    for _ in range(400):
        events.contributor("ana")
    path = events.write(tmp_path / "many.ndjson")
    words = [f"--warehouse={tmp_path / 'warehouse'}"]
    ran(["init", *words])
    program = [sys.executable, "-m", "pipelines.cli", "ingest", path, *words, "--batch-lines=20"]
    with subprocess.Popen(program, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as ingest:
        outcomes = []
        while ingest.poll() is None:
            outcomes.append(run(["verify", *words]))
    outcomes.append(run(["verify", *words]))

    assert 0 == ingest.returncode
    assert 1 < len(outcomes)
    assert {(0, "")} == {(one.code, one.stdout) for one in outcomes}


def test_with_postgresql_edits_are_found_too(postgres: Postgres, tmp_path: Path) -> None:
    """A clean one is silent; an edit in each relation is found by its code."""
    server = postgres.warehouse()
    ran(["init", *server, f"--data-path={tmp_path / 'shared'}"])
    marketplace(tmp_path, server)
    assert [] == findings(server)
    warehouse = located(postgres.place(server))

    derived = [name for name in NAMES if name not in UNDERIVED]
    through_ours(warehouse, derived, first_edit)
    past_ours(warehouse, UNDERIVED, first_edit)
    found = findings(server)

    for name in derived:
        assert codes(found, name) & CODES.get(name, {"fact"}), name
    assert len(UNDERIVED) == len([one for one in found if one["relation"] == "commit"])
