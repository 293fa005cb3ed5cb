"""The command line: what each command prints, and how each ends."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main, progress
from pipelines.cli.words import WHY_HELD
from pipelines.close import job as close_job
from pipelines.errors import ConflictError
from pipelines.ingest import job as ingest_job
from pipelines.lake import sql
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.log import Counts
from pipelines.lake.refused import Refused
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run
from tests.outputs import stored
from tests.scenario import VECTORS

READING = [
    ["status"],
    ["held"],
    ["statements", "list"],
    ["statements", "show", "2026-10/ana"],
    ["statements", "export", "--format=csv", "--out=out"],
    ["query", "SELECT 1"],
    ["deadletter", "list"],
    ["deadletter", "show", "ab"],
]

COMPUTING = [["estimate"], ["earnings", "--period=2026-10", "--out=out/earnings.csv"]]
"""They read too, and say on stderr what they compute."""

HELD = {
    "period": "2026-10",
    "reason": "no_terms",
    "basis": "direct",
    "reference": "image-1",
    "contributor_id": "ana",
    "origin_period": "2026-10",
    "currency": "USD",
    "amount_micros": 2_500_000,
}

LETTER = {
    "id": "ab" * 32,
    "received_at": "2026-10-01 08:00:00",
    "processor": "manyhands/0.1.0 decode",
    "reason": "not_json",
    "attempts": 1,
    "path": "",
    "message": "line 1 column 1: \x1b[31mnot JSON",
    "origin": "events.ndjson",
    "origin_item": "3",
    "payload": b'{"half',
    "payload_size": 6,
    "payload_sha256": "f" * 64,
}

DISMISSED = {"dismissed_at": "2026-10-03", "note": "\x1b[31mnoise"}

BATCH = {
    "batch_id": "b1",
    "recorded_at": "2026-10-01 08:00:00",
    "received": 6,
    "accepted": 3,
    "duplicate": 1,
    "conflict": 0,
    "rejected": 2,
    "rejected_by_reason": [{"reason": "not_json", "events": 2}],
    "head": 3,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with a close, something held, a batch and dead letters."""
    rows: dict[str, list[dict[str, object]]] = {
        "period_close": [stored.closed("2026-09", 0), stored.closed("2026-10", 2)],
        "statement": [
            stored.statement("2026-10", "ben", 2_000_000),
            stored.statement("2026-10", "ana", 1),
        ],
        "held": [
            HELD,
            HELD | {"contributor_id": None, "reason": "unlicensed_image"},
            HELD | {"reference": "image-2", "amount_micros": 0},
            HELD | {"period": "2026-09", "amount_micros": 9},
            HELD | {"period": "2026-09", "reference": "image-2", "amount_micros": 7},
            HELD | {"period": "2026-09", "reference": "image-3", "amount_micros": 500_000},
        ],
        "ingest_batch": [BATCH | {"batch_id": "b0", "received": 9}, BATCH],
        "dead_letter": [
            LETTER,
            LETTER | {"id": "ab" * 4 + "cd" * 28, "payload": b"\xff\x00", "origin_item": "4"},
            LETTER | {"id": "ef" * 32, "resolved_at": "2026-10-02", "origin_item": "5"},
            LETTER | {"id": "0a" * 32, "origin_item": "6"} | DISMISSED,
        ],
    }
    return stored.make(tmp_path_factory.mktemp("cli") / "warehouse", rows)


