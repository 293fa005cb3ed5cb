"""The command `validate`: what a producer is shown before anything is sent."""

import gzip
import io
import json
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.conftest import Outcome, Run
from tests.ingest import cases
from tests.marketplace import TIME, Events, small

DEMO = Path(__file__).parent.parent.parent / "pipelines" / "demo_events"
NOW = "--as-of=2026-12-01T00:00:00Z"
PAID = {"asset-generated": "revenue", "image-licensed": "fee", "model-trained": "training_fee"}
NO_AMOUNT = (
    "should be an amount: a string of up to 12 digits, and up to 6 after a point;"
    " zeros may follow, 18 digits in all"
)
OCTOBER = ["--from=2026-10-01T00:00:00Z", "--until=2026-11-01T00:00:00Z"]


def _sales(path: Path, *revenues: str, time: str = TIME) -> str:
    events = Events()
    for revenue in revenues:
        events.generation("1", revenue, time=time)
    return events.write(path)


def _lines(outcome: Outcome) -> list[str]:
    return outcome.stdout.splitlines()


# what is refused


def _as_ingest_refuses(manyhands: Run, *words: str) -> list[tuple[str, int, str, str, str]]:
    """Return what an ingest into an empty warehouse keeps of the same files, as validate says it.

    A conflict's message names digests there, and here the first event's line.
    """
    manyhands("ingest", NOW, *words)
    text = "SELECT origin, origin_item, reason, path, message FROM dead_letter"
    return sorted(
        (
            row["origin"],
            int(row["origin_item"]),
            row["reason"],
            row["path"],
            row["message"] if row["reason"] != "id_conflict" else "",
        )
        for row in manyhands("query", text, "--json").json
    )


def _as_validate_refuses(outcome: Outcome) -> list[tuple[str, int, str, str, str]]:
    return sorted(
        (
            refusal["file"],
            refusal["line"],
            refusal["reason"],
            refusal["path"],
            refusal["message"] if refusal["reason"] != "id_conflict" else "",
        )
        for refusal in outcome.json["refusals"]
    )


def _write_cases(path: Path) -> None:
    """Write every case that a line of a file can hold."""
    all_cases = [cases.read(name) for outcome in ("pass", "fail") for name in cases.names(outcome)]
    bodies = [
        cases.received(case).body
        for case in all_cases
        if "attributes" not in case and "size" not in case
    ]
    path.write_bytes(b"".join(body + b"\n" for body in bodies if b"\n" not in body))


def _write_manifests(path: Path, root: Path) -> None:
    """Write trainings of which one manifest is right, and others are not what the event says.

    Behind them the first stands again, and the last with another time.
    """
    root.mkdir()
    rows = b'{"image_id":"a"}\n{"image_id":"b","weight":"2"}\n'
    (root / "good.ndjson").write_bytes(rows)
    (root / "twice.ndjson").write_bytes(rows + b'{"image_id":"a"}\n')
    events = Events("/lab")
    for version, uri, digest, count in (
        ("1", "good.ndjson", sha256(rows).hexdigest(), 2),
        ("2", "good.ndjson", sha256(rows).hexdigest(), 3),
        ("3", "good.ndjson", "0" * 64, 2),
        ("4", "twice.ndjson", sha256(rows + b'{"image_id":"a"}\n').hexdigest(), 3),
        ("5", "gone.ndjson", "0" * 64, 2),
    ):
        events.model(version, {"uri": uri, "sha256": digest, "rows": count})
    events.events.append(events.events[0])
    events.events.append({**events.events[4], "time": "2026-01-16T00:00:00Z"})
    events.write(path)


