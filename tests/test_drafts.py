"""A draft is what the close then is, and a close that was reviewed can't change unseen."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.outputs import exports
from tests.conftest import Run, run
from tests.made_once import MadeOnce
from tests.marketplace import Events, small
from tests.outputs import stored

AS_OF = "--as-of=2026-04-01T00:00:00Z"
JANUARY, FEBRUARY = "--period=2026-01", "--period=2026-02"
DRAFT = ["close", JANUARY, AS_OF, "--dry-run", "--out=draft"]
FILES = [
    "draft-2026-01.json",
    "statement_lines-2026-01.csv",
    "statement_lines-2026-01.parquet",
    "statements-2026-01.csv",
    "statements-2026-01.ndjson",
    "statements-2026-01.parquet",
]


@pytest.fixture(scope="session")
def drafted(made_once: MadeOnce) -> Path:
    """Return a small marketplace's warehouse, and a draft beside it; both are only copied."""
    return made_once("drafted", _draft)


def _draft(folder: Path) -> None:
    warehouse = f"--warehouse={folder / 'warehouse'}"
    source = small(Events()).write(folder / "events.ndjson")
    assert 0 == run(["ingest", source, AS_OF, warehouse]).code
    assert 0 == run([*DRAFT[:-1], f"--out={folder / 'draft'}", warehouse]).code


@pytest.fixture
def market(manyhands: Run, drafted: Path, tmp_path: Path) -> Run:
    """Run commands where there is a small marketplace, and a draft of its January."""
    shutil.copytree(drafted, tmp_path, dirs_exist_ok=True)
    return manyhands


def _described(folder: Path) -> dict[str, Any]:
    """Read what a draft says that it is of."""
    text = (folder / "draft" / "draft-2026-01.json").read_text()
    described: dict[str, Any] = json.loads(text)
    return described


def _payable(path: Path) -> dict[str, int]:
    """Sum by currency, in micros, what the statements of a file pay."""
    sums: dict[str, int] = {}
    for line in path.read_text().splitlines():
        one = json.loads(line)
        micros = int(one["payable"].replace(".", ""))
        sums[one["currency"]] = sums.get(one["currency"], 0) + micros
    return sums


def _sell_more(run: Run, folder: Path) -> None:
    """Let a late sale of January come."""
    late = Events("/late")
    late.generation("1", "500")
    assert 0 == run("ingest", late.write(folder / "late.ndjson"), AS_OF).code


def test_a_draft_is_what_the_export_of_the_close_is(market: Run, tmp_path: Path) -> None:
    """In all formats: text to the byte, Parquet to the value; and the digest is the close's.

    A file beside says its period, its digest and the one before, how far it read the log, and the
    SHA-256 of each of the others.
    """
    shutil.rmtree(tmp_path / "draft")
    before = stored.bytes_of(tmp_path / "warehouse")
    drafted = market(*DRAFT, "--json").json["closes"][0]
    untouched = stored.bytes_of(tmp_path / "warehouse")
    closed = market("close", JANUARY, AS_OF, "--json").json["closes"][0]
    for form in ("csv", "json", "parquet"):
        market("statements", "export", f"--format={form}", "--out=issued")

    assert before == untouched
    assert sorted(f"draft/{name}" for name in FILES) == sorted(drafted.pop("files"))
    assert closed == drafted
    for name in FILES[1:]:
        drafted_file, issued = tmp_path / "draft" / name, tmp_path / "issued" / name
        if name.endswith(".parquet"):
            assert pq.read_table(issued).equals(pq.read_table(drafted_file))
        else:
            assert issued.read_bytes() == drafted_file.read_bytes()
    assert FILES == sorted(path.name for path in (tmp_path / "draft").iterdir())
    described = _described(tmp_path)
    assert 64 == len(described.pop("draft_sha256"))
    assert {
        name: sha256((tmp_path / "draft" / name).read_bytes()).hexdigest() for name in FILES[1:]
    } == described.pop("files")
    assert {
        name: closed[name] for name in ("digest", "log_seq", "period", "previous_digest")
    } == described


def test_a_close_is_issued_where_its_digest_is_the_expected_one(
    market: Run, tmp_path: Path
) -> None:
    """By the digest, by the draft, or by both."""
    digest = _described(tmp_path)["digest"]
    dry = market("close", JANUARY, AS_OF, f"--expect={digest}", "--dry-run")
    closed = market("close", JANUARY, AS_OF, f"--expect={digest}", "--draft=draft", "--json")
    again = market("close", JANUARY, AS_OF, "--draft=draft", "--json")

    assert (0, 0, 0) == (dry.code, closed.code, again.code)
    assert digest == closed.json["closes"][0]["digest"]
    assert closed.json == again.json


