"""A warehouse is made again from the log alone: the same rows, results and digests (SPEC §7.3)."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.lake.connection import opened
from pipelines.lake.warehouse import Warehouse
from tests import scenario
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.made_again import NEXT, as_target, insist_on_same
from tests.postgres import Postgres
from tests.worked_cases import WorkedCase

EVERYDAY = "external_manifest"
OTHERS = [name for name in scenario.NAMES if name != EVERYDAY]
HAPPENED = (
    "ingest_batch",
    "dead_letter",
    "publication",
    "close_step",
    "close_coverage",
    "cosignature",
)


@pytest.fixture(autouse=True)
def _manifest_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))


def _rebuilt(old: Sequence[str], *to: str) -> Outcome:
    outcome = run(["rebuild", *old, *to, "--json"])
    assert 0 == outcome.code, outcome.stderr
    return outcome


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_a_worked_case_is_the_same_made_again(
    name: str, worked_case: WorkedCase, tmp_path: Path
) -> None:
    """All that a user asks for, and the close that comes next."""
    old = worked_case(name).copied(tmp_path)

    done = _rebuilt(old, f"--to={tmp_path / 'new'}")

    _, expected = scenario.read(name)
    if expected["closes"]:
        assert expected["closes"][-1]["digest"] == done.json["digest"]
    insist_on_same(old, [f"--warehouse={tmp_path / 'new'}"], name)


@pytest.mark.parametrize(
    "name",
    [
        "late_event_adjusts",
        *(pytest.param(one, marks=pytest.mark.long) for one in OTHERS if one[:4] != "late"),
    ],
)
def test_it_is_the_way_to_postgresql_and_back(
    name: str, worked_case: WorkedCase, postgres: Postgres, tmp_path: Path
) -> None:
    """With the same digests on both."""
    old, server = worked_case(name).copied(tmp_path), postgres.warehouse()

    there = _rebuilt(old, *as_target(server, tmp_path / "shared"))
    back = _rebuilt(server, f"--to={tmp_path / 'back'}")

    assert there.json["digest"] == back.json["digest"]
    insist_on_same(old, server, name)
    insist_on_same(old, [f"--warehouse={tmp_path / 'back'}"], name)


def _edited(folder: Path, *statements: str) -> None:
    with opened(Warehouse(folder)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def closed(worked_case: WorkedCase) -> Path:
    """Return a warehouse with two closes, which is only read or copied."""
    return worked_case("late_event_adjusts").warehouse


@pytest.mark.parametrize(
    ("statement", "code", "told"),
    [
        (
            "UPDATE warehouse.event SET body = '{}'::BLOB WHERE seq = 7",
            1,
            "event 7 of the log",
        ),
        pytest.param(
            "UPDATE warehouse.event SET content_sha256 = repeat('0', 64) WHERE seq = 7",
            1,
            "event 7 of the log",
            marks=pytest.mark.long,
        ),
        (
            "UPDATE warehouse.period_close SET digest = repeat('0', 64) WHERE period = '2026-11'",
            4,
            "2026-11 comes out with the digests",
        ),
        ("DELETE FROM warehouse.event WHERE seq = 7", 1, "are not what a log holds"),
        ("UPDATE warehouse.row_sum SET rows_added = rows_added + 1", 4, "row_sum has"),
        pytest.param(
            "DELETE FROM warehouse.statement_line",
            4,
            "statement_line has",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_was_edited_is_named_and_nothing_is_left(
    closed: Path, tmp_path: Path, statement: str, code: int, told: str
) -> None:
    """The first event that is none any more, a close that comes out otherwise, rows that differ."""
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copytree(closed, old)
    _edited(old, statement)

    outcome = run(["rebuild", f"--warehouse={old}", f"--to={new}"])

    assert (code, "") == (outcome.code, outcome.stdout), outcome.stderr
    assert told in outcome.stderr
    assert [old] == list(tmp_path.iterdir())


@pytest.mark.thorough
def test_an_empty_folder_is_empty_again_after_a_failure(closed: Path, tmp_path: Path) -> None:
    """As its owner made it; and the same command goes on in it."""
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copytree(closed, old)
    new.mkdir()
    _edited(old, "DELETE FROM warehouse.statement_line")

    assert 4 == run(["rebuild", f"--warehouse={old}", f"--to={new}"]).code
    assert [] == list(new.iterdir())
    assert 0 == run(["rebuild", f"--warehouse={closed}", f"--to={new}"]).code


def test_nobody_opens_what_is_not_whole(closed: Path, tmp_path: Path) -> None:
    """As an earlier program left it, or one that is being made in PostgreSQL."""
    new = tmp_path / "new"
    shutil.copytree(closed, new)
    _edited(new, "UPDATE warehouse.setting SET format = 0")
    for words in (
        ["status", f"--warehouse={new}"],
        ["close", "--due", NEXT, f"--warehouse={new}"],
        ["query", "SELECT 1", f"--warehouse={new}"],
        ["migrate", f"--warehouse={new}"],
        ["rebuild", f"--warehouse={closed}", f"--to={new}"],
    ):
        refused = run(words)
        assert 1 == refused.code
        assert f"{new} isn't whole" in refused.stderr
        assert "remove it, and run that again" in refused.stderr


def test_what_was_begun_in_postgresql_says_what_to_remove(
    closed: Path, postgres: Postgres, tmp_path: Path
) -> None:
    """And once that is gone, the same command goes on."""
    old, data = tmp_path / "old", tmp_path / "data"
    shutil.copytree(closed, old)
    _edited(old, "DELETE FROM warehouse.statement_line")
    named = postgres.warehouse()
    to = as_target(named, data)
    assert 4 == run(["rebuild", f"--warehouse={old}", *to]).code

    again = run(["rebuild", f"--warehouse={closed}", *to])

    schema = next(word.partition("=")[2] for word in named if word.startswith("--schema="))
    assert 1 == again.code
    assert f"drop the schema {schema}, remove {data}, and run that again" in again.stderr
    postgres.run(f'DROP SCHEMA "{schema}" CASCADE')
    shutil.rmtree(data)
    assert 0 == run(["rebuild", f"--warehouse={closed}", *to]).code


def test_a_place_that_is_taken_and_a_source_that_is_not_there_are_refused(
    closed: Path, tmp_path: Path
) -> None:
    """Nothing is made."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/notes").touch()
    for words, code in (
        ([f"--warehouse={closed}", f"--to={tmp_path / 'taken'}"], 5),
        ([f"--warehouse={closed}", f"--to={closed}"], 5),
        ([f"--warehouse={tmp_path / 'none'}", f"--to={tmp_path / 'new'}"], 3),
        ([f"--warehouse={closed}", f"--to={tmp_path / 'new'}", "--to-data-path=x"], 2),
        ([f"--warehouse={closed}", "--to=https://new"], 2),
    ):
        assert code == run(["rebuild", *words]).code, words
    assert not (tmp_path / "new").exists()
    assert ["notes"] == [path.name for path in (tmp_path / "taken").iterdir()]


