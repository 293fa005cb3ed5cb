"""Dead letters go the way of an ingest again: accepted once, counted, nothing deleted."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import ManyhandsError
from pipelines.ingest import work
from pipelines.lake import log
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.replay import Choice, Replayed, Terms, replay
from pipelines.sources.limits import DEFAULT_LIMITS
from schemas.record import Received
from tests.conftest import Outcome, Run, run
from tests.lake.sending import NOW, relation, rows, send
from tests.marketplace import Events, small
from tests.postgres import Postgres

EARLY = "--as-of=2026-01-01T00:00:00Z"
AS_OF = "--as-of=2026-04-01T00:00:00Z"
WRONG = NOW - timedelta(days=365)
"""What a clock says that is wrong: before the events happened."""
ONE_AT_A_TIME = Terms(lambda: NOW, by_clock=False, limits=replace(DEFAULT_LIMITS, lines=1))
OF_BATCHES = "SELECT origin FROM ingest_batch ORDER BY origin NULLS FIRST"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _sale(amount: str = "1", **attributes: object) -> bytes:
    events = Events()
    events.generation("1", amount)
    return json.dumps(events.events[0] | attributes).encode()


def _replayed(folder: Path, choice: Choice = Choice(), terms: Terms = ONE_AT_A_TIME) -> list[str]:  # noqa: B008  a value
    with replay(Warehouse(folder), choice, terms) as done:
        return [one.outcome for one in done]


def _state(folder: Path) -> list[tuple[Any, ...]]:
    query = "SELECT reason, attempts, resolved_at IS NOT NULL FROM dead_letter ORDER BY origin_item"
    return rows(folder, query)


def _summary(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.json["summary"], dict)
    return outcome.json["summary"]


def test_what_a_wrong_clock_refused_is_accepted_and_resolved(
    manyhands: Run, tmp_path: Path
) -> None:
    """As a batch of its own with origin `deadletter`; a second replay finds nothing."""
    source = small(Events()).write(tmp_path / "events.ndjson")
    manyhands("ingest", source, EARLY)
    refused = len(manyhands("deadletter", "list", "--json").json)
    done = manyhands("deadletter", "replay", AS_OF, "--json")
    again = manyhands("deadletter", "replay", AS_OF, "--json")
    ingested = manyhands("ingest", source, AS_OF, "--json").json

    assert (0, refused, refused) == (
        done.code,
        _summary(done)["accepted"],
        len(done.json["letters"]),
    )
    assert {"accepted"} == {one["outcome"] for one in done.json["letters"]}
    assert (0, [], 0) == (again.code, again.json["letters"], _summary(again)["received"])
    assert (refused, 0) == (ingested["duplicate"], ingested["accepted"])
    assert [] == manyhands("deadletter", "list", "--json").json
    letters = relation(tmp_path / "warehouse", "dead_letter")
    assert [(1, True)] * refused == [(one["attempts"], bool(one["resolved_at"])) for one in letters]
    origins = rows(tmp_path / "warehouse", "SELECT origin FROM ingest_batch ORDER BY recorded_at")
    assert [(None,), ("deadletter",), (None,)] == origins


@pytest.mark.thorough
def test_what_is_refused_again_is_one_letter_with_its_latest_reason(folder: Path) -> None:
    """Each replay counts; when and in which batch it was first refused for a reason stays."""
    send(folder, [b"{", _sale("2")], now=WRONG)
    send(folder, [_sale("1")])
    before = relation(folder, "dead_letter")
    first, second = _replayed(folder), _replayed(folder)
    after = {one["id"]: one for one in relation(folder, "dead_letter")}
    (broken,) = (one for one in before if one["reason"] == "not_json")

    assert [["rejected", "conflict"]] * 2 == [first, second]
    assert [("not_json", 2, False), ("id_conflict", 2, False)] == _state(folder)
    assert {one["id"] for one in before} == set(after)
    assert after[broken["id"]] == broken | {"attempts": 2}
    assert [None] * 2 + ["deadletter"] * 4 == [origin for origin, *_ in rows(folder, OF_BATCHES)]


def test_the_same_bytes_from_another_place_are_resolved_and_not_counted(folder: Path) -> None:
    """One of two is replayed; the log has what both hold."""
    send(folder, [_sale(), _sale()], now=WRONG)
    first = rows(folder, "SELECT id FROM dead_letter WHERE origin_item = '1'")[0][0]

    assert ["accepted"] == _replayed(folder, Choice((first[:10],)))
    assert [("time_in_future", 1, True), ("time_in_future", 0, True)] == _state(folder)
    assert ["resolved"] == _replayed(folder, Choice((first,)))
    assert [] == _replayed(folder)


def test_in_binary_mode_attributes_are_replayed_with_the_body(folder: Path) -> None:
    """The event has them as it would have had at first."""
    envelope = json.loads(_sale())
    body = json.dumps(envelope.pop("data")).encode()
    attributes = {f"ce-{name}": value for name, value in envelope.items()}
    message = Received(0, "pubsub:projects/p/subscriptions/s", "7", body, attributes)
    send(folder, [message], now=WRONG)

    assert ["accepted"] == _replayed(folder)
    ((kept, raw),) = rows(folder, "SELECT attributes, body FROM event")
    assert (attributes, body) == (json.loads(kept), bytes(raw))


@pytest.mark.thorough
def test_a_dry_run_says_what_the_replay_then_does(folder: Path) -> None:
    """Also of what one batch would accept and the next would find there; and writes nothing."""
    send(folder, [_sale("1"), _sale("1", subject="again"), _sale("2"), b"{"], now=WRONG)
    files = sorted(folder.rglob("*"))
    before = relation(folder, "dead_letter")
    with replay(Warehouse(folder), Choice(), ONE_AT_A_TIME, dry_run=True) as done:
        foreseen = list(done)

    assert files == sorted(folder.rglob("*"))
    assert (before, []) == (relation(folder, "dead_letter"), relation(folder, "event"))
    assert ["accepted", "duplicate", "conflict", "rejected"] == [one.outcome for one in foreseen]
    assert [None, None, "id_conflict", "not_json"] == [one.reason for one in foreseen]
    with replay(Warehouse(folder), Choice(), ONE_AT_A_TIME) as done:
        assert foreseen == list(done)


def test_a_dry_run_copies_no_manifest(manyhands: Run, tmp_path: Path) -> None:
    """It says that the manifest is there by now; the replay takes it."""
    (tmp_path / "roots").mkdir()
    manifest = b'{"image_id": "i1"}\n'
    events = Events()
    named = {"uri": "m.ndjson", "sha256": hashlib.sha256(manifest).hexdigest(), "rows": 1}
    events.model("1", named)
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF)
    words = ("deadletter", "replay", AS_OF, "--manifest-roots=roots", "--json")
    (tmp_path / "roots" / "m.ndjson").write_bytes(manifest)
    dry = manyhands(*words, "--dry-run")
    kept = list((tmp_path / "warehouse" / "manifests").iterdir())
    done = manyhands(*words)

    assert [] == kept
    assert (True, False) == (_summary(dry)["dry_run"], _summary(done)["dry_run"])
    assert (1, 1) == (_summary(dry)["accepted"], _summary(done)["accepted"])
    assert [("i1",)] == rows(tmp_path / "warehouse", "SELECT image_id FROM manifest_entry")


def test_what_is_kept_only_in_part_is_said_and_counted_apart(
    manyhands: Run, tmp_path: Path
) -> None:
    """Exit 1, after all others were replayed; a dry run says so too."""
    events = Events()
    events.generation("1", "1")
    events.generation("1", "2")
    events.events[0]["subject"] = "x" * 70_000
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), EARLY)
    dry = manyhands("deadletter", "replay", "--dry-run", AS_OF, "--json")
    done = manyhands("deadletter", "replay", AS_OF, "--json")

    for outcome in (dry, done):
        assert ["in_part", "accepted"] == [one["outcome"] for one in outcome.json["letters"]]
        assert (1, 1, 1, 1) == (
            outcome.code,
            _summary(outcome)["received"],
            _summary(outcome)["accepted"],
            _summary(outcome)["in_part"],
        )
        assert "only the first 64 KiB are kept" in outcome.stderr
    assert [("time_in_future", 0, False), ("time_in_future", 1, True)] == _state(
        tmp_path / "warehouse"
    )
    assert "not replayed: 1 kept only in part" in manyhands("deadletter", "replay", AS_OF).stdout


def test_letters_are_chosen_by_reason_or_by_id(manyhands: Run, tmp_path: Path) -> None:
    """A reason that there isn't, or that an id hasn't, is a usage error; no such id is exit 3."""
    events = Events()
    events.generation("1", "1")
    source = events.write(tmp_path / "events.ndjson")
    with Path(source).open("ab") as file:
        file.write(b"{\n")
    manyhands("ingest", source, EARLY)
    listed = manyhands("deadletter", "list", "--json").json
    (broken,) = (one["id"] for one in listed if one["reason"] == "not_json")
    by_reason = manyhands("deadletter", "replay", "--reason=not_json", AS_OF, "--json")
    codes = [
        manyhands("deadletter", "replay", *words, AS_OF).code
        for words in (["--reason=nothing"], [broken, "--reason=time_in_future"], ["zz"], [""])
    ]

    assert [broken] == [one["id"] for one in by_reason.json["letters"]]
    assert [2, 2, 3, 2] == codes
    both = manyhands("deadletter", "replay", broken[:9], broken, "--reason=not_json", "--json")
    assert 1 == len(both.json["letters"])
    assert [("time_in_future", 0, False), ("not_json", 2, False)] == _state(tmp_path / "warehouse")


# the source policy


def _refused_by_policy(manyhands: Run, tmp_path: Path, named: str) -> None:
    source = _market(tmp_path / "in" / "a.ndjson")
    (tmp_path / "policy.toml").write_text("[[source-policy]]\nsource = '/nobody'\n")
    name = source if named == "full" else str(Path(source).relative_to(tmp_path))
    done = manyhands("ingest", name, AS_OF, "--source-policy=policy.toml", "--json")
    assert {"source_not_allowed": 1} == done.json["rejected"]


def _market(path: Path) -> str:
    path.parent.mkdir()
    events = Events()
    events.generation("1", "1")
    return events.write(path)


@pytest.mark.parametrize(("named", "outcome"), [("full", "accepted"), ("relative", "rejected")])
def test_the_policy_looks_at_what_a_letter_came_over(
    manyhands: Run, tmp_path: Path, named: str, outcome: str
) -> None:
    """Of a file its full path; the name of a file from a folder that nobody knows fits no path."""
    _refused_by_policy(manyhands, tmp_path, named)
    entry = f"[[source-policy]]\nsource = '/market'\nover = ['{tmp_path}/in/*']\n"
    (tmp_path / "wider.toml").write_text(entry)
    words = ("deadletter", "replay", AS_OF, "--json")
    done = manyhands(*words, "--source-policy=wider.toml")

    assert [outcome] == [one["outcome"] for one in done.json["letters"]]
    if outcome == "rejected":
        (tmp_path / "any.toml").write_text("[[source-policy]]\nsource = '/market'\n")
        done = manyhands(*words, "--source-policy=any.toml")
        assert ["accepted"] == [one["outcome"] for one in done.json["letters"]]


def test_what_a_policy_refused_is_not_replayed_without_one(manyhands: Run, tmp_path: Path) -> None:
    """Whoever forgets to name the policy would accept what it forbids: exit 2, nothing done."""
    _refused_by_policy(manyhands, tmp_path, "full")
    forgotten = manyhands("deadletter", "replay", AS_OF)
    others = manyhands("deadletter", "replay", "--reason=not_json", AS_OF)

    assert (2, "", 0) == (forgotten.code, forgotten.stdout, others.code)
    assert "refused by a source policy, and none is configured here" in forgotten.stderr
    assert [("source_not_allowed", 0, False)] == _state(tmp_path / "warehouse")


def test_a_file_named_as_a_subscription_stays_one_in_a_replay(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name has no folder any more, and is still not what comes over the subscription."""
    inbox = tmp_path / "inbox"
    place = inbox / "pubsub:projects" / "p" / "subscriptions" / "s.ndjson"
    place.parent.mkdir(parents=True)
    Events().write(place)
    events = Events()
    events.generation("1", "1")
    events.write(place)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "[[source-policy]]\nsource = '*'\nover = ['pubsub:projects/p/subscriptions/s.ndjson']\n"
    )
    monkeypatch.chdir(inbox)
    manyhands("ingest", ".", AS_OF, f"--source-policy={policy}")
    done = manyhands("deadletter", "replay", AS_OF, f"--source-policy={policy}", "--json")

    assert [("rejected", "source_not_allowed")] == [
        (one["outcome"], one["reason"]) for one in done.json["letters"]
    ]