def test_a_close_of_another_digest_is_not_issued(market: Run, tmp_path: Path) -> None:
    """Exit 5 with both digests, the log position and the sums by currency; nothing is closed."""
    outcome = market("close", JANUARY, AS_OF, f"--expect={'0' * 64}")

    assert 5 == outcome.code
    assert "0" * 64 in outcome.stderr
    assert _described(tmp_path)["digest"] in outcome.stderr
    assert "log up to 9\n" in outcome.stderr
    for currency, micros in _payable(tmp_path / "draft" / "statements-2026-01.ndjson").items():
        assert f"{currency} {micros // 10**6}.{micros % 10**6:06} payable, " in outcome.stderr
    assert [] == market("statements", "list", "--json").json


@pytest.mark.thorough
def test_what_changed_since_the_draft_is_told(market: Run, tmp_path: Path) -> None:
    """Log positions, the statements that differ, and sums before and now; then a new draft."""
    first = _described(tmp_path)
    before = _payable(tmp_path / "draft" / "statements-2026-01.ndjson")
    _sell_more(market, tmp_path)
    stopped = market("close", JANUARY, AS_OF, "--draft=draft")
    listed = market("statements", "list", "--json").json
    second = market(*DRAFT, "--json").json["closes"][0]
    now = _payable(tmp_path / "draft" / "statements-2026-01.ndjson")

    assert (5, []) == (stopped.code, listed)
    assert first["digest"] in stopped.stderr
    assert second["digest"] in stopped.stderr
    assert "log up to 10, in the draft up to 9" in stopped.stderr
    assert "statements changed: 2 (ana, ben)" in stopped.stderr
    for currency, micros in now.items():
        assert micros > before[currency]
        told = [f"{value // 10**6}.{value % 10**6:06}" for value in (micros, before[currency])]
        assert f"{currency} {told[0]} payable, in the draft {told[1]};" in stopped.stderr
    assert 0 == market("close", JANUARY, AS_OF, "--draft=draft").code


@pytest.mark.long
def test_what_changes_no_statement_stops_nothing(market: Run, tmp_path: Path) -> None:
    """The log goes on, and the close is the one that was reviewed."""
    later = Events("/late")
    later.generation("1", "500", "2026-02-03T00:00:00Z")
    market("ingest", later.write(tmp_path / "late.ndjson"), AS_OF)
    closed = market("close", JANUARY, AS_OF, "--draft=draft", "--json")

    assert (0, 10) == (closed.code, closed.json["closes"][0]["log_seq"])


@pytest.mark.long
def test_a_closed_period_is_held_against_what_was_expected(market: Run, tmp_path: Path) -> None:
    """Closed as expected it is exit 0; as another one it is exit 5, with what differs."""
    _sell_more(market, tmp_path)
    digest = market("close", JANUARY, AS_OF, "--json").json["closes"][0]["digest"]
    same = market("close", JANUARY, AS_OF, f"--expect={digest}")
    other = market("close", JANUARY, AS_OF, "--draft=draft")
    drafted = market(*DRAFT)

    assert (0, 5, 5) == (same.code, other.code, drafted.code)
    assert digest in other.stderr
    assert "statements changed: 2" in other.stderr
    assert "no draft of it" in drafted.stderr


def test_of_a_closed_period_both_digests_are_told_and_not_that_nothing_was_issued(
    market: Run, tmp_path: Path
) -> None:
    """It was: the message says with which digest, and offers no draft, which can't be made."""
    _sell_more(market, tmp_path)
    digest = market("close", JANUARY, AS_OF, "--json").json["closes"][0]["digest"]
    expected = market("close", JANUARY, AS_OF, f"--expect={'0' * 64}")
    drafted = market("close", JANUARY, AS_OF, "--draft=draft")

    said = f"2026-01 is closed with the digest {digest}, not with "
    assert f"{said}{'0' * 64} as expected" in expected.stderr
    assert f"{said}{_described(tmp_path)['digest']} as expected" in drafted.stderr
    for outcome in (expected, drafted):
        assert (5, "") == (outcome.code, outcome.stdout)
        assert "nothing was issued" not in outcome.stderr
        assert "writes a new draft" not in outcome.stderr


def _edit(tmp_path: Path) -> None:
    path = tmp_path / "draft" / "statements-2026-01.ndjson"
    path.write_text(path.read_text().replace('"payable":"', '"payable":"1', 1))


