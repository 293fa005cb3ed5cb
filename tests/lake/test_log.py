"""What the log takes, in which order, and what it keeps of the rest (SPEC §3.4, §4)."""

import json
import time
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import TryAgainError
from pipelines.ingest.manifests import Manifests
from pipelines.lake import log, manifest_staging, transaction
from pipelines.lake.catalogs.sqlite import attach_statement
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.log import Counts, append
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from schemas.record import Received
from schemas.rejection import KEPT_BYTES, Reason
from tests.everyday import one_of
from tests.ingest import cases
from tests.lake.sending import NOW, Message, batch, received, relation, rows, send
from tests.marketplace import Events, small

UNREADABLE = b'{"specversion":"1.0"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse."""
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _sale(event_id: str, amount: str = "1") -> dict[str, Any]:
    """Return a sale with an id of its own."""
    events = Events()
    events.generation("1", amount)
    return {**events.events[0], "id": event_id}


def _sha256(folder: Path, event_id: str) -> str:
    ((digest,),) = rows(folder, f"SELECT content_sha256 FROM event WHERE id = '{event_id}'")
    return str(digest)


# order


def test_seq_follows_the_order_received_without_gaps(folder: Path) -> None:
    """Positions give the order, in whatever order a runner brings them; blanks leave no gap."""
    manifests = Manifests(Warehouse(folder), (), 1 << 30)
    for number in range(3):
        ids = [f"b{number}-{place}" for place in range(40)]
        messages = received(
            [UNREADABLE if place % 7 == 0 else _sale(i) for place, i in enumerate(ids)]
        )
        with connect(Warehouse(folder)) as connection:
            append(connection, Warehouse(folder), batch(messages[::-1], manifests))

    log_ids = rows(folder, "SELECT seq, id FROM event ORDER BY seq")

    expected = [f"b{number}-{place}" for number in range(3) for place in range(40) if place % 7]
    assert list(enumerate(expected, start=1)) == log_ids
    assert [(len(expected),)] == rows(folder, "SELECT seq FROM head")


def test_what_was_received_is_kept_to_the_byte(folder: Path) -> None:
    """In binary mode the attributes are kept beside the body; times are in UTC."""
    sale = _sale("e1")
    text = b" " + json.dumps(sale, indent=1).encode() + b"\t"
    data = json.dumps(sale["data"]).encode()
    attributes = {f"ce-{name}": sale[name] for name in ("specversion", "source", "type", "time")}
    binary = Received(0, "sub", "77", data, {**attributes, "ce-id": "e2", "x": "é"})

    send(folder, [text, binary], batch_id="b1")

    first, second = relation(folder, "event")
    assert (text, None) == (first["body"], first["attributes"])
    assert data == second["body"]
    assert {**attributes, "ce-id": "e2", "x": "é"} == json.loads(second["attributes"])
    assert first["content"] == second["content"]
    assert sha256(first["content"].encode()).hexdigest() == first["content_sha256"]
    when = (datetime.fromisoformat("2026-01-15T12:00"), NOW, "b1")
    assert when == (first["occurred_at"], first["recorded_at"], first["batch_id"])


# identity


def test_the_same_content_again_is_a_duplicate(folder: Path) -> None:
    """Within a batch and in any later one, also in other words; nothing is stored."""
    again = _sale("e1", "1.000")

    assert Counts(2, 1, 1, 0, {}, 1) == send(folder, [_sale("e1"), again])
    assert Counts(3, 1, 2, 0, {}, 2) == send(folder, [again, _sale("e2"), _sale("e1")])
    assert [] == relation(folder, "dead_letter")


def test_other_content_is_a_conflict_and_the_first_stays(folder: Path) -> None:
    """Within a batch and in any later one; the dead letter names both digests."""
    assert Counts(2, 1, 0, 1, {}, 1) == send(folder, [_sale("e1"), _sale("e1", "2")])
    assert Counts(1, 0, 0, 1, {}, 1) == send(folder, [_sale("e1", "3")])

    assert [(1,)] == rows(folder, "SELECT seq FROM event")
    assert [(1_000_000,)] == rows(folder, "SELECT revenue_micros FROM asset_generated")
    letters = relation(folder, "dead_letter")
    assert {"id_conflict"} == {letter["reason"] for letter in letters}
    assert 2 == len(letters)
    for letter in letters:
        assert _sha256(folder, "e1") in letter["message"]
        assert 2 == sum(len(word) == 64 for word in letter["message"].replace(",", "").split())