# beside others, and after a kill


def test_what_is_ingested_meanwhile_is_a_duplicate(folder: Path) -> None:
    """The letters are those that were open at the start; the log has each event once."""
    send(folder, [_sale("1"), b"{"], now=WRONG)
    with replay(Warehouse(folder), Choice(), ONE_AT_A_TIME) as done:
        send(folder, [_sale("1")])
        outcomes = [one.outcome for one in done]

    assert ["duplicate", "rejected"] == outcomes
    assert [("time_in_future", 0, True), ("not_json", 1, False)] == _state(folder)
    assert [(1,)] == rows(folder, "SELECT count(*) FROM event")


@pytest.mark.thorough
def test_a_replay_that_is_cut_short_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch is there whole or not at all; the next replay takes what is open."""
    second = _sale("2", id="e2")
    send(folder, [_sale("1"), second, _sale("3", id="e3")], now=WRONG)
    append, done = log.append, list[int]()

    def cut_short(connection: duckdb.DuckDBPyConnection, *given: Any) -> log.Counts:  # noqa: ANN401
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return append(connection, *given)

    with monkeypatch.context() as patch:
        patch.setattr(work, "append", cut_short)
        with pytest.raises(KeyboardInterrupt):
            _replayed(folder)
    assert [("time_in_future", 1, True), *[("time_in_future", 0, False)] * 2] == _state(folder)

    assert ["accepted"] * 2 == _replayed(folder)
    assert [("time_in_future", 1, True)] * 3 == _state(folder)
    assert [(3, 3)] == rows(folder, "SELECT count(*), max(seq) FROM event")
    assert [] == list((folder / "staged").iterdir())


def test_a_dismissal_between_judging_and_committing_is_not_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch writes why it refuses; whether a letter is dismissed isn't its to say."""
    send(folder, [_sale("2")], now=WRONG)
    send(folder, [_sale("1")])
    (letter,) = relation(folder, "dead_letter")
    judge, judged = log._judge, list[int]()

    def dismissed_meanwhile(*given: Any) -> None:  # noqa: ANN401
        judge(*given)
        if not judged:
            judged.append(1)
            words = ["deadletter", "dismiss", letter["id"], "--note=sent anew"]
            assert 0 == run([*words, f"--warehouse={folder}"]).code

    monkeypatch.setattr(log, "_judge", dismissed_meanwhile)
    send(folder, [_sale("2")])
    (after,) = relation(folder, "dead_letter")

    assert ("id_conflict", "sent anew") == (after["reason"], after["note"])
    assert after["dismissed_at"] is not None