def test_validate_refuses_what_an_ingest_into_an_empty_log_refuses(
    manyhands: Run, tmp_path: Path
) -> None:
    """Line by line, with its reason, path and message; and the counts are the same."""
    folder, root = tmp_path / "events", tmp_path / "root"
    folder.mkdir()
    _write_cases(folder / "cases.ndjson")
    _write_manifests(folder / "manifests.ndjson", root)
    for path in DEMO.glob("*.ndjson"):
        (folder / path.name).write_bytes(path.read_bytes())
    roots = f"--manifest-roots={root}"

    outcome = manyhands("validate", NOW, "--json", "--manifest-root", str(root), str(folder))
    refused = _as_ingest_refuses(manyhands, roots, str(folder))

    assert 4 == outcome.code
    assert refused == _as_validate_refuses(outcome)
    assert {"id_conflict", "not_json", "manifest_mismatch", "manifest_unavailable"} < {
        reason for _, _, reason, _, _ in refused
    }
    again = manyhands("ingest", NOW, roots, str(folder), "--json", f"--warehouse={tmp_path / 'w'}")
    counts = ("received", "accepted", "duplicate", "conflict", "rejected")
    assert {name: again.json[name] for name in counts} == {
        name: outcome.json[name] for name in counts
    }


def test_each_refusal_is_a_line_that_says_where_and_why(manyhands: Run, tmp_path: Path) -> None:
    """It goes on behind the first, counts lines as they stand, and ends with exit 4."""
    lines = _sales(tmp_path / "a.ndjson", "1.5", "2", "3")
    first, second, third = Path(lines).read_text().splitlines()
    other = second.replace('"amount": "2"', '"amount": "2.01"')
    wrong = third.replace('"3"', "3")
    (tmp_path / "a.ndjson").write_text(f"{first}\n\n{second}\n{wrong}\n{first}\n{other}\n{{")
    outcome = manyhands("validate", "a.ndjson", NOW)

    assert 4 == outcome.code
    assert [
        f"a.ndjson:4: invalid_data at data.revenue.amount: {NO_AMOUNT}",
        "a.ndjson:6: id_conflict: line 3 of a.ndjson has other content for this source and id",
        "a.ndjson:7: not_json: Expecting property name enclosed in double quotes at character 1",
        "received  6",
        "accepted  2",
        "duplicate 1",
        "conflict  1",
        "rejected  2",
        "  invalid_data 1",
        "  not_json 1",
        "",
        "type             events",
        "asset-generated       2",
        "",
        "currency  amount",
        "USD          3.5",
    ] == _lines(outcome)
    assert "error: 3 of 6 events would be refused; mend them before you send\n" == outcome.stderr


def test_an_identity_is_compared_across_all_files_of_one_command(
    manyhands: Run, tmp_path: Path
) -> None:
    """The same content is a duplicate, which is no fault; other content names the first's place."""
    _sales(tmp_path / "a.ndjson", "1")
    _sales(tmp_path / "b.ndjson", "1.00")
    _sales(tmp_path / "c.ndjson", "2")
    same = manyhands("validate", "a.ndjson", "b.ndjson", "--json")
    other = manyhands("validate", "a.ndjson", "b.ndjson", "c.ndjson", "--json")

    assert (0, 1, 1) == (same.code, same.json["accepted"], same.json["duplicate"])
    assert (4, 1) == (other.code, other.json["conflict"])
    assert [
        {
            "file": "c.ndjson",
            "line": 1,
            "reason": "id_conflict",
            "path": "",
            "message": "line 1 of a.ndjson has other content for this source and id",
        }
    ] == other.json["refusals"]


def test_what_is_refused_stands_for_nothing(manyhands: Run, tmp_path: Path) -> None:
    """The right event may have the id of a wrong one before it."""
    wrong = Path(_sales(tmp_path / "a.ndjson", "1")).read_text()
    (tmp_path / "a.ndjson").write_text(wrong.replace('"1"', "1") + wrong)
    outcome = manyhands("validate", "a.ndjson", "--json")

    assert {"accepted": 1, "conflict": 0, "received": 2} == {
        name: outcome.json[name] for name in ("accepted", "conflict", "received")
    }


def test_a_source_policy_is_checked_where_it_is_named(manyhands: Run, tmp_path: Path) -> None:
    """As by an ingest."""
    _sales(tmp_path / "a.ndjson", "1")
    (tmp_path / "policy.toml").write_text('[[source-policy]]\nsource = "/other"\n')
    outcome = manyhands("validate", "a.ndjson", "--source-policy=policy.toml")

    assert 4 == outcome.code
    assert _lines(outcome)[0].startswith("a.ndjson:1: source_not_allowed at source: ")