def test_an_identity_is_the_source_and_the_id(folder: Path) -> None:
    """One id of two sources names two events."""
    other = {**_sale("e1", "2"), "source": "/other"}

    assert Counts(2, 2, 0, 0, {}, 2) == send(folder, [_sale("e1"), other])


def test_the_counts_add_up(folder: Path) -> None:
    """Received is accepted, duplicate, conflict or rejected, each once; so says the log's row."""
    future = {**_sale("e3"), "time": "2030-01-01T00:00:00Z"}
    messages: list[Message] = [
        _sale("e1"),
        UNREADABLE,
        _sale("e1"),
        b"[]",
        _sale("e1", "2"),
        future,
        b"{",
    ]

    counts = send(folder, messages, batch_id="b1")

    rejected = {"not_an_event": 1, "not_json": 2, "time_in_future": 1}
    assert Counts(7, 1, 1, 1, rejected, 1) == counts
    ((received_, all_of_them, refused),) = rows(
        folder,
        "SELECT received, accepted + duplicate + conflict + rejected,"
        " list_sum([part.events FOR part IN rejected_by_reason]) FROM ingest_batch",
    )
    assert (7, 7, 4) == (received_, all_of_them, refused)


def test_a_batch_counts_once_however_often_it_is_tried(folder: Path) -> None:
    """A COMMIT whose answer was lost is not repeated."""
    first = send(folder, [_sale("e1"), b"["], batch_id="b1")

    assert first == send(folder, [_sale("e1"), b"["], batch_id="b1")
    assert 1 == len(relation(folder, "ingest_batch"))