def test_an_edited_payload_is_not_replayed(folder: Path) -> None:
    """Its bytes aren't those that were refused; nothing is written."""
    send(folder, [_sale("2")], now=WRONG)
    edited = _sale("9")
    rows(folder, f"UPDATE dead_letter SET payload = '{edited.decode()}'::BLOB")

    with pytest.raises(ManyhandsError, match="the warehouse was edited"):
        _replayed(folder)
    assert [] == relation(folder, "event")


@pytest.mark.thorough
def test_nothing_of_a_payload_steers_a_terminal_or_decides_anything(
    manyhands: Run, tmp_path: Path
) -> None:
    """Escapes, SQL and names of files in it are text; the counts are those of any refusal."""
    hostile = [
        b"\x1b]0;owned\x07\x1b[31m",
        b'{"id":"\x1b[2J","type":"x\'; DROP TABLE warehouse.event; --"}',
        json.dumps(json.loads(_sale()) | {"id": "../../etc/passwd", "type": "\x1b[31m"}).encode(),
    ]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(hostile))
    manyhands("ingest", "events.ndjson", AS_OF)
    outcomes = [
        manyhands("deadletter", "replay", *words, AS_OF)
        for words in (["--dry-run"], [], ["--json"])
    ]
    letter = manyhands("deadletter", "list", "--json").json[0]["id"]
    outcomes.append(manyhands("deadletter", "dismiss", letter, "--note=\x1b[31m", AS_OF))
    outcomes.append(manyhands("deadletter", "list", "--all"))

    assert [0] * 5 == [outcome.code for outcome in outcomes]
    assert not any("\x1b" in outcome.stdout + outcome.stderr for outcome in outcomes)
    assert {"in_part": 0, "resolved": 0, "accepted": 0}.items() <= _summary(outcomes[2]).items()
    assert 3 == sum(_summary(outcomes[2])["rejected"].values())