def _break(tmp_path: Path) -> None:
    path = tmp_path / "draft" / "statements-2026-01.ndjson"
    path.write_bytes(path.read_bytes()[:-9])


def _forge(tmp_path: Path) -> None:
    path = tmp_path / "draft" / "draft-2026-01.json"
    path.write_text(path.read_text().replace("2026-01", "2026-02"))


def _blur(tmp_path: Path) -> None:
    (tmp_path / "draft" / "draft-2026-01.json").write_bytes(b"\xff" * 9_000)


def _claim_more_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "draft" / "draft-2026-01.json"
    path.write_text(path.read_text().replace('"log_seq": 9', '"log_seq": 99'))


def _remove(tmp_path: Path) -> None:
    (tmp_path / "draft" / "statements-2026-01.ndjson").unlink()


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (_edit, 2, "was changed since it was written"),
        (_break, 2, "line 2 is no statement"),
        (_forge, 2, "this is the draft of 2026-02"),
        (_blur, 2, "doesn't say what a draft is of"),
        (_remove, 3, "not there"),
        (_claim_more_of_the_log, 2, "draft-2026-01.json was changed since it was written"),
    ],
)
def test_a_draft_that_is_not_as_it_was_written_is_refused(
    market: Run, tmp_path: Path, change: Callable[[Path], None], code: int, told: str
) -> None:
    """Before anything is done: nothing is closed by it, and nothing is compared with it."""
    change(tmp_path)
    closed = market("close", JANUARY, AS_OF, "--draft=draft")
    compared = market("statements", "diff", "2026-01", "--draft=draft")

    assert [(code, ""), (code, "")] == [(one.code, one.stdout) for one in (closed, compared)]
    assert told in closed.stderr
    assert told in compared.stderr
    assert [] == market("statements", "list", "--json").json


@pytest.mark.parametrize("name", FILES[1:])
def test_each_file_of_a_draft_is_as_it_was_written_or_the_draft_is_refused(
    market: Run, tmp_path: Path, name: str
) -> None:
    """What somebody reviewed in a spreadsheet is what is issued; a file that is gone is named."""
    path = tmp_path / "draft" / name
    path.write_bytes(path.read_bytes() + b"\n")
    changed = [
        market("close", JANUARY, AS_OF, "--draft=draft"),
        market("statements", "diff", "2026-01", "--draft=draft"),
    ]
    path.unlink()
    gone = market("close", JANUARY, AS_OF, "--draft=draft")

    assert [(2, ""), (2, "")] == [(one.code, one.stdout) for one in changed]
    assert [name in one.stderr for one in changed] == [True, True]
    assert (3, True) == (gone.code, name in gone.stderr)
    assert [] == market("statements", "list", "--json").json