def test_a_batch_that_lost_the_race_is_judged_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another committed meanwhile is known to the second try: no gap, nothing twice."""
    judge = log._judge
    lost: list[int] = []

    def judge_too_early(*arguments: Any) -> None:  # noqa: ANN401  passed on
        judge(*arguments)
        if not lost:
            lost.append(1)
            send(folder, [_sale("e2"), _sale("e3", "5")])

    monkeypatch.setattr(log, "_judge", judge_too_early)
    counts = send(folder, [_sale("e1"), _sale("e2"), _sale("e3")])

    assert Counts(3, 1, 1, 1, {}, 3) == counts
    assert [(1, "e2"), (2, "e3"), (3, "e1")] == rows(folder, "SELECT seq, id FROM event ORDER BY 1")


# dead letters


def test_a_dead_letter_keeps_what_was_refused_and_why(folder: Path) -> None:
    """Its id is made of where it came from and of what it is."""
    send(folder, [_sale("e1"), UNREADABLE], batch_id="b1")

    (letter,) = relation(folder, "dead_letter")

    digest = sha256(UNREADABLE).hexdigest()
    assert sha256(f"events.ndjson\n2\n{digest}".encode()).hexdigest() == letter["id"]
    assert (UNREADABLE, len(UNREADABLE), digest) == (
        letter["payload"],
        letter["payload_size"],
        letter["payload_sha256"],
    )
    where = ("events.ndjson", "2", "b1", NOW, None, None)
    columns = ("origin", "origin_item", "batch_id", "received_at", "resolved_at", "attributes")
    assert where == tuple(letter[column] for column in columns)
    assert ("not_json", "") == (letter["reason"], letter["path"])
    assert letter["processor"].startswith("manyhands/")
    assert letter["processor"].endswith(" decode")


def test_a_dead_letter_is_kept_once_and_each_arrival_is_counted(folder: Path) -> None:
    """The same file again adds none; another line with the same bytes does."""
    for _ in range(2):
        counts = send(folder, [UNREADABLE, _sale("e1"), _sale("e1", "2")])
        assert {"not_json": 1} == counts.rejected
    assert 2 == len(relation(folder, "dead_letter"))

    send(folder, [UNREADABLE, UNREADABLE])
    assert 3 == len(relation(folder, "dead_letter"))


def test_a_large_payload_is_kept_in_part(folder: Path) -> None:
    """Its first 64 KiB, its size and its SHA-256, by whichever step it is refused."""
    padded = json.dumps(_sale("e1", "2")).encode().ljust(KEPT_BYTES + 1)
    cut = Received(0, "events.ndjson", "9", b"x" * KEPT_BYTES, None, 5_000_000, "f" * 64)

    send(folder, [_sale("e1"), padded, UNREADABLE.ljust(KEPT_BYTES * 2), cut])

    kept = {
        letter["reason"]: (len(letter["payload"]), letter["payload_size"], letter["payload_sha256"])
        for letter in relation(folder, "dead_letter")
    }
    unreadable = sha256(UNREADABLE.ljust(KEPT_BYTES * 2)).hexdigest()
    assert {
        "id_conflict": (KEPT_BYTES, KEPT_BYTES + 1, sha256(padded).hexdigest()),
        "not_json": (KEPT_BYTES, KEPT_BYTES * 2, unreadable),
        "too_large": (KEPT_BYTES, 5_000_000, "f" * 64),
    } == kept


def test_nothing_of_an_event_is_run_as_sql(folder: Path) -> None:
    """Names that look like statements are names (SPEC §8)."""
    events = Events()
    reason = "'); DROP TABLE warehouse.event; --"
    uri = "a'); ATTACH '/tmp/x'; --"
    events.add("event-reversed", {"reversed": {"source": "/m", "id": "e"}, "reason": reason})
    events.model("1", {"uri": uri, "sha256": "0" * 64, "rows": 1})
    hostile = Received(0, "it's; DROP TABLE warehouse.head.ndjson", "1'", b"'")

    counts = send(folder, [*events.events, hostile])

    assert Counts(3, 1, 0, 0, {"manifest_unavailable": 1, "not_json": 1}, 1) == counts
    assert [(reason,)] == rows(folder, "SELECT reason FROM event_reversed")


# facts


def test_every_type_has_its_facts(folder: Path) -> None:
    """Micros, millionths and thousandths, exactly; what an event leaves out is null."""
    events = Events()
    terms: dict[str, Any] = {
        "direct_levels": [{"from": 0, "rate": "0.25"}, {"from": 50, "rate": "0.3"}],
        "direct_floor": {"USD": "0.10", "EUR": "0.000001"},
        "payment_threshold": {"JPY": "999999999999.999999"},
        "reserve_rate": "1",
        "reserve_periods": 24,
    }
    events.terms(**terms)
    events.add(
        "terms-agreed",
        {
            "terms_id": "u",
            "scope": {"kind": "model", "id": "m"},
            "effective_from": "2026-06-01T02:00:00.5+02:00",
            "training_share": "0.5",
            "generation_share": "0.000001",
        },
    )
    send(folder, events.events)

    platform, model = relation(folder, "terms")

    nothing = {key: None for key in platform if key not in model or model[key] is None}
    levels = [{"from": 0, "rate_ppm": 250_000}, {"from": 50, "rate_ppm": 300_000}]
    assert levels == platform["direct_levels"]
    assert [
        {"currency": "EUR", "amount_micros": 1},
        {"currency": "USD", "amount_micros": 100_000},
    ] == platform["direct_floor"]
    threshold = [{"currency": "JPY", "amount_micros": 999_999_999_999_999_999}]
    assert threshold == platform["payment_threshold"]
    assert (1_000_000, 24) == (platform["reserve_rate_ppm"], platform["reserve_periods"])
    assert ("platform", None, None) == (
        platform["scope_kind"],
        platform["scope_id"],
        platform["training_share_ppm"],
    )
    assert ("model", "m", 500_000, 1) == (
        model["scope_kind"],
        model["scope_id"],
        model["training_share_ppm"],
        model["generation_share_ppm"],
    )
    assert datetime.fromisoformat("2026-06-01T00:00:00.500") == model["effective_from"]
    absent = {"direct_levels", "direct_floor", "payment_threshold", "reserve_rate_ppm"}
    assert {*absent, "reserve_periods"} == set(nothing)


TIME = datetime.fromisoformat("2026-01-15T12:00")
FIRST = (1, "/market", "e1", TIME)
START = datetime.fromisoformat("2026-01-01")
VALID = ("digitalCapture", START, TIME)
MOST_E10 = 99_999_999_999_999_999


@pytest.mark.parametrize(
    ("event_type", "data", "facts"),
    [
        (
            "image-licensed",
            {
                "licence_id": "L",
                "image_id": "i",
                "contributors": [
                    {"contributor_id": "ana", "share": "0.999999"},
                    {"contributor_id": "ben", "share": "0.000001"},
                ],
                "licensee_id": "lab",
                "use": "download",
                "fee": {"amount": "12.5", "currency": "USD"},
                "digital_source_type": "digitalCapture",
                "valid_from": "2026-01-01T00:00:00Z",
                "valid_until": "2026-01-15T12:00:00Z",
            },
            {
                "image_licensed": [
                    (*FIRST, "L", "i", "lab", "download", "USD", 12_500_000, *VALID)
                ],
                "licence_contributor": [(1, "ana", 999_999), (1, "ben", 1)],
            },
        ),
        (
            "model-trained",
            {
                "model_id": "m",
                "version": "2",
                "developer_id": "lab",
                "training_fee": {"amount": "0", "currency": "JPY"},
                "manifest": [{"image_id": "i", "weight": "0.001"}, {"image_id": "j"}],
                "base_models": [{"model_id": "m", "version": "1", "share": "0.4"}],
            },
            {"base_model": [(1, "m", "1", 400_000)]},
        ),
        (
            "asset-generated",
            {
                "asset_id": "a",
                "model_id": "m",
                "version": "1",
                "customer_id": "c",
                "action": "licensed",
                "revenue": {"amount": "999999999999.999999", "currency": "USD"},
                "attributions": [{"image_id": "i", "share": "1"}, {"image_id": "j", "share": "0"}],
            },
            {
                "asset_generated": [
                    (*FIRST, "a", "m", "1", "c", "licensed", "USD", 999_999_999_999_999_999)
                ],
                "attribution": [(1, "i", 1_000_000), (1, "j", 0)],
            },
        ),
        (
            "licence-revoked",
            {"licence_id": "L", "effective_at": "2026-01-01T01:00:00+01:00", "reason": "é\n"},
            {"licence_revoked": [(*FIRST, "L", START, "é\n")]},
        ),
        (
            "event-reversed",
            {"reversed": {"source": "manyhands", "id": "2026-01"}, "reason": ""},
            {"event_reversed": [(*FIRST, "manyhands", "2026-01", "")]},
        ),
        (
            "contributor-registered",
            {"contributor_id": "c", "country": "SE", "currency": "EUR", "withholding_rate": "0.3"},
            {"contributor": [(*FIRST, "c", "SE", "EUR", 300_000)]},
        ),
        (
            "fx-rates-published",
            {
                "base": "EUR",
                "date": "2026-01-15",
                "rates": {"USD": "9999999.9999999999", "JPY": "0.0000000001"},
            },
            {
                "fx_rate": [
                    (*FIRST, "EUR", TIME.date(), "JPY", "0.0000000001", 1),
                    (*FIRST, "EUR", TIME.date(), "USD", "9999999.9999999999", MOST_E10),
                ]
            },
        ),
        (
            "advance-paid",
            {
                "advance_id": "A",
                "contributor_id": "c",
                "amount": {"amount": "0.000001", "currency": "USD"},
            },
            {"advance": [(*FIRST, "A", "c", "USD", 1)]},
        ),
        (
            "source-reported",
            {
                "source": "/shop",
                "from": "2026-01-01T00:00:00Z",
                "until": "2026-01-01T00:00:00.000001Z",
                "counts": {"model-trained": 0, "asset-generated": 1_000_000_000},
                "amounts": {"USD": "0.000001", "EUR": "999999999999.999999"},
            },
            {
                "source_report": [
                    (
                        *FIRST,
                        "/shop",
                        datetime(2026, 1, 1),  # noqa: DTZ001  UTC
                        datetime(2026, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001  UTC
                        [
                            {"type": "asset-generated", "events": 1_000_000_000},
                            {"type": "model-trained", "events": 0},
                        ],
                        [
                            {"currency": "EUR", "amount_micros": 999_999_999_999_999_999},
                            {"currency": "USD", "amount_micros": 1},
                        ],
                    )
                ]
            },
        ),
        (
            "source-reported",
            {
                "source": "/shop",
                "from": "2026-01-01T00:00:00Z",
                "until": "2026-02-01T00:00:00Z",
                "counts": {},
                "amounts": {},
            },
            {
                "source_report": [
                    (
                        *FIRST,
                        "/shop",
                        datetime(2026, 1, 1),  # noqa: DTZ001  UTC
                        datetime(2026, 2, 1),  # noqa: DTZ001  UTC
                        [],
                        [],
                    )
                ]
            },
        ),
    ],
)
def test_a_type_has_its_facts(
    folder: Path, event_type: str, data: dict[str, Any], facts: dict[str, list[Any]]
) -> None:
    """One event, its facts, and none of any other type."""
    events = Events()
    events.add(event_type, data)

    send(folder, events.events)

    for name, expected in facts.items():
        assert expected == [tuple(row.values()) for row in relation(folder, name)]


def test_a_model_names_its_inline_manifest_by_the_events_content(folder: Path) -> None:
    """The rows come from the event, once for two events with one content."""
    events = Events()
    for _ in range(2):
        events.model("1", [{"image_id": "i", "weight": "2.5"}, {"image_id": "j"}])
    send(folder, events.events[:1])
    send(folder, events.events[1:])

    first, second = relation(folder, "model_trained")

    digest = _sha256(folder, "e1")
    assert (digest, None, 2) == (
        first["manifest_sha256"],
        first["manifest_uri"],
        first["manifest_rows"],
    )
    assert digest == second["manifest_sha256"]
    entries = [(digest, "i", 2500), (digest, "j", 1000)]
    assert entries == [tuple(row.values()) for row in relation(folder, "manifest_entry")]


# manifests by uri


@pytest.fixture(params=[1, 100])
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a manifest root that holds the manifest `m`; its file is added as it is, or copied."""
    monkeypatch.setattr(manifest_staging, "LEAST_ADDED", request.param)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/m").write_bytes(MANIFEST)
    return tmp_path / "root"