# dismissing


@pytest.fixture(scope="module")
def with_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with a small marketplace and two letters; it is only copied."""
    folder = tmp_path_factory.mktemp("letters")
    events = small(Events())
    events.generation("1", "5", unknown=1)
    source = events.write(folder / "events.ndjson")
    with Path(source).open("ab") as file:
        file.write(b"nothing\n")
    assert 0 == run(["ingest", source, AS_OF, f"--warehouse={folder / 'warehouse'}"]).code
    return folder / "warehouse"


@pytest.fixture
def ids(with_letters: Path, tmp_path: Path) -> dict[str, str]:
    """Copy it to `tmp_path/warehouse`, and return the letters' ids by reason."""
    shutil.copytree(with_letters, tmp_path / "warehouse")
    return dict(rows(tmp_path / "warehouse", "SELECT reason, id FROM dead_letter"))


@pytest.mark.thorough
def test_a_dismissed_letter_stops_no_close_and_is_not_open(
    manyhands: Run, ids: dict[str, str]
) -> None:
    """It is neither counted nor summed, and stays with its note."""
    closing = ("close", "--period=2026-01", "--fail-on-dead-letters", AS_OF, "--json")
    stopped = manyhands(*closing)
    words = ("deadletter", "dismiss", ids["invalid_data"][:12], "--note=sent anew as e9")
    dismissed = manyhands(*words, AS_OF, "--json")
    standing = manyhands("status", AS_OF, "--json").json
    closed = manyhands(*closing)

    assert (4, 0, 0) == (stopped.code, dismissed.code, closed.code)
    assert "`manyhands deadletter dismiss`" in stopped.stderr
    assert [(ids["invalid_data"], True)] == [
        (one["id"], one["dismissed"]) for one in dismissed.json["letters"]
    ]
    undated = {"letters": {}, "amounts": {}, "undated": {"not_json": 1}}
    assert (1, undated) == (standing["dead_letters"], standing["refused"])
    assert undated == closed.json["closes"][0]["refused"]
    query = "SELECT note, dismissed_at FROM dead_letter WHERE dismissed_at IS NOT NULL"
    assert [{"dismissed_at": "2026-04-01T00:00:00.000000Z", "note": "sent anew as e9"}] == (
        manyhands("query", query, "--json").json
    )