def test_a_manifest_whose_copy_is_gone_is_named(worked_case: WorkedCase, tmp_path: Path) -> None:
    """Its rows alone are no proof of what it was."""
    old = worked_case(EVERYDAY).copied(tmp_path)
    (copy,) = [path for path in (tmp_path / "warehouse/manifests").iterdir() if not path.suffix]
    copy.unlink()

    outcome = run(["rebuild", *old, f"--to={tmp_path / 'new'}"])

    assert 1 == outcome.code
    assert f"the copy of its manifest {copy.name} isn't in the warehouse" in outcome.stderr


@pytest.mark.thorough
def test_what_happened_is_carried_over(worked_case: WorkedCase, tmp_path: Path) -> None:
    """Batches that brought nothing new, letters, publications, the times of steps, verdicts.

    All else is the same, too: what a user asks for, and the close that comes next.
    """
    old = worked_case(EVERYDAY).copied(tmp_path)
    folder, new = tmp_path / "warehouse", tmp_path / "new"
    (tmp_path / "refused.ndjson").write_text("{}\nno\n")
    (tmp_path / "out").mkdir()
    assert 0 == run(["ingest", str(tmp_path / "refused.ndjson"), NEXT, *old]).code
    assert 0 == run(["publish", f"--to={tmp_path / 'out'}", *old]).code
    done = _rebuilt(old, f"--to={new}")

    _, expected = scenario.read(EVERYDAY)
    assert expected["closes"][-1]["digest"] == done.json["digest"]
    insist_on_same(old, [f"--warehouse={new}"], EVERYDAY)
    for name in HAPPENED:
        query = f"SELECT * FROM {name} ORDER BY ALL"
        assert rows(folder, query) == rows(new, query), name
    assert rows(folder, "SELECT * FROM dead_letter")
    assert rows(folder, "SELECT * FROM publication")
    verdicts = [
        {path.name: json.loads(path.read_text()) for path in place.glob("gate/*.json")}
        for place in (folder, new)
    ]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]