MANIFEST = b'{"image_id":"i"}\n{"image_id":"j","weight":"2"}\n'
DIGEST = sha256(MANIFEST).hexdigest()
FILE = {"uri": "m", "sha256": DIGEST, "rows": 2}
GONE = {"uri": "gone", "sha256": "0" * 64, "rows": 2}
ENTRIES = [(DIGEST, "i", 1000), (DIGEST, "j", 2000)]


def _models(*files: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return models, each with its event's id and its manifest's file."""
    events = Events()
    for _, file in files:
        events.model("1", file)
    return [{**event, "id": i} for event, (i, _) in zip(events.events, files, strict=True)]


def test_a_manifests_rows_stand_once_however_many_models_share_it(folder: Path, root: Path) -> None:
    """In one batch, in a later one, and where its file is gone by then."""
    send(folder, _models(("e1", FILE), ("e2", FILE)), [root])
    (root / "m").unlink()
    counts = send(folder, _models(("e3", FILE), ("e4", {**FILE, "uri": "x"})), [root])

    assert Counts(2, 2, 0, 0, {}, 4) == counts
    assert ENTRIES == [tuple(row.values()) for row in relation(folder, "manifest_entry")]
    named = rows(folder, "SELECT DISTINCT manifest_sha256, manifest_rows FROM model_trained")
    assert [(DIGEST, 2)] == named


def test_a_manifest_that_cannot_be_used_rejects_its_event(folder: Path, root: Path) -> None:
    """Not there: unavailable; other rows: a mismatch; nothing of it is stored."""
    messages = _models(("e1", GONE), ("e2", {**FILE, "rows": 3}))

    counts = send(folder, messages, [root])

    rejected = {"manifest_mismatch": 1, "manifest_unavailable": 1}
    assert Counts(2, 0, 0, 0, rejected, 0) == counts
    assert [] == relation(folder, "manifest_entry")
    letters = relation(folder, "dead_letter")
    assert {"data.manifest"} == {letter["path"] for letter in letters}
    assert all(letter["processor"].startswith("manyhands/") for letter in letters)


def test_the_first_of_an_identity_whose_manifest_is_fine_is_accepted(
    folder: Path, root: Path
) -> None:
    """Those before it are rejected, those after it duplicates or conflicts, whatever theirs."""
    other = {**GONE, "uri": "other"}
    messages = _models(("e1", GONE), ("e1", FILE), ("e1", FILE), ("e1", GONE), ("e1", other))

    counts = send(folder, messages, [root])

    assert Counts(5, 1, 1, 2, {"manifest_unavailable": 1}, 1) == counts
    assert [(DIGEST,)] == rows(folder, "SELECT manifest_sha256 FROM model_trained")


def test_an_identity_that_the_log_has_needs_no_manifest(folder: Path, root: Path) -> None:
    """A duplicate is one even when its manifest is gone, and a conflict too."""
    send(folder, _models(("e1", FILE)), [root])

    counts = send(folder, _models(("e1", FILE), ("e1", GONE)), [])

    assert Counts(2, 0, 1, 1, {}, 1) == counts


FOUND_BY_THE_COMMIT = [
    name for name in cases.names("fail") if cases.read(name)["reason"] in cases.FOUND_BY_THE_COMMIT
]


@pytest.mark.parametrize(
    "name", one_of(2, ["model-trained.manifest_in_a_file.pass.json", *FOUND_BY_THE_COMMIT])
)
def test_a_case_of_the_commit_ends_as_it_says(tmp_path: Path, name: str) -> None:
    """Accepted with its content, or refused with its reason and path, conflicts among them."""
    case = cases.read(name)
    now = datetime.fromisoformat(case.get("now", cases.NOW)).replace(tzinfo=None)
    folder = tmp_path / "warehouse"
    create(Warehouse(folder), Setting())
    if "before" in case:
        send(folder, case["before"], [cases.FOLDER], now=now)
    head = rows(folder, "SELECT seq FROM head")[0][0]

    counts = send(folder, [cases.received(case)], [cases.FOLDER], now=now)

    if "content" in case:
        assert Counts(1, 1, 0, 0, {}, head + 1) == counts
        return
    is_conflict = case["reason"] == Reason.ID_CONFLICT
    rejected = {} if is_conflict else {case["reason"]: 1}
    assert Counts(1, 0, 0, int(is_conflict), rejected, head) == counts
    letters = rows(folder, "SELECT reason, path FROM dead_letter")
    assert [(case["reason"], case["path"])] == letters


# views


def test_a_reversal_without_effect_is_listed(folder: Path) -> None:
    """One of a reversal, of a close, of nothing; not one of an event, whichever came first."""
    events = Events()
    early = events.reversal("e2")
    sale = events.generation("1", "1")
    events.reversal("unknown")
    events.reversal(early)
    close = {"reversed": {"source": "manyhands", "id": "2026-01"}, "reason": "no"}
    events.add("event-reversed", close)
    assert ("e1", "e2") == (early, sale)
    send(folder, events.events)

    listed = [(row["id"], row["reversed_type"]) for row in relation(folder, "ineffective_reversal")]

    assert [("e3", None), ("e4", "event-reversed"), ("e5", None)] == listed


def test_an_analyst_attaches_the_warehouse_by_any_name(folder: Path, tmp_path: Path) -> None:
    """Views find their tables there, from another folder, without our macros."""
    send(folder, [*small(Events()).events, UNREADABLE])
    moved = folder.rename(tmp_path / "moved")
    with connect(Warehouse(moved)) as connection:
        connection.execute("DETACH warehouse")
        attach = attach_statement(Warehouse(moved)).replace("AS warehouse", "AS w")
        connection.execute(attach)
        letters = connection.execute("SELECT reason, letters FROM w.open_dead_letter").fetchall()
        reversals = connection.execute("FROM w.ineffective_reversal").fetchall()

    assert ([("not_json", 1)], []) == (letters, reversals)


def test_a_log_that_others_are_always_first_at_is_busy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the patience of any commit, and a pause after each try; time is those pauses."""
    pauses = list[float]()

    def overtaken(_connection: duckdb.DuckDBPyConnection) -> None:
        raise transaction.LostRaceError

    monkeypatch.setattr(log, "_write", overtaken)
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.5)
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    with pytest.raises(TryAgainError, match="busy"):
        send(folder, small(Events()).events)
    assert len(pauses) > 0

    monkeypatch.undo()
    assert 0 < send(folder, small(Events()).events).accepted