@pytest.fixture
def look(manyhands: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands on the filled warehouse."""
    monkeypatch.setenv("MANYHANDS_WAREHOUSE", str(filled))
    return manyhands


# what is printed


def test_statements_are_listed_with_their_digests_and_without_lines(look: Run) -> None:
    """In order of contributor, of the last close where no period is named."""
    ana, ben = look("statements", "list", "--json").json

    assert ("2026-10/ana", "2026-10/ben") == (ana["statement_id"], ben["statement_id"])
    assert stored.statement("2026-10", "ana")["digest"] == ana["digest"]
    columns = [column.name for column in sql.relation("reports", "statement").columns]
    assert sorted([*columns, "digest"]) == list(ana)
    assert ("0.000001", "2.000000") == (ana["payable"], ben["payable"])


def test_a_period_can_be_named(look: Run) -> None:
    """A close without statements lists none; a period that isn't closed exits 3."""
    assert [] == look("statements", "list", "--period=2026-09", "--json").json
    before = look("held", "--period=2026-09", "--json").json
    assert ["0.000007", "0.000009", "0.500000"] == [part["amount"] for part in before]
    assert 3 == look("statements", "list", "--period=2026-11").code
    assert 3 == look("held", "--period=2026-11").code


@pytest.mark.parametrize("name", ["nonsense", "2026-13", "2026-Q4", ""])
def test_a_period_that_cannot_be_one_is_a_usage_error(look: Run, name: str) -> None:
    """Of the warehouse's cadence, whatever is done with it; the message has an example."""
    outcomes = [
        look(*words, f"--period={name}")
        for words in (["held"], ["statements", "list"], ["close"], READING[4])
    ]

    assert [2, 2, 2, 2] == [outcome.code for outcome in outcomes]
    assert all("write it as 2026-10" in outcome.stderr for outcome in outcomes)


def test_held_is_listed_for_people_by_reason_the_largest_amount_first(look: Run) -> None:
    """Each reason is one block, and beside each amount stands what its reason means."""
    lines = look("held").stdout.splitlines()
    rows = [line.split() for line in lines]
    meanings = [line[lines[0].index("why") :] for line in lines[1:]]

    assert ["no_terms", "no_terms", "unlicensed_image"] == [row[0] for row in rows[1:]]
    assert ["2.500000", "0.500000", "2.500000"] == [
        next(cell for cell in row if cell.endswith("00000")) for row in rows[1:]
    ]
    assert [WHY_HELD[row[0]] for row in rows[1:]] == meanings


def test_a_statement_is_shown_as_it_was_sealed(look: Run) -> None:
    """To the byte, with a line end after it."""
    shown = look("statements", "show", "2026-10/ana", "--json")
    sealed = stored.statement("2026-10", "ana")["sealed"]

    assert isinstance(sealed, bytes)
    assert sealed.decode() + "\n" == shown.stdout


def test_a_statement_reads_as_arithmetic_for_people(manyhands: Run, tmp_path: Path) -> None:
    """Its amounts in the order of the sum, then its lines."""
    case = json.loads(VECTORS.joinpath("late_event_adjusts.expected.json").read_text())
    issued = case["closes"][0]["statements"][0]
    row = stored.statement("2026-10", "ana") | stored.sealed(issued)
    stored.make(tmp_path / "warehouse", {"statement": [row]})

    lines = manyhands("statements", "show", "2026-10/ana").stdout.splitlines()

    assert "2026-10/ana" == lines[0]
    assert ["opening", "0.000000"] == lines[3].split()
    assert ["payable", "13639.080000"] == lines[10].split()
    assert "royalty" == lines[-2].split()[0]
    assert "13636.363636" == lines[-2].split()[-1]


def test_a_statement_shows_the_rate_and_the_date_of_what_was_converted(
    manyhands: Run, tmp_path: Path
) -> None:
    """Lines name their rates, what takes back names what was credited, and so does the opening."""
    case = json.loads(VECTORS.joinpath("change_of_currency.expected.json").read_text())
    february, march = (close["statements"][0] for close in case["closes"][1:3])
    rows = [
        stored.statement("2026-02", "ana") | stored.sealed(february),
        stored.statement("2026-03", "ana") | stored.sealed(march),
    ]
    stored.make(tmp_path / "warehouse", {"statement": rows})

    shown = manyhands("statements", "show", "2026-02/ana").stdout
    taken_back = manyhands("statements", "show", "2026-03/ana").stdout

    assert "opening converted from 80.019229 BGN, at 1 EUR = 1.95583 BGN of 2026-02-27" in shown
    assert shown.splitlines()[-1].endswith("29.166667  1 EUR = 1.2 USD  2026-02-27")
    assert "as credited: 47.732046 USD for 50.005000" in taken_back


def test_a_statement_that_was_not_issued_is_not_found(look: Run) -> None:
    """Exit 3, and where to look."""
    assert 3 == look("statements", "show", "2026-10/zoe").code


def test_held_is_what_stands_at_a_close_and_sorted(look: Run) -> None:
    """The latest of each key, what is gone aside; in the order of their JSON with sorted keys."""
    listed = look("held", "--json").json

    assert ["0.500000", "2.500000", "2.500000"] == [part["amount"] for part in listed]
    assert ["ana", "ana", None] == [part["contributor_id"] for part in listed]
    assert sorted(listed, key=lambda part: json.dumps(part, sort_keys=True)) == listed
    keys = "amount basis contributor_id currency origin_period reason reference"
    assert keys.split() == list(listed[0])


def test_the_status_tells_how_the_warehouse_stands(look: Run) -> None:
    """Head, cadence, closes, what is due and held, and the last batch."""
    standing = look("status", "--as-of=2026-12-01T00:00:00Z", "--json").json

    batch = {name: BATCH[name] for name in BATCH if name != "rejected_by_reason"}
    expected = {
        "cadence": "month",
        "dead_letters": 2,
        "due": ["2026-11"],
        "grace_days": 0,
        "head": 0,
        "held": {"no_terms": {"USD": "3.000000"}, "unlicensed_image": {"USD": "2.500000"}},
        "last_batch": batch
        | {"recorded_at": "2026-10-01T08:00:00.000000Z", "rejected": {"not_json": 2}},
        "last_close": {"digest": stored.closed("2026-10", 2)["digest"], "period": "2026-10"},
        "next_period": "2026-11",
        "open": {
            "USD": {
                "advance_outstanding": "2.000001",
                "carried": "2.000001",
                "carried_negative": "0.000000",
                "reserve": "2.000001",
            }
        },
        "published": {},
        "refused": {"amounts": {}, "letters": {}, "undated": {"not_json": 2}},
        "report_differences": [],
        "report_gaps": [],
        "reported": {},
        "source_policy": None,
    }
    assert expected == standing
    assert "open carried" in look("status").stdout


def test_what_stands_open_is_listed_by_the_last_statement_of_each(
    manyhands: Run, tmp_path: Path
) -> None:
    """An older statement counts where no later one was issued; who has nothing open isn't there."""
    nothing = {"carried_micros": 0, "reserve_balance_micros": 0, "advance_outstanding_micros": 0}
    rows = [
        stored.statement("2026-09", "ana", 5) | {"reserve_balance_micros": 0},
        stored.statement("2026-09", "ben", 7),
        stored.statement("2026-10", "ben", 8) | nothing,
        stored.statement("2026-10", "cem", 9) | nothing | {"reserve_balance_micros": 1},
    ]
    closes = [stored.closed("2026-09", 2), stored.closed("2026-10", 2)]
    stored.make(tmp_path / "warehouse", {"period_close": closes, "statement": rows})

    ana, cem = manyhands("statements", "list", "--open", "--json").json

    assert {
        "contributor_id": "ana",
        "currency": "USD",
        "carried": "0.000005",
        "reserve": "0.000000",
        "advance_outstanding": "0.000005",
        "statement_id": "2026-09/ana",
    } == ana
    assert ("cem", "2026-10/cem") == (cem["contributor_id"], cem["statement_id"])
    view = manyhands("query", "SELECT carried_micros FROM open_balance ORDER BY ALL", "--json")
    assert [{"carried_micros": "0"}, {"carried_micros": "5"}] == view.json
    assert 2 == manyhands("statements", "list", "--open", "--period=2026-09").code


def test_what_is_carried_to_one_is_not_set_off_against_another(
    manyhands: Run, tmp_path: Path
) -> None:
    """The status sums what is above 0 and what is below apart; people see grace days too."""
    only = {"reserve_balance_micros": 0, "advance_outstanding_micros": 0}
    rows = [
        stored.statement("2026-10", "ana", 5) | only,
        stored.statement("2026-10", "ben") | only | {"carried_micros": -3},
        stored.statement("2026-10", "cem", 2) | only,
    ]
    closes = [stored.closed("2026-10", 3)]
    stored.make(tmp_path / "warehouse", {"period_close": closes, "statement": rows})

    carried = manyhands("status", "--json").json["open"]["USD"]
    shown = [line.split("  ")[0] for line in manyhands("status").stdout.splitlines()]

    assert ("0.000007", "-0.000003") == (carried["carried"], carried["carried_negative"])
    assert {"field", "grace days", "open carried", "open carried negative"} <= set(shown)


def test_as_of_is_used_as_now(look: Run) -> None:
    """An instant with any offset; what is due follows it."""
    early = look("status", "--as-of=2026-12-01T00:30:00+01:00", "--json").json
    late = look("status", "--as-of=2027-02-01t00:00:00.000000z", "--json").json

    assert ([], ["2026-11", "2026-12", "2027-01"]) == (early["due"], late["due"])


def test_dead_letters_are_listed_with_ids_as_short_as_they_stay_unique(look: Run) -> None:
    """In a table; a document has them whole."""
    table = look("deadletter", "list").stdout.splitlines()
    listed = look("deadletter", "list", "--json").json

    assert ["abababababab", "ababababcdcd"] == [row.split()[0] for row in table[1:]]
    assert {
        "attempts": 1,
        "dismissed": False,
        "id": "ab" * 32,
        "origin": "events.ndjson:3",
        "reason": "not_json",
        "received_at": "2026-10-01T08:00:00.000000Z",
        "resolved": False,
    } == listed[0]
    assert 2 == len(listed)


def test_closed_dead_letters_are_listed_where_all_are_asked_for(look: Run) -> None:
    """What is resolved and what is dismissed, told apart."""
    listed = look("deadletter", "list", "--all", "--json").json
    table = look("deadletter", "list", "--all").stdout.splitlines()

    assert [(False, False), (False, False), (True, False), (False, True)] == [
        (letter["resolved"], letter["dismissed"]) for letter in listed
    ]
    assert ["resolved", "dismissed"] == table[0].split()[-2:]


def test_a_dismissed_letter_is_shown_with_its_note(look: Run) -> None:
    """And when; nothing in the note steers a terminal."""
    shown = look("deadletter", "show", "0a0a", "--json").json

    assert (DISMISSED["note"], "2026-10-03T00:00:00.000000Z") == (
        shown["note"],
        shown["dismissed_at"],
    )
    assert r"\x1b[31mnoise" in look("deadletter", "show", "0a0a").stdout


def test_a_dead_letter_is_shown_with_its_detail_and_payload(look: Run) -> None:
    """The payload is text, or base64 where it isn't UTF-8, and says which."""
    text = look("deadletter", "show", "ababababab", "--json").json
    binary = look("deadletter", "show", "ababababcd", "--json").json

    assert {"message": LETTER["message"], "path": ""} == text["detail"]
    assert ('{"half', "utf-8") == (text["payload"], text["payload_encoding"])
    assert ("/wA=", "base64") == (binary["payload"], binary["payload_encoding"])
    assert LETTER["processor"] == text["processor"]


@pytest.mark.parametrize(("prefix", "code"), [("abab", 2), ("", 2), ("1", 3), ("%", 3), ("ef", 0)])
def test_a_dead_letter_is_found_by_how_its_id_begins(look: Run, prefix: str, code: int) -> None:
    """Several: a usage error; none: not found."""
    assert code == look("deadletter", "show", prefix).code


def test_an_id_may_begin_with_a_hyphen_after_two(look: Run) -> None:
    """A nanoid does, one in 64: behind `--` it is an id like any other."""
    assert 3 == look("statements", "show", "--", "-2026-10/-ana").code
    assert 3 == look("deadletter", "show", "--", "-Uakgb").code
    assert 2 == look("deadletter", "show", "-Uakgb").code


def test_nothing_received_steers_a_terminal(look: Run) -> None:
    """An escape in a message is shown as its code."""
    assert "\x1b" not in look("deadletter", "show", "ababababab").stdout
    assert r"\x1b[31mnot JSON" in look("deadletter", "show", "ababababab").stdout
    assert "\x1b" not in look("query", 'SELECT message AS "a\x1bb" FROM dead_letter').stdout
    assert "\x1b" not in look("query", 'SELECT nope AS "a\x1bb" FROM head').stderr
    assert "\x1b" not in look("statements", "show", "\x1b[31m").stderr


def test_a_query_gives_a_list_of_objects_in_its_order(look: Run) -> None:
    """Exact: decimals and large integers are strings, times ISO 8601 in UTC."""
    text = (
        "SELECT payable_micros, 9007199254740993 AS large, TIMESTAMP '2026-10-01' AS t"
        " FROM statement ORDER BY contributor_id DESC"
    )
    shared = {"large": "9007199254740993", "t": "2026-10-01T00:00:00.000000Z"}

    assert [
        {"payable_micros": "2000000", **shared},
        {"payable_micros": "1", **shared},
    ] == look("query", text, "--json").json


def test_every_stored_amount_comes_back_from_a_query(manyhands: Run, tmp_path: Path) -> None:
    """Each column of money of each relation, at 2^53 + 1 and at the largest of its type."""
    folder = tmp_path / "warehouse"
    create(Warehouse(folder), Setting())
    amounts = {
        (relation, column.name): [
            stored.BEYOND_DOUBLES,
            next(largest for name, largest in stored.LARGEST.items() if name in column.type),
        ]
        for relation, column in stored.money_columns()
    }
    with connect(Warehouse(folder)) as connection:
        for (relation, name), pair in amounts.items():
            for micros in pair:
                stored.insert(connection, relation, {name: _as_stored(name, micros)})

    for relation in {relation for relation, _ in amounts}:
        rows = manyhands("query", f"SELECT * FROM {relation}", "--json").json
        for (owner, name), pair in amounts.items():
            if owner == relation:
                found = [_micros(row[name]) for row in rows if row[name]]
                assert sorted(pair) == sorted(found), (relation, name)


def _as_stored(name: str, micros: int) -> object:
    return micros if name.endswith("_micros") else [{"currency": "USD", "amount_micros": micros}]


def _micros(value: Any) -> int:  # noqa: ANN401  a value of a JSON document
    return int(value[0]["amount_micros"] if isinstance(value, list) else value)


def test_an_export_names_its_files(look: Run, tmp_path: Path) -> None:
    """On stdout, one a line, or as a document."""
    plain = look("statements", "export", "--format=parquet", f"--out={tmp_path / 'a'}")
    listed = look("statements", "export", "--format=json", f"--out={tmp_path / 'b'}", "--json")

    names = ["statements-2026-10.parquet", "statement_lines-2026-10.parquet"]
    assert [str(tmp_path / "a" / name) for name in names] == plain.stdout.splitlines()
    assert {"files": [str(tmp_path / "b" / "statements-2026-10.ndjson")]} == listed.json


def test_before_any_close_lists_are_empty_and_there_is_nothing_to_export(manyhands: Run) -> None:
    """Empty and 0; an export has no close to take, and exits 3."""
    manyhands("init")

    assert ([], 0) == (manyhands("held", "--json").json, manyhands("held").code)
    assert [] == manyhands("statements", "list", "--json").json
    assert 3 == manyhands("statements", "export", "--format=csv", "--out=out").code
    assert {"closes": []} == manyhands("close", "--due", "--json").json
    standing = manyhands("status", "--json").json
    empty = ("last_batch", "last_close", "next_period")
    assert [None, None, None] == [standing[name] for name in empty]


@pytest.mark.parametrize("words", [*READING, *COMPUTING])
def test_reading_leaves_the_folder_as_it_was(look: Run, filled: Path, words: list[str]) -> None:
    """Every byte and every file."""
    before = stored.bytes_of(filled)

    look(*words)

    assert before == stored.bytes_of(filled)


@pytest.mark.parametrize("words", [words for words in READING if "show" not in words])
def test_what_reads_prints_one_document_with_json(look: Run, words: list[str]) -> None:
    """One JSON document on stdout, nothing on stderr, exit 0."""
    outcome = look(*words, "--json")

    assert (0, "") == (outcome.code, outcome.stderr)
    assert outcome.json is not None


# what is taken in


def test_what_became_of_events_is_counted(manyhands: Run, tmp_path: Path) -> None:
    """Rejections are no failure; other files of a folder are named on stderr, and left out."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.ndjson").write_text("nope\n\n{}\n")
    (source / "b.txt").write_text("nope\n")
    outcome = manyhands("ingest", str(source), "--as-of=2026-10-01T00:00:00Z", "--json")
    counts = dict.fromkeys(("accepted", "conflict", "duplicate", "head"), 0)

    assert 0 == outcome.code
    assert counts | {"received": 2, "rejected": {"not_an_event": 1, "not_json": 1}} == outcome.json
    assert "b.txt" in outcome.stderr
    assert "a.ndjson" not in outcome.stderr
    letter, _ = manyhands("deadletter", "list", "--json").json
    assert (f"{source / 'a.ndjson'}:1", "2026-10-01T00:00:00.000000Z") == (
        letter["origin"],
        letter["received_at"],
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["missing.ndjson"], 3),
        (["there.ndjson", "missing"], 3),
        (["there.ndjson", "--as-of=2026-10-01"], 2),
        (["there.ndjson", "--manifest-roots=https://bucket"], 2),
        ([], 2),
    ],
)
def test_nothing_is_done_where_the_words_or_a_source_are_off(
    manyhands: Run, tmp_path: Path, words: list[str], code: int
) -> None:
    """No warehouse is made either."""
    (tmp_path / "there.ndjson").touch()

    assert code == manyhands("ingest", *words).code
    assert ["there.ndjson"] == [path.name for path in tmp_path.iterdir()]


def test_manifest_roots_are_a_list(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With commas between in a flag or the environment; in the file it may be one of TOML's."""
    seen: list[list[Path]] = []

    def ingest(*_: object, manifest_roots: list[Path], **__: object) -> Iterator[Counts]:
        seen.append(manifest_roots)
        yield Counts()

    monkeypatch.setattr(ingest_job, "ingest", ingest)
    manyhands("ingest", "-")
    (tmp_path / "manyhands.toml").write_text('manifest-roots = ["a", "b"]')
    manyhands("ingest", "-")
    monkeypatch.setenv("MANYHANDS_MANIFEST_ROOTS", "c, d")
    manyhands("ingest", "-")
    manyhands("ingest", "-", "--manifest-roots", "e,")

    assert [[], [Path("a"), Path("b")], [Path("c"), Path("d")], [Path("e")]] == seen


# settings


def test_a_flag_beats_the_environment_which_beats_the_file(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each of them the default, ./warehouse."""
    file = tmp_path / "manyhands.toml"

    file.write_text('warehouse = "by-file"\ngrace-days = 3\ncadence = "year"\n')
    monkeypatch.setenv("MANYHANDS_WAREHOUSE", "by-environment")
    monkeypatch.setenv("MANYHANDS_CADENCE", "quarter")
    by_flag = manyhands("init", "--warehouse=by-flag", "--cadence=half", "--json").json
    before = manyhands("--warehouse=before", "init", "--json").json
    by_environment = manyhands("init", "--json").json
    monkeypatch.delenv("MANYHANDS_WAREHOUSE")
    monkeypatch.delenv("MANYHANDS_CADENCE")
    by_file = manyhands("init", "--json").json
    file.unlink()
    default = manyhands("init", "--json").json

    assert [
        ("by-flag", "half", 3),
        ("before", "quarter", 3),
        ("by-environment", "quarter", 3),
        ("by-file", "year", 3),
        ("warehouse", "month", 0),
    ] == [
        (made["warehouse"], made["cadence"], made["grace_days"])
        for made in (by_flag, before, by_environment, by_file, default)
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"warehouse = ", "not TOML"),
        (b"\xff", "not TOML"),
        (b'ware_house = "x"', "'ware_house'"),
        (b'[ingest]\nas-of = "x"', "'ingest'"),
        (b"grace-days = -1", "--grace-days"),
        (b'cadence = "weekly"', "--cadence"),
        (b"warehouse = 5", "warehouse should be text"),
        (b'warehouse = ["a", "b"]', "warehouse should be text"),
        (b"warehouse = {a = 1}", "warehouse should be text"),
        (b"grace-days = true", "grace-days should be a number"),
        (b"memory-limit = true", "memory-limit should be a number"),
        (b"manifest-roots = [1]", "manifest-roots should be text"),
        (b"json = 1", "json should be true or false"),
        (b"as-of = 2026-11-01T00:00:00Z", "as-of should be text in quotes"),
    ],
)
def test_a_settings_file_that_is_off_is_a_usage_error(
    manyhands: Run, tmp_path: Path, content: bytes, told: str
) -> None:
    """The message names the file and what is off in it; help is given all the same."""
    (tmp_path / "manyhands.toml").write_bytes(content)
    outcome = manyhands("init")

    assert 2 == outcome.code
    assert "manyhands.toml" in outcome.stderr
    assert told in outcome.stderr
    assert 0 == manyhands("init", "--help").code


def test_the_common_flags_stand_before_or_after_the_command(
    manyhands: Run, filled: Path, tmp_path: Path
) -> None:
    """Where both do, the one after counts."""
    before = manyhands("--json", f"--warehouse={filled}", "held")
    after = manyhands("held", "--json", "--warehouse", str(filled))
    both = manyhands("--warehouse", str(tmp_path), "held", "--json", f"--warehouse={filled}")

    assert before.stdout == after.stdout == both.stdout != ""


# how commands end


@pytest.mark.parametrize(
    "words",
    [
        *READING,
        *COMPUTING,
        ["close", "--due"],
        ["close", "--period=2026-10"],
        ["close", "--due", "--publish-to=."],
        ["publish", "--to=."],
    ],
)
def test_a_missing_warehouse_is_not_found(manyhands: Run, tmp_path: Path, words: list[str]) -> None:
    """Exit 3 before anything is done; the message says what to do."""
    outcome = manyhands(*words)

    assert (3, "") == (outcome.code, outcome.stdout)
    assert "manyhands init" in outcome.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nope"],
        ["statements"],
        ["statements", "nope"],
        ["status", "--nope"],
        ["status", "more"],
        ["status", "--as-of=2026-10-01"],
        ["status", "--as-of=2026-10-01T00:00:00"],
        ["status", "--as-of=2026-02-30T00:00:00Z"],
        ["status", "--as-of=1999-12-31T00:00:00Z"],
        ["status", "--as-of=now"],
        ["status", "--as-of="],
        ["status", "--warehouse=postgres:dbname=x password=sesame"],
        ["status", "--warehouse=postgresql://ana:sesame@x"],
        ["status", "--warehouse=postgresql://x?password=sesame"],
        ["status", "--warehouse=POSTGRESQL://ana:sesame@x"],
        ["ingest", "a.ndjson", "--warehouse=postgresql+psycopg://x"],
        ["status", "--warehouse=postgres:PASSWORD=sesame"],
        ["status", "--warehouse=postgres:dbname='x"],
        ["status", "--warehouse=postgres:dbname=x", "--schema=pg_x"],
        ["status", "--data-path=data"],
        ["init", "--warehouse=postgres:foo=1", "--data-path=data"],
        ["close"],
        ["close", "--due", "--period=2026-10"],
        ["close", "--period=2026-Q4"],
        ["close", "--due", "--publish-to=pubsub:projects/p/subscriptions/sub"],
        ["close", "--due", "--dry-run", "--publish-to=gs://bucket"],
        ["publish"],
        ["publish", "--to="],
        ["publish", "--to=pubsub:topic"],
        ["publish", "--to=manyhands.py:"],
        ["publish", "--to=.", "--period=2026-Q4"],
        ["init", "--cadence=week"],
        ["init", "--grace-days=-1"],
        ["init", "--grace-days=1.5"],
        ["init", "--first-period=2026"],
        ["query"],
        ["query", "DELETE FROM head"],
        ["statements", "export", "--out=x"],
        ["statements", "export", "--format=xml", "--out=x"],
        ["statements", "export", "--format=csv"],
    ],
)
def test_words_that_are_off_are_a_usage_error(
    manyhands: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Exit 2, nothing on stdout, and no traceback."""
    if "init" not in words:
        monkeypatch.setenv("MANYHANDS_WAREHOUSE", str(filled))
    outcome = manyhands(*words)

    assert (2, "") == (outcome.code, outcome.stdout)
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr


def test_a_warehouse_is_made_once(manyhands: Run, tmp_path: Path) -> None:
    """Exit 5 where there is one, or anything else; what is there stays."""
    assert 0 == manyhands("init", "--cadence=quarter", "--first-period=2026-Q1").code
    before = stored.bytes_of(tmp_path)

    assert 5 == manyhands("init").code
    assert before == stored.bytes_of(tmp_path)


def _closed(period: str) -> close_job.Closed:
    return close_job.Closed(
        period=period,
        log_seq=7,
        previous_digest="0" * 64,
        digest="d" * 64,
        log_digest="e" * 64,
        tree_size=3,
        tree_root="f" * 64,
        checkpoint=None,
        verifier_key=None,
        statements=2,
        held=1,
        totals={"USD": (10**38 - 1, 0), "EUR": (-1, 5)},
        refused=Refused({"not_json": 1}, {"not_json": {"USD": 10**38}}, {"too_deep": 2}),
    )


def test_a_close_tells_what_it_came_to(manyhands: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests, counts and the totals by currency, exact."""
    monkeypatch.setattr(close_job, "close", lambda *_, **__: iter([_closed("2026-10")]))
    outcome = manyhands("close", "--due", "--json")

    expected = {
        "digest": "d" * 64,
        "held": 1,
        "log_digest": "e" * 64,
        "log_seq": 7,
        "period": "2026-10",
        "previous_digest": "0" * 64,
        "checkpoint": None,
        "tree_root": "f" * 64,
        "tree_size": 3,
        "verifier_key": None,
        "refused": {
            "amounts": {"not_json": {"USD": f"1{'0' * 32}.000000"}},
            "letters": {"not_json": 1},
            "undated": {"too_deep": 2},
        },
        "statements": 2,
        "totals": {
            "EUR": {"payable": "-0.000001", "withholding": "0.000005"},
            "USD": {"payable": f"{'9' * 32}.999999", "withholding": "0.000000"},
        },
        "report_differences": [],
        "report_gaps": [],
        "warnings": [],
    }
    assert {"closes": [expected]} == outcome.json
    shown = manyhands("close", "--due").stdout
    assert "2026-10 closed: 2 statements, 1 held part" == shown.splitlines()[0]
    assert f"USD {'9' * 32}.999999 payable" in shown


def test_a_close_says_whether_it_issued_anything(
    manyhands: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A period that was closed before, and a dry run, don't read like a close."""
    again = replace(_closed("2026-10"), was_closed=True, statements=1)
    monkeypatch.setattr(close_job, "close", lambda *_, **__: iter([again]))
    first = manyhands("close", "--due").stdout.splitlines()[0]
    monkeypatch.setattr(close_job, "close", lambda *_, **__: iter([_closed("2026-11")]))
    dry = manyhands("close", "--due", "--dry-run").stdout.splitlines()[0]

    assert "2026-10 was closed already: 1 statement, 1 held part" == first
    assert "2026-11 checked, not closed (dry run): 2 statements, 1 held part" == dry


def test_what_was_made_is_told_with_its_settings(manyhands: Run, tmp_path: Path) -> None:
    """The folder, the cadence, the days of grace and the first period."""
    made = manyhands("init", "--cadence=quarter", "--grace-days=1")

    assert (
        f"{tmp_path / 'warehouse'}: made an empty warehouse; cadence quarter, 1 grace day,"
        " first period that of the first paid event\n"
    ) == made.stdout


def test_help_names_arguments_as_one_types_them(manyhands: Run) -> None:
    """Without braces, and without the types of Python."""
    shown = manyhands("ingest", "--help").stdout

    assert "Usage: manyhands ingest [OPTIONS] SOURCE...\n" in shown
    assert "<list" not in shown


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_closed_before_a_failure_is_told(
    manyhands: Run, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    """A close that is done is done; then comes the error, with its code."""

    def close(*_: object, **__: object) -> Iterator[close_job.Closed]:
        yield _closed("2026-10")
        message = "2026-11 was closed by another"
        raise ConflictError(message)

    monkeypatch.setattr(close_job, "close", close)
    outcome = manyhands("close", "--due", *flags)

    assert 5 == outcome.code
    assert "2026-10" in outcome.stdout
    assert "error: 2026-11 was closed by another\n" == outcome.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (OSError(28, "No space left on device", "/data/x"), 1, "/data/x: No space left on device"),
        (MemoryError("of 7 GiB"), 1, "ulimit -v"),
        (ZeroDivisionError("division"), 1, "--debug"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_failure_is_one_line_and_a_traceback_only_for_debugging(
    look: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    """Whatever fails: what happened, to what, and what to do."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pipelines.status.status", fail)
    plain, debugged = look("status"), look("status", "--debug")

    assert (code, "") == (plain.code, plain.stdout)
    assert told in plain.stderr
    assert "Traceback" not in plain.stderr
    assert len(plain.stderr.splitlines()) <= 1
    assert ("Traceback" in debugged.stderr) == (code == 1)


def test_a_store_that_fails_is_told_in_one_line(look: Run, filled: Path, tmp_path: Path) -> None:
    """A data file that is gone: exit 1, the file's name, no traceback."""
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "catalog.sqlite").write_bytes((filled / "catalog.sqlite").read_bytes())
    gone = look("held", f"--warehouse={copy}")

    assert (1, 1) == (gone.code, len(gone.stderr.splitlines()))
    assert ".parquet" in gone.stderr


# how it behaves among other programs


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", *words]


@pytest.mark.parametrize("words", [["--help"], ["close", "--help"], ["statements", "-h"]])
def test_help_is_quick(words: list[str]) -> None:
    """Under half a second of work, whatever else the machine does meanwhile."""
    before = os.times()
    subprocess.run(_command(*words), check=True, capture_output=True)
    after = os.times()

    seconds = after.children_user + after.children_system
    assert seconds - before.children_user - before.children_system < 0.5


def test_help_imports_nothing_heavy() -> None:
    """Neither the engine nor Beam is loaded to print a page."""
    code = (
        "import sys; from pipelines.cli import main; main(['close', '--help']);"
        "heavy = {'duckdb', 'apache_beam', 'pyarrow', 'pandas', 'numpy', 'rich'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)

    assert (0, b"") == (ended.returncode, ended.stderr)


@pytest.mark.processes
def test_a_reader_that_has_seen_enough_is_no_failure_to_tell_of(filled: Path) -> None:
    """`manyhands … | head -1` ends in silence."""
    words = ["query", "SELECT * FROM range(200000)", f"--warehouse={filled}"]
    with subprocess.Popen(
        _command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert b"" == process.stderr.read()


@pytest.mark.processes
def test_text_that_a_terminal_cannot_show_is_escaped(filled: Path) -> None:
    """A table under an ASCII locale has codes for letters, rather than a failure."""
    ended = subprocess.run(
        _command("query", "SELECT 'ä' AS x", f"--warehouse={filled}"),
        check=False,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )

    assert (0, b"x\n\\xe4\n") == (ended.returncode, ended.stdout)


def test_progress_is_drawn_for_a_person_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stderr is a terminal and NO_COLOR is unset."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    watched = progress.is_watched()
    monkeypatch.setenv("NO_COLOR", "1")

    assert (True, False) == (watched, progress.is_watched())


def test_main_takes_the_words_of_the_process_where_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the installed command calls it."""
    monkeypatch.setattr(sys, "argv", ["manyhands", "--version"])

    assert 0 == main()
    assert capsys.readouterr().out.startswith("manyhands 0.")


def test_amounts_are_never_floats(look: Run) -> None:
    """Every number that a document carries for money is a string with 6 decimals."""
    for part in look("held", "--json").json:
        assert part["amount"] == f"{Decimal(part['amount']):.6f}"