@pytest.mark.parametrize(
    "words",
    [
        ["close", JANUARY, AS_OF, "--draft="],
        ["close", JANUARY, AS_OF, "--dry-run", "--out="],
        ["close", JANUARY, AS_OF, "--checks="],
        ["statements", "diff", "2026-01", "--draft="],
        ["statements", "export", "--format=csv", "--out="],
        ["earnings", JANUARY, "--format=csv", "--out="],
    ],
    ids=" ".join,
)
def test_an_empty_name_is_not_the_current_folder(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Exit 2, though there is a draft in it; nothing is written, and nothing closed."""
    monkeypatch.chdir(tmp_path / "draft")
    before = stored.bytes_of(tmp_path)
    outcome = market(*words)

    assert (2, "") == (outcome.code, outcome.stdout)
    assert "an empty name" in outcome.stderr
    assert before == stored.bytes_of(tmp_path)


@pytest.mark.parametrize("place", ["warehouse", "warehouse/drafts", "link/data"])
@pytest.mark.parametrize(
    "words",
    [["close", JANUARY, AS_OF, "--dry-run"], ["statements", "export", "--format=csv"]],
    ids=["draft", "export"],
)
def test_the_warehouses_own_folder_takes_no_statements(
    market: Run, tmp_path: Path, words: list[str], place: str
) -> None:
    """Exit 2, also through a link; the folder is as it was."""
    (tmp_path / "link").symlink_to(tmp_path / "warehouse")
    before = stored.bytes_of(tmp_path / "warehouse")
    outcome = market(*words, f"--out={place}")

    assert (2, "") == (outcome.code, outcome.stdout)
    assert f"{place} is in the warehouse's folder" in outcome.stderr
    assert before == stored.bytes_of(tmp_path / "warehouse")


@pytest.mark.parametrize(
    "words",
    [
        ["--due", f"--expect={'0' * 64}"],
        ["--due", "--draft=draft"],
        [JANUARY, "--expect=abc"],
        [JANUARY, f"--expect={'A' * 64}"],
        [JANUARY, "--out=draft"],
        [JANUARY, f"--expect={'0' * 64}", "--draft=draft"],
    ],
    ids=" ".join,
)
def test_what_does_not_fit_together_is_a_usage_error(market: Run, words: list[str]) -> None:
    """Exit 2, nothing closed."""
    assert 2 == market("close", AS_OF, *words).code
    assert [] == market("statements", "list", "--json").json


def test_a_draft_of_a_close_that_is_stopped_is_not_written(market: Run, tmp_path: Path) -> None:
    """Nor is its folder made."""
    shutil.rmtree(tmp_path / "draft")
    bad = Events("/bad")
    bad.generation("1", "500", unknown=1)
    market("ingest", bad.write(tmp_path / "bad.ndjson"), AS_OF)

    assert 4 == market(*DRAFT, "--fail-on-dead-letters").code
    assert not (tmp_path / "draft").exists()


def test_a_draft_that_cannot_be_written_leaves_the_one_before(
    market: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all its files none is replaced where one fails."""
    before = stored.bytes_of(tmp_path / "draft")
    _sell_more(market, tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(exports, "write_csv", fail)
        outcome = market(*DRAFT)

    assert 1 == outcome.code
    assert before == stored.bytes_of(tmp_path / "draft")


@pytest.fixture
def february(manyhands: Run, tmp_path: Path) -> Run:
    """Close January, with 10 for Ana and 5 for Ben; in February Ana has 100 and Cy 7."""
    events = Events()
    events.terms(generation_share="1")
    for version, name in (("1", "ana"), ("2", "ben"), ("3", "cy")):
        events.contributor(name)
        events.licence(f"i{version}", name)
        events.model(version, [{"image_id": f"i{version}"}])
    for version, amount, time in (
        ("1", "10", "2026-01-20T00:00:00Z"),
        ("2", "5", "2026-01-20T00:00:00Z"),
        ("1", "100", "2026-02-20T00:00:00Z"),
        ("3", "7", "2026-02-20T00:00:00Z"),
    ):
        events.generation(version, amount, time)
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF)
    assert 0 == manyhands("close", JANUARY, AS_OF).code
    return manyhands


@pytest.mark.thorough
def test_a_draft_is_compared_with_the_close_before_it(february: Run) -> None:
    """New, gone and changed by currency, with what was payable and what would be.

    For people it is two tables: one of sums, one of the largest changes.
    """
    february("close", FEBRUARY, AS_OF, "--dry-run", "--out=draft")
    words = ["statements", "diff", "2026-02", "--draft=draft"]
    found = february(*words, "--json").json
    shown = february(*words).stdout
    rows = [line.split() for line in shown.splitlines()]

    def change(name: str, before: str | None, now: str | None) -> dict[str, Any]:
        amounts = {"earned_before": before, "earned_now": now}
        amounts |= {"payable_before": before, "payable_now": now}
        return {"statements": 1, "largest": [{"contributor_id": name, **amounts}]}

    assert "2026-01" == found["before"]
    assert {
        "USD": {
            "changed": change("ana", "10.000000", "100.000000"),
            "gone": change("ben", "5.000000", None),
            "new": change("cy", None, "7.000000"),
            "payable_before": "15.000000",
            "payable_now": "107.000000",
            "unchanged": 0,
        }
    } == found["currencies"]
    assert "beside the statements of 2026-01" in shown
    assert ["USD", "1", "1", "1", "0", "15.000000", "107.000000"] in rows
    assert ["ana", "USD", "changed", "10.000000", "100.000000", "10.000000", "100.000000"] in rows
    assert ["cy", "USD", "new", "7.000000", "7.000000"] in rows


@pytest.mark.long
def test_before_any_close_all_of_a_draft_is_new(market: Run) -> None:
    """There is nothing to compare it with, and it says so; also once it is closed."""
    words = ["statements", "diff", "2026-01", "--draft=draft"]
    found = market(*words, "--json").json
    market("close", JANUARY, AS_OF)
    shown = market(*words).stdout

    assert found["before"] is None
    assert [1, 1] == [one["new"]["statements"] for one in found["currencies"].values()]
    assert "beside no close before it" in shown


def test_a_period_that_cannot_be_one_is_a_usage_error_of_a_comparison(market: Run) -> None:
    """And one without a draft is not found."""
    assert 2 == market("statements", "diff", "2026-Q1", "--draft=draft").code
    assert 3 == market("statements", "diff", "2026-02", "--draft=draft").code
    assert 2 == market("statements", "diff", "2026-01").code