# what is read


def test_sources_are_found_and_read_as_an_ingest_does(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, gzip, zstd and standard input; what is no file of events is named."""
    plain = Path(_sales(tmp_path / "a.ndjson", "1")).read_bytes()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.ndjson.gz").write_bytes(gzip.compress(plain))
    (folder / "b.jsonl.zst").write_bytes(pa.compress(plain, "zstd", asbytes=True))
    (folder / "c.csv").touch()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(plain)))
    outcome = manyhands("validate", "in", "a.ndjson", "-", "--json")

    assert (0, 4, 3) == (outcome.code, outcome.json["received"], outcome.json["duplicate"])
    assert "skipped in/c.csv: not .ndjson or .jsonl (.gz, .zst)\n" == outcome.stderr


def test_a_source_that_ends_too_early_is_told_after_all_others(
    manyhands: Run, tmp_path: Path
) -> None:
    """Exit 1, what it held is checked all the same, and there is no report."""
    plain = Path(_sales(tmp_path / "b.ndjson", "1")).read_bytes()
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(plain * 3_000)[:-4])
    words = ("validate", "a.ndjson.gz", "b.ndjson")
    outcome, reported = manyhands(*words), manyhands(*words, "--report=/market")

    assert 1 == outcome.code == reported.code
    assert "error: a.ndjson.gz holds gzip data that is damaged or ends too early" in outcome.stderr
    (through,) = re.findall(r"its lines 1 to (\d+) were checked and may be", outcome.stderr)
    assert f"received  {int(through) + 1}" == _lines(outcome)[0]
    assert "" == reported.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["missing.ndjson"], 3, "no such file or folder; nothing was read"),
        (["a.zip"], 2, "a ZIP archive, not NDJSON"),
        (["pubsub:projects/p/subscriptions/s"], 2, "validate reads files"),
        (["a.ndjson", "--manifest-roots=s3:///b"], 2, "name a local folder"),
        (["a.ndjson", "--as-of=2026"], 2, "--as-of 2026: not an instant"),
        (["a.ndjson", "--from=2026-10-01T00:00:00Z"], 2, "name its source by --report SOURCE"),
        (["a.ndjson", "--report=/m", "--from=2026-10-01T00:00:00Z"], 2, "go together"),
        (["a.ndjson", "--report=/m", "--from=2026", "--until=2027"], 2, "--from 2026: not an"),
        (
            [
                "a.ndjson",
                "--report=/m",
                "--from=2026-11-01T00:00:00Z",
                "--until=2026-11-01T01:00:00+01:00",
            ],
            2,
            "not after --from",
        ),
        (["a.ndjson", "--report=a b"], 2, "not the source of an event"),
        (["a.ndjson", "--report=manyhands"], 2, "not the source of an event"),
        ([], 2, "Missing argument"),
    ],
)
def test_words_that_are_off_are_told_before_anything_is_read(
    manyhands: Run, tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    """One error says what to do, and nothing is on stdout."""
    (tmp_path / "a.ndjson").touch()
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    outcome = manyhands("validate", *words)

    assert (code, "") == (outcome.code, outcome.stdout)
    assert told in outcome.stderr


def test_a_warehouse_that_is_named_is_refused(manyhands: Run) -> None:
    """Rather than left unread."""
    outcome = manyhands("--warehouse=w", "validate", "a.ndjson")

    assert (2, "error: validate reads no warehouse; leave out --warehouse\n") == (
        outcome.code,
        outcome.stderr,
    )


def test_nothing_is_made(manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No warehouse, and no copy of a manifest is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    _write_manifests(tmp_path / "a.ndjson", tmp_path / "root")
    outcome = manyhands("validate", "a.ndjson", "--manifest-root=root")

    assert "accepted  1" in _lines(outcome)
    assert {"a.ndjson", "root", "temporary"} == {path.name for path in tmp_path.iterdir()}
    assert [] == list(temporary.iterdir())


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    """A check of plain files needs neither Beam nor the gate nor the engine."""
    small(Events()).write(tmp_path / "a.ndjson")
    code = (
        "import sys; from pipelines.cli import main;"
        "code = main(['validate', sys.argv[1], '--report=/market', '--json']);"
        "heavy = {'apache_beam', 'duckdb', 'google', 'great_expectations', 'numpy', 'pandas',"
        " 'pyarrow', 'rich', 'sqlalchemy'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.ndjson")], check=False, capture_output=True
    )

    assert (0, b"") == (ended.returncode, ended.stderr)
    assert 9 == json.loads(ended.stdout)["accepted"]


# what is reported


def _expected(source: str, month: str) -> tuple[dict[str, int], dict[str, Decimal]]:
    """Return what a source of the demo sent in a month, by the first line of each identity."""
    lines = [line for path in sorted(DEMO.glob("*")) for line in path.read_text().splitlines()]
    events: dict[tuple[str, str], dict[str, Any]] = {}
    for event in map(json.loads, lines):
        if "Algorithmic" not in event["data"].get("digital_source_type", ""):
            events.setdefault((event["source"], event["id"]), event)
    sent = [
        event
        for event in events.values()
        if event["source"] == source and event["time"].startswith(month)
    ]
    money = [event["data"][PAID[event["type"]]] for event in sent if event["type"] in PAID]
    amounts: Counter[str] = Counter()
    for paid in money:
        amounts[paid["currency"]] += Decimal(paid["amount"])  # type: ignore[assignment]
    return dict(Counter(event["type"] for event in sent)), dict(amounts)  # type: ignore[arg-type]


def _sound_demo(folder: Path) -> str:
    """Copy the demo's events without the two that are refused."""
    folder.mkdir()
    for path in DEMO.glob("*.ndjson"):
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if "rejected" not in line and "a conflict" not in line]
        (folder / path.name).write_text("".join(kept))
    return str(folder)