def test_dismissing_is_all_or_nothing_and_wants_a_note(manyhands: Run, ids: dict[str, str]) -> None:
    """An id that there isn't is exit 3, a note that says nothing exit 2; no letter is closed."""
    known = ids["not_json"]
    wrong = [
        manyhands("deadletter", "dismiss", *words).code
        for words in (
            [known, "zz", "--note=x"],
            [known, "--note= "],
            [known, f"--note={'x' * 501}"],
            [known],
            ["--note=x"],
        )
    ]

    assert [3, 2, 2, 2, 2] == wrong
    assert 2 == len(manyhands("deadletter", "list", "--json").json)
    assert 0 == manyhands("deadletter", "dismiss", known, f"--note={'x' * 500}").code
    assert 1 == len(manyhands("deadletter", "list", "--json").json)


def test_what_is_resolved_is_not_dismissed(manyhands: Run, tmp_path: Path) -> None:
    """It stays as it is, and is said."""
    events = Events()
    events.generation("1", "1")
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), EARLY)
    (letter,) = manyhands("deadletter", "list", "--json").json
    manyhands("deadletter", "replay", AS_OF)
    done = manyhands("deadletter", "dismiss", letter["id"], "--note=x")

    assert (0, True) == (done.code, "was resolved before, and stays so" in done.stdout)
    assert [(None,)] == rows(tmp_path / "warehouse", "SELECT note FROM dead_letter")