def test_a_report_says_what_a_source_sent(manyhands: Run, tmp_path: Path) -> None:
    """As recomputed from the lines: duplicates once, what November reverses as sent."""
    folder = _sound_demo(tmp_path / "demo")
    outcome = manyhands("validate", folder, NOW, "--report=/marketplace", *OCTOBER)
    report = outcome.json
    counts, amounts = _expected("/marketplace", "2026-10")

    assert 0 == outcome.code, outcome.stderr
    assert 1 == len(_lines(outcome))
    assert ("1.0", "/marketplace", "source-reported", "2026-12-01T00:00:00.000000Z") == (
        report["specversion"],
        report["source"],
        report["type"],
        report["time"],
    )
    assert {"source", "from", "until", "counts", "amounts"} == set(report["data"])
    assert ("2026-10-01T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z") == (
        report["data"]["from"],
        report["data"]["until"],
    )
    assert counts == report["data"]["counts"]
    assert amounts == {code: Decimal(said) for code, said in report["data"]["amounts"].items()}
    assert "received  34" in outcome.stderr


def test_a_report_is_of_one_source_and_half_open(manyhands: Run, tmp_path: Path) -> None:
    """An event at its first instant is in it; one at its end, or of another source, isn't."""
    events = Events()
    events.generation("1", "1", time="2026-10-01T00:00:00Z")
    events.generation("1", "0.000001", time="2026-11-01T00:59:59.999999+01:00")
    events.generation("1", "10", time="2026-11-01T00:00:00Z")
    events.generation("1", "100", time="2026-09-30T23:59:59.999999Z")
    events.generation("1", "5", time="2026-10-02T00:00:00Z", currency="EUR")
    events.write(tmp_path / "a.ndjson")
    other = Events("/other")
    other.generation("1", "1000", time="2026-10-02T00:00:00Z")
    other.write(tmp_path / "b.ndjson")
    words = ("validate", "a.ndjson", "b.ndjson", NOW, "--report=/market", *OCTOBER)
    outcome = manyhands(*words)

    assert {"EUR": "5", "USD": "1.000001"} == outcome.json["data"]["amounts"]
    assert {"asset-generated": 3} == outcome.json["data"]["counts"]
    assert "/market: 2 events of another time: not in the report\n" in outcome.stderr
    assert outcome.json == manyhands(*words, "--json").json["report"]


def test_the_same_report_has_the_same_id(manyhands: Run, tmp_path: Path) -> None:
    """Sent twice it is a duplicate; another one, or one of another time, has another id."""
    _sales(tmp_path / "a.ndjson", "1")
    words = ("validate", "a.ndjson", "--report=/market")
    first, again = manyhands(*words, NOW).json, manyhands(*words, NOW).json
    later = manyhands(*words, "--as-of=2026-12-02T00:00:00Z").json

    assert first == again
    assert first["id"] != later["id"]


def test_a_report_without_a_time_is_of_the_month_of_all_events(
    manyhands: Run, tmp_path: Path
) -> None:
    """In UTC; where there is none, the command asks, and a report of a named time says 0."""
    _sales(tmp_path / "a.ndjson", "1", "2", time="2026-12-31T23:30:00-00:30")
    later = "--as-of=2027-02-01T00:00:00Z"
    january = manyhands("validate", "a.ndjson", later, "--report=/market")
    (tmp_path / "a.ndjson").write_text("")
    none = manyhands("validate", "a.ndjson", "--report=/market")
    zero = manyhands("validate", "a.ndjson", NOW, "--report=/market", *OCTOBER)

    assert ("2027-01-01T00:00:00.000000Z", "2027-02-01T00:00:00.000000Z") == (
        january.json["data"]["from"],
        january.json["data"]["until"],
    )
    assert (2, "") == (none.code, none.stdout)
    assert "no event of /market was read; name the time" in none.stderr
    assert ({}, {}) == (zero.json["data"]["counts"], zero.json["data"]["amounts"])
    assert "no event of its source and time was read: the report says 0" in zero.stderr


def test_a_report_of_several_months_asks_for_its_time(manyhands: Run, tmp_path: Path) -> None:
    """It names the first and the last event's time."""
    events = Events()
    for time in ("2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z"):
        events.generation("1", "1", time=time)
    events.write(tmp_path / "a.ndjson")
    outcome = manyhands("validate", "a.ndjson", NOW, "--report=/market")

    assert (2, "") == (outcome.code, outcome.stdout)
    assert "from 2026-10-31T23:59:59.000000Z to 2026-11-01T00:00:00.000000Z" in outcome.stderr
    assert "--from T and --until T" in outcome.stderr


def test_a_report_of_a_time_that_is_not_over_says_so(manyhands: Run, tmp_path: Path) -> None:
    """What comes later would be missing in it."""
    _sales(tmp_path / "a.ndjson", "1", time="2026-11-20T00:00:00Z")
    words = ("validate", "a.ndjson", "--report=/market")
    early = manyhands(*words, "--as-of=2026-11-30T00:00:00Z")
    over = manyhands(*words, NOW)

    assert "/market: its time isn't over" in early.stderr
    assert "its time isn't over" not in over.stderr


def test_there_is_no_report_while_anything_is_refused(manyhands: Run, tmp_path: Path) -> None:
    """It would say that less was sent than the producer meant to send."""
    good = Path(_sales(tmp_path / "a.ndjson", "1")).read_text()
    (tmp_path / "a.ndjson").write_text(good + "{}\n")
    text = manyhands("validate", "a.ndjson", "--report=/market")
    document = manyhands("validate", "a.ndjson", "--report=/market", "--json")

    assert (4, "") == (text.code, text.stdout)
    assert "a.ndjson:2: not_an_event at specversion: is missing\n" in text.stderr
    assert "1 of 2 events would be refused; mend them, and there is a report\n" in text.stderr
    assert (4, None) == (document.code, document.json["report"])


def test_a_sum_that_no_event_can_say_is_told(manyhands: Run, tmp_path: Path) -> None:
    """An amount has at most 12 digits before the point."""
    _sales(tmp_path / "a.ndjson", "999999999999", "0.999999")
    most = manyhands("validate", "a.ndjson", "--report=/market")
    _sales(tmp_path / "a.ndjson", "999999999999", "1")
    more = manyhands("validate", "a.ndjson", "--report=/market")

    assert {"USD": "999999999999.999999"} == most.json["data"]["amounts"]
    assert (2, "") == (more.code, more.stdout)
    assert "the sum in USD, 1000000000000.000000, is too large for one report" in more.stderr