def test_what_is_dismissed_is_replayed_where_it_is_named(folder: Path) -> None:
    """A sweep leaves it out; accepted, it is resolved, and it keeps its note."""
    send(folder, [_sale()], now=WRONG)
    (letter,) = relation(folder, "dead_letter")
    on = f"--warehouse={folder}"
    assert 0 == run(["deadletter", "dismiss", letter["id"], "--note=too hasty", on]).code

    assert [] == _replayed(folder)
    assert ["accepted"] == _replayed(folder, Choice((letter["id"],)))
    (after,) = relation(folder, "dead_letter")
    assert ("too hasty", 1, NOW) == (after["note"], after["attempts"], after["resolved_at"])


def test_with_a_catalog_in_postgresql_it_is_the_same(postgres: Postgres, tmp_path: Path) -> None:
    """A dry run, a replay, a dismissal and an export, and the relations of any warehouse."""
    named = postgres.warehouse()
    assert 0 == run(["init", *named, f"--data-path={tmp_path / 'data'}"]).code
    events = Events()
    events.generation("1", "1")
    source = events.write(tmp_path / "events.ndjson")
    with Path(source).open("ab") as file:
        file.write(b"nothing\nnothing at all\n")
    run(["ingest", source, EARLY, *named])
    dry = run(["deadletter", "replay", "--dry-run", AS_OF, "--json", *named])
    done = run(["deadletter", "replay", AS_OF, "--json", *named])
    first = run(["deadletter", "list", "--json", *named]).json[0]["id"]
    dismissed = run(["deadletter", "dismiss", first, "--note=x", *named])
    exported = run(["deadletter", "export", f"--out={tmp_path / 'out'}", "--json", *named])

    assert [0] * 4 == [one.code for one in (dry, done, dismissed, exported)]
    assert dry.json["letters"] == done.json["letters"]
    assert (1, {"not_json": 2}) == (_summary(done)["accepted"], _summary(done)["rejected"])
    assert (1, 1) == (exported.json["letters"], exported.json["lines"])
    place = postgres.place(named)
    query = "SELECT origin, received FROM ingest_batch ORDER BY recorded_at"
    assert [(None, 3), ("deadletter", 3)] == rows(place, query)
    query = "SELECT attempts, dismissed_at IS NULL, resolved_at IS NULL FROM dead_letter"
    assert [(1, False, True), (1, True, False), (1, True, True)] == sorted(rows(place, query))


def test_what_became_of_a_letter_says_where_it_is_wrong() -> None:
    """The fields that the documents of a replay have."""
    assert ("id", "origin", "outcome", "reason", "path", "message") == Replayed._fields
