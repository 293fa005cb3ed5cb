"""A contributor, a model version and an image are explained by the last close (docs/explain.md)."""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from pipelines.cli import explanation
from pipelines.lake.connection import opened
from pipelines.lake.warehouse import Warehouse
from schemas import published
from schemas.explanation import Code, Explained
from tests import scenario
from tests.conftest import Outcome, run
from tests.explaining import Node, bridge_of, insist_on_bridge, to_micros
from tests.made_once import MadeOnce
from tests.marketplace import Events
from tests.worked_cases import WorkedCase

ROOT = Path(__file__).parent.parent

AS_OF = "--as-of=2026-04-01T00:00:00Z"
TRAINED = "2026-01-15T12:00:00Z"
FEBRUARY = "2026-02-10T12:00:00Z"


def first_month(events: Events) -> Events:
    """Add a marketplace whose images are trained on, or not, for every reason that there is."""
    events.terms(
        training_share="0.5",
        generation_share="0.2",
        direct_levels=[{"from": 0, "rate": "0.5"}],
        reserve_rate="0.1",
        reserve_periods=1,
    )
    events.contributor("ana")
    events.contributor("ben", currency="EUR", rate="0.1")
    events.contributor("dee", currency="SEK")
    rates = {"base": "EUR", "date": "2026-01-20", "rates": {"USD": "1.1"}}
    events.add("fx-rates-published", rates)
    _training_licences(events)
    images = ["i1", "i2", "i3", "i4", "revoked", "expired", "later", "elsewhere", "gone"]
    manifest = [{"image_id": image_id} for image_id in images]
    events.model("1", manifest, training_fee={"amount": "900", "currency": "USD"})
    events.model("1", [{"image_id": "i9"}], "2026-01-16T00:00:00Z", training_fee=_usd("7"))
    events.model("2", [{"image_id": "i1"}, {"image_id": "i2"}])
    events.model("3", [{"image_id": "i1"}])
    base = {"model_id": "m", "version": "1", "share": "0.25"}
    events.model("5", [{"image_id": "i2"}], "2026-01-20T00:00:00Z", base_models=[base])
    _odd_models(events)
    events.generation("1", "90")
    events.generation("1", "45")
    events.generation("2", "10", attributions=[{"image_id": "i1", "share": "1"}])
    events.generation("1", "9", attributions=[{"image_id": "stranger", "share": "0.5"}])
    events.generation("5", "40", "2026-01-21T00:00:00Z")
    _sold(events, "D1", "20")
    events.contributor("eve")
    events.licence("hers", "eve", "4", use="download")
    scope = {"kind": "contributor", "id": "eve"}
    events.terms(terms_id="eve", scope=scope, payment_threshold={"USD": "25"})
    _sold(events, "D2", "40")
    events.licence("i1", "ana", "3", use="download", licence_id="D2")
    return events


def _odd_models(events: Events) -> None:
    """Add one whose bases take all, one whose images get too little, and one of a later period."""
    all_of_it = {"model_id": "m", "version": "1", "share": "1"}
    images = [{"image_id": "i2"}, {"image_id": "unknown"}]
    events.model("6", images, "2026-01-20T00:00:00Z", base_models=[all_of_it])
    events.generation("6", "0.0001", "2026-01-21T00:00:00Z")
    light = [{"image_id": "i4", "weight": "0.001"}, {"image_id": "i1", "weight": "1000"}]
    events.model("7", light)
    events.generation("7", "0.0001")
    events.model("8", [{"image_id": "i4"}], "2026-03-05T00:00:00Z")


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def _training_licences(events: Events) -> None:
    for image_id, contributor_id in (("i1", "ana"), ("i2", "ben"), ("i3", "cy"), ("i4", "dee")):
        events.licence(image_id, contributor_id)
    events.licence("revoked", "ana")
    revoked = {"effective_at": "2026-01-10T00:00:00Z", "reason": "asked", "licence_id": "L-revoked"}
    events.add("licence-revoked", revoked)
    events.licence("expired", "ana", valid_until="2026-01-02T00:00:00Z")
    events.licence("later", "ana", valid_from="2026-01-16T00:00:00Z")
    events.licence("elsewhere", "ana", licensee_id="studio")
    events.licence("both", "both")
    reversed_id = events.licence("gone", "ana", licence_id="L-gone")
    events.reversal(reversed_id)


def _sold(events: Events, licence_id: str, fee: str, time: str = TRAINED) -> None:
    owner = {"contributor_id": "ana", "share": "1"}
    data = {
        "licence_id": licence_id,
        "image_id": "i1",
        "contributors": [owner],
        "licensee_id": "news",
        "use": "download",
        "fee": _usd(fee),
        "digital_source_type": "digitalCapture",
        "valid_from": "2026-01-01T00:00:00Z",
    }
    events.add("image-licensed", data, time)


def second_month(events: Events) -> Events:
    """Add sales of February, some of January that came late, and rates."""
    rates = {"base": "EUR", "date": "2026-02-20", "rates": {"USD": "1.2"}}
    events.add("fx-rates-published", rates, "2026-02-20T00:00:00Z")
    events.generation("1", "60", FEBRUARY)
    events.generation("1", "18")
    _sold(events, "D3", "50", FEBRUARY)
    return events


def since_then(events: Events) -> Events:
    """Add what came after the last close."""
    registration = {"contributor_id": "cy", "country": "SE", "currency": "USD"}
    data = {**registration, "withholding_rate": "0"}
    events.add("contributor-registered", data, "2026-03-02T00:00:00Z")
    events.model("4", [{"image_id": "i1"}], "2026-03-03T00:00:00Z")
    return events


def _keep_before_any_close(place: Path) -> None:
    """Write down what is explained before any close."""
    warehouse = f"--warehouse={place / 'warehouse'}"
    before = {
        named: run(["explain", named, "--json", warehouse]).json for named in ("ana", "m@1", "i1")
    }
    (place / "before.json").write_text(json.dumps(before))


@pytest.fixture(scope="session")
def folder(made_once: MadeOnce) -> Path:
    """Return a warehouse with two closes, and something after them; it is only read or copied."""
    return made_once("subjects", _fill) / "warehouse"


def _fill(place: Path) -> None:
    warehouse = f"--warehouse={place / 'warehouse'}"
    assert run(["init", warehouse, "--first-period=2026-01"]).code == 0
    events = Events()
    for fill, period in ((first_month, "2026-01"), (second_month, "2026-02"), (since_then, "")):
        source = fill(events).write(place / "events.ndjson")
        outcome = run(["ingest", warehouse, source, AS_OF, "--json"])
        assert (0, {}) == (outcome.code, outcome.json["rejected"])
        if period == "2026-01":
            _keep_before_any_close(place)
        if period:
            closed = run(["close", warehouse, f"--period={period}", AS_OF])
            assert closed.code == 0, closed.stderr


@cache
def explained(folder: Path, *words: str) -> Outcome:
    """Run `explain` on the warehouse, once for the same words."""
    named, *flags = words
    return run(["explain", *flags, f"--warehouse={folder}", "--", named])


def tree(folder: Path, *words: str) -> Node:
    """Explain, and return the tree, of a document that is of the published schema."""
    outcome = explained(folder, *words, "--json")
    assert outcome.code == 0, outcome.stderr
    document = outcome.json
    jsonschema.validate(document, published.schema("explanation"))
    assert document["is_equal"] is True
    return dict(document["explanation"])


def text(folder: Path, *words: str) -> list[str]:
    """Return what people read of what is explained: the lines that its document makes."""
    found = Explained.model_validate_json(explained(folder, *words, "--json").stdout)
    return list(explanation.explanation(found))


def parts(node: Node, code: str) -> list[Node]:
    """Return a node's parts of a code."""
    return [part for part in node["parts"] if part["code"] == code]


def all_nodes(node: Node) -> Iterator[Node]:
    """Walk through a tree."""
    yield node
    for part in node["parts"]:
        yield from all_nodes(part)


@pytest.mark.thorough
def test_a_contributor_has_a_history(folder: Path) -> None:
    """Each statement in its order, as it was issued, and what they pay in all."""
    root = tree(folder, "ana")
    listed = [
        run(["statements", "show", f"{period}/ana", "--json", f"--warehouse={folder}"]).json
        for period in ("2026-01", "2026-02")
    ]

    terms = ("opening", "royalties", "adjustments", "recouped", "withholding", "carried")
    names = ("period", "statement_id", "reserve_withheld", "reserve_released", *terms)
    assert [{name: one[name] for name in names} for one in listed] == [
        node["values"] for node in parts(root, "issued")
    ]
    assert [one["payable"] for one in listed] == [node["amount"] for node in parts(root, "issued")]
    paid = sum(int(one["payable"].replace(".", "")) for one in listed)
    (in_all,) = parts(root, "paid")
    assert (str(paid), "USD") == (in_all["amount"].replace(".", ""), in_all["currency"])


def test_a_contributor_reads_why_a_statement_differs(folder: Path) -> None:
    """By default the last two; the lines are split, and the parts sum."""
    (bridge,) = parts(tree(folder, "ana"), "bridge")
    named = parts(tree(folder, "ana", "--from=2026-01", "--to=2026-02"), "bridge")

    assert [bridge] == named
    insist_on_bridge(bridge)
    direct = next(
        part["parts"] for part in parts(bridge, "royalty") if part["values"]["basis"] == "direct"
    )
    numbers = {
        part["code"]: (part["values"]["from"], part["values"]["to"], part["amount"])
        for part in direct
    }
    assert numbers == {
        "volume": ("3", "1", "-20.000000"),  # one of them was free, for training
        "price": ("20", "50", "15.000000"),
        "rate": ("1/2", "1/2", "0.000000"),
        "pool_share": ("1", "1", "0.000000"),
        "fx": ("1", "1", "0.000000"),
    }
    ended = [part["values"]["reference"] for part in parts(bridge, "ended")]
    assert ["m@2", "m@5", "m@6", "m@7", "m@1"] == ended


def test_the_payments_of_a_pool_are_those_that_paid(folder: Path) -> None:
    """Of generations in another currency the rate counts apart."""
    (bridge,) = parts(tree(folder, "ben"), "bridge")
    (line,) = parts(bridge, "royalty")
    numbers = {
        part["code"]: (part["values"]["from"], part["values"]["to"]) for part in line["parts"]
    }

    assert ("generation", "m@1") == (line["values"]["basis"], line["values"]["reference"])
    assert (("3", "1"), ("48", "60"), ("1/5", "1/5")) == (
        numbers["volume"],
        numbers["price"],
        numbers["rate"],
    )
    assert numbers["fx"][0] != numbers["fx"][1]


@pytest.mark.parametrize(
    ("who", "reason", "release"),
    [
        (
            "cy",
            "contributor_not_registered",
            {"release": "contributor-registered", "release_period": "2026-03"},
        ),
        (
            "dee",
            "no_fx_rate",
            {
                "release": "fx-rates-published",
                "release_period": "2026-03",
                "rates_from": "2026-02-28",
                "rates_until": "2026-03-31",
                "account": "SEK",
                "registered": "SEK",
            },
        ),
    ],
)
def test_what_is_held_says_what_would_release_it(
    folder: Path, who: str, reason: str, release: dict[str, str]
) -> None:
    """By origin period, as `held` lists it; the texts name the events."""
    (held,) = parts(tree(folder, who), "held")
    listed = [
        (one["origin_period"], one["basis"], one["reference"], one["amount"])
        for one in run(["held", "--json", f"--warehouse={folder}"]).json
        if one["contributor_id"] == who
    ]
    said = text(folder, who)

    assert {"reason": reason, **release} == held["values"]
    assert sorted(listed) == sorted(
        (
            *(part["values"][name] for name in ("origin_period", "basis", "reference")),
            part["amount"],
        )
        for part in held["parts"]
    )
    assert {"2026-01", "2026-02"} == {origin for origin, *_ in listed}
    assert any(release["release"] in line for line in said)
    assert f"{who} has no statement up to 2026-02." == said[0]


def test_what_came_since_counts_with_the_next_close(folder: Path) -> None:
    """It is named, and changes nothing yet."""
    (since,) = parts(tree(folder, "cy"), "since")

    assert ["contributor-registered"] == [event["type"] for event in since["events"]["first"]]
    said = "1 event came since the last close, and counts with the next one"
    assert said in text(folder, "cy")


def test_a_contributor_begins_in_plain_words(folder: Path) -> None:
    """Who is paid how much, what is held, and what changed; money in the currency's own digits."""
    ana = explained(folder, "ana").stdout.splitlines()
    root = tree(folder, "ana")
    (paid,) = parts(root, "paid")
    (bridge,) = parts(root, "bridge")

    in_all = paid["amount"].removesuffix("0000")
    less = bridge["amount"].removesuffix("0000").removeprefix("-")
    assert f"ana is paid {in_all} USD in all, by 2 statements up to 2026-02." == ana[0]
    assert "Nothing is held for ana." == ana[1]
    assert f"2026-02/ana pays {less} USD less than 2026-01/ana." == ana[2]
    assert ana[-1].startswith("By the close of 2026-02, which read the log up to event ")
    assert ana[-1].endswith(": equal.")
    assert not any("+0.000000" in line for line in ana)


def test_a_contributor_below_the_threshold_reads_what_is_missing(folder: Path) -> None:
    """A half of 4 came in January; the tenth kept as a reserve came back in February."""
    (carried,) = parts(tree(folder, "eve"), "still_carried")

    assert ("2.000000", "25.000000", "23.000000") == (
        carried["amount"],
        carried["values"]["threshold"],
        carried["values"]["missing"],
    )
    assert [
        "eve has 2 statements up to 2026-02, and nothing is paid by then.",
        "2.00 USD is carried: the payment threshold is 25.00 USD, so 23.00 USD is missing to it.",
        "Nothing is held for eve.",
    ] == text(folder, "eve")[:3]
    assert not any("threshold" in line for line in text(folder, "ana"))


def rows(folder: Path, query: str) -> list[Node]:
    """Read the warehouse."""
    return list(run(["query", query, "--json", f"--warehouse={folder}"]).json)


@pytest.mark.parametrize("reference", ["m@1", "m@2", "m@5"])
def test_a_model_version_has_its_pools(folder: Path, reference: str) -> None:
    """Each is what contributors get of it and what is held, as the views have it."""
    root = tree(folder, reference)
    pools = [pool for earned in parts(root, "earned") for pool in earned["parts"]]
    stored = rows(
        folder,
        "SELECT basis, origin_period, amount_micros,"
        " (SELECT sum(amount_micros) FROM standing_allocation AS a WHERE a.reference = p.reference"
        " AND a.basis = p.basis AND a.origin_period = p.origin_period) AS allocated,"
        " (SELECT count(*) FROM standing_allocation AS a WHERE a.reference = p.reference"
        " AND a.basis = p.basis AND a.origin_period = p.origin_period) AS contributors"
        f" FROM standing_pool AS p WHERE reference = '{reference}' ORDER BY ALL",
    )

    assert [
        (one["basis"], one["origin_period"], int(one["amount_micros"])) for one in stored
    ] == sorted(
        (
            pool["values"]["basis"],
            pool["values"]["origin_period"],
            int(pool["amount"].replace(".", "")),
        )
        for pool in pools
    )
    assert sorted(int(one["allocated"]) for one in stored) == sorted(
        int(pool["values"]["allocated"].replace(".", "")) for pool in pools
    )
    for pool in pools:
        allocated, held, amount = (
            int(text.replace(".", ""))
            for text in (pool["values"]["allocated"], pool["values"]["held"], pool["amount"])
        )
        assert allocated + held == amount


def test_a_model_version_says_what_was_paid_by_whom(folder: Path) -> None:
    """By basis and currency, those that count."""
    paid = {
        part["values"]["basis"]: (part["amount"], part["values"]["payments"], part["parts"])
        for part in parts(tree(folder, "m@1"), "revenue")
    }

    assert ("222.000000", "5") == paid["generation"][:2]  # the last one of January came late
    assert ("900.000000", "1") == paid["training"][:2]
    assert [{"payer": "c", "payments": "5"}] == [node["values"] for node in paid["generation"][2]]
    assert ["lab"] == [node["values"]["payer"] for node in paid["training"][2]]


def test_a_model_version_says_which_training_counts(folder: Path) -> None:
    """What was declared again doesn't count, and its fee is held; base models are named."""
    root = tree(folder, "m@1")
    standing = [(part["values"]["standing"], part["amount"]) for part in parts(root, "trained")]
    (bases,) = [part["parts"] for part in parts(tree(folder, "m@5"), "trained")]

    assert [("in_force", "900.000000"), ("redeclared", "7.000000")] == standing
    assert [{"model_id": "m", "version": "1", "share": "0.25"}] == [one["values"] for one in bases]
    assert any("declared again under the same name" in line for line in text(folder, "m@1"))


def test_a_model_version_says_what_is_held_and_why(folder: Path) -> None:
    """It is what `held` lists of it, summed over contributors."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for one in run(["held", "--json", f"--warehouse={folder}"]).json:
        if one["reference"] == "m@1":
            sums[one["reason"], one["currency"]] += to_micros(one["amount"])
    held = parts(tree(folder, "m@1"), "held")

    assert dict(sums) == {
        (part["values"]["reason"], part["currency"]): to_micros(part["amount"]) for part in held
    }
    reasons = {reason for reason, _ in sums}
    assert {"unlicensed_image", "model_version_redeclared", "no_fx_rate"} < reasons
    for part in held:
        assert to_micros(part["amount"]) == sum(to_micros(one["amount"]) for one in part["parts"])


def test_a_model_version_begins_in_plain_words(folder: Path) -> None:
    """When it was trained, what was paid, who gets a part."""
    outcome = explained(folder, "m@1")
    said = outcome.stdout.splitlines()

    assert 0 == outcome.code, outcome.stderr
    assert "m@1 was trained by lab on 9 images, on 2026-01-15." == said[0]
    assert "900.00 USD was paid for the training." == said[1]
    assert "222.00 USD was paid for what it generated, in 5 payments by 1 customer." == said[2]
    assert said[3].startswith("Of the training 450.00 USD is for contributors: ")
    assert said[3].endswith(" is owed to 4 contributors, and the rest is held.")


def test_a_model_version_whose_training_is_not_closed_yet_says_so(folder: Path) -> None:
    """What came since the last close is named."""
    root = tree(folder, "m@4")

    assert ["since"] == [part["code"] for part in root["parts"]]
    said = text(folder, "m@4")
    assert said[0].startswith("No training of m@4 counts by the close of 2026-02;")
    assert said[-1].startswith("By the close of 2026-02, which read the log up to event ")
    assert not any("Each pool was compared" in line for line in said)
    assert any("Each pool was compared" in line for line in text(folder, "m@1"))


def uses(root: Node) -> dict[str, Node]:
    """Return the trainings that have an image, by their model version and standing."""
    return {
        f"{use['values']['model_id']}@{use['values']['version']}": use
        for use in parts(root, "trained_on")
    }


@pytest.mark.thorough
def test_an_image_earned_what_the_earnings_say(folder: Path, tmp_path: Path) -> None:
    """Of each model version's pools, for each contributor, summed over the periods."""
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for period in ("2026-01", "2026-02"):
        out = tmp_path / f"{period}.ndjson"
        run(["earnings", f"--period={period}", f"--out={out}", f"--warehouse={folder}"])
        for line in out.read_text().splitlines():
            one = json.loads(line)
            names = ("image_id", "contributor_id", "basis", "reference", "currency")
            sums[tuple(one[name] for name in names)] += to_micros(one["amount"])
    explained_sums: dict[tuple[str, ...], int] = defaultdict(int)
    for image_id in ("i1", "i2", "i3", "i4", "revoked", "gone", "stranger", "hers"):
        for node in all_nodes(tree(folder, image_id)):
            if node["code"] == "image_earned" and to_micros(node["amount"]):
                values = node["values"]
                reference = values.get("reference", image_id)
                key = (image_id, values["contributor_id"], values["basis"], reference)
                explained_sums[*key, node["currency"]] += to_micros(node["amount"])

    assert sums
    assert sums == explained_sums


def test_an_image_says_which_models_trained_on_it(folder: Path) -> None:
    """Under which licence, with which weight; a base earns of what is built on it."""
    root = tree(folder, "i1")
    (licence,) = parts(root, "training_licence")
    found = uses(root)
    values = found["m@1"]["values"]

    assert ["m@1", "m@2", "m@3", "m@7"] == list(found)
    assert ("lab", "1", "L-i1", "in_force") == tuple(
        values[name] for name in ("developer_id", "weight", "licence_id", "standing")
    )
    assert [{"contributor_id": "ana", "share": "1"}] == [one["values"] for one in licence["parts"]]
    assert ["m@1", "m@1", "m@5", "m@6"] == [
        one["values"]["reference"] for one in parts(found["m@1"], "image_earned")
    ]
    assert ["attribution"] == [one["values"]["way"] for one in parts(found["m@2"], "image_earned")]
    (since,) = parts(root, "since")
    assert ["2026-03-03T00:00:00.000000Z"] == [one["time"] for one in since["events"]["first"]]


@pytest.mark.parametrize(
    ("image_id", "version", "reasons", "said"),
    [
        ("revoked", "m@1", ["unlicensed_image", "revoked"], "it was revoked from 2026-01-10 on"),
        ("expired", "m@1", ["unlicensed_image", "expired"], "it had ended on 2026-01-02"),
        ("later", "m@1", ["unlicensed_image", "not_yet_valid"], "it began only on 2026-01-16"),
        ("elsewhere", "m@1", ["unlicensed_image", "other_developer"], "it is for studio"),
        ("gone", "m@1", ["unlicensed_image", "reversed"], "it was reversed"),
        ("unknown", "m@6", ["no_licence"], "there is no training licence of the image"),
        ("i9", "m@1", ["model_redeclared"], "only the first training counts"),
        ("i2", "m@2", ["attributed_elsewhere"], "all of it was attributed to other images"),
        ("i1", "m@3", ["no_pool"], "nothing was paid for the model version"),
        ("i2", "m@6", ["passed_to_bases"], "all of it went on to the models"),
        ("i4", "m@7", ["below_a_micro"], "is less than a millionth"),
        ("i4", "m@8", ["not_closed"], "of a period that isn't closed yet"),
    ],
)
def test_an_image_says_why_it_earned_nothing(
    folder: Path, image_id: str, version: str, reasons: list[str], said: str
) -> None:
    """Of each model version that has it in its manifest; of a licence why it is none for it."""
    (nothing,) = parts(uses(tree(folder, image_id))[version], "earned_nothing")

    assert reasons == [node["values"]["reason"] for node in all_nodes(nothing)]
    assert any(said in line for line in text(folder, image_id))


def test_an_image_that_no_manifest_has_says_what_is_attributed_to_it(folder: Path) -> None:
    """It is held, since the model wasn't trained on it."""
    (held,) = parts(tree(folder, "stranger"), "attributed_and_held")

    assert {"reason": "image_not_in_manifest", "reference": "m@1"} == held["values"]
    assert "0.900000" == held["amount"]


def test_an_image_has_its_direct_licences(folder: Path) -> None:
    """What they earned each contributor, and what of them is held."""
    root = tree(folder, "i1")
    (direct,) = parts(root, "direct")
    (held,) = parts(root, "held")

    assert ("55.000000", "4") == (direct["amount"], direct["values"]["licences"])
    assert [("ana", "55.000000")] == [
        (one["values"]["contributor_id"], one["amount"]) for one in direct["parts"]
    ]
    assert ("licence_redeclared", "3.000000") == (held["values"]["reason"], held["amount"])


def test_an_image_begins_in_plain_words(folder: Path) -> None:
    """What it earned in all, and by what; which models had a licence for it, and which hadn't."""
    said, without = text(folder, "i1"), text(folder, "revoked")

    (total,) = parts(tree(folder, "i1"), "image_total")
    assert said[0].startswith(
        f"i1 earned {total['amount']} USD up to 2026-02, with what is held of it: 55.00 USD by"
    )
    assert "Trained on it with a licence: m@1, m@2, m@3, m@7." == said[1]
    assert "revoked earned nothing up to 2026-02." == without[0]
    assert "Trained on it without a licence, so that its part is held: m@1." == without[1]


def test_what_is_of_an_id_is_no_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands have flags of these names, which the environment may set."""
    for name, value in (("CONTRIBUTOR", "ana"), ("TO", "postgres:"), ("FROM", "x"), ("IMAGE", "1")):
        monkeypatch.setenv(f"MANYHANDS_{name}", value)

    outcome = run(["explain", "m@1", f"--warehouse={folder}"])

    assert 0 == outcome.code, outcome.stderr


def test_an_id_of_two_kinds_has_to_say_which(folder: Path) -> None:
    """The usage error names the flags, and with one of them it is explained."""
    outcome = explained(folder, "both")

    assert (2, "") == (outcome.code, outcome.stdout)
    assert "add --contributor or --image" in outcome.stderr
    assert "both" == tree(folder, "both", "--image")["values"]["image_id"]
    assert "both" == tree(folder, "both", "--contributor")["values"]["contributor_id"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nobody"], 3, "no contributor and no image nobody: the log has no licence"),
        (["ana", "--image"], 3, "no image ana: the log has no licence, manifest or attribution"),
        (["i1", "--contributor"], 3, "no contributor i1: the log has no licence, registration"),
        (["i1", "--image", "--contributor"], 2, "give --image or --contributor, not both"),
        (["i1", "--image", "--from=2026-01"], 2, "--from is of a contributor; i1 is an image"),
        (["m@1", "--image"], 2, "--image is of an id without / and @; m@1 is a model version"),
        (["ana", "--from=2026-03"], 3, "no statement 2026-03/ana; there are those of 2026-01,"),
        (["ana", "--to=2026-01"], 3, "ana has no statement before 2026-01"),
        (["ana", "--from=2026-02"], 2, "--from 2026-02 is not before 2026-02"),
        (["ana", "--from=2026-02", "--to=2026-01"], 2, "is not before 2026-01"),
        (["ana", "--from=2026-13"], 2, "2026-13"),
        (["cy", "--from=2026-01"], 3, "there is none at all"),
        (["ana", "--line=1"], 2, "--line is of a statement"),
        (["2026-01/ana", "--from=2026-01"], 2, "--from is of a contributor"),
        (["m@1", "--to=2026-01"], 2, "--to is of a contributor"),
        (["m@9"], 3, "no model version m@9: the log has no training or generation of it"),
        (["owner/m@1"], 3, "no model version owner/m@1"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, words: list[str], code: int, told: str) -> None:
    """As of every command; nothing is printed then."""
    outcome = explained(folder, *words)

    assert (code, "") == (outcome.code, outcome.stdout)
    assert told in outcome.stderr


def test_an_edited_warehouse_is_not_explained_away(folder: Path, tmp_path: Path) -> None:
    """Where the log doesn't give what was stated the exit code is 4, and the parts are shown."""
    edited = Path(shutil.copytree(folder, tmp_path / "warehouse"))
    with opened(Warehouse(edited)) as connection:
        connection.execute(
            "UPDATE warehouse.asset_generated SET revenue_micros = revenue_micros + 1000000"
        )
        connection.execute("UPDATE warehouse.allocation SET amount_micros = amount_micros + 1")

    for named in ("ana", "m@1"):
        outcome = explained(edited, named)
        assert 4 == outcome.code
        assert "NOT equal" in outcome.stdout
        assert "doesn't come out as it was stated" in outcome.stderr


def test_a_licence_that_the_close_found_otherwise_is_not_explained_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each training's licence is found twice, by different means."""
    monkeypatch.setattr("pipelines.explain.image.licence_of", lambda *_: None)

    outcome = run(["explain", "i1", f"--warehouse={folder}"])

    assert (4, True) == (outcome.code, "NOT equal" in outcome.stdout)


def test_before_any_close_nothing_is_stated(folder: Path) -> None:
    """What the log has is named, and counts with the first close."""
    for named, document in json.loads((folder.parent / "before.json").read_text()).items():
        said = list(explanation.explanation(Explained.model_validate(document)))
        assert said[0].startswith("Nothing is ")
        assert said[0].endswith(f"for {named}: no period is closed yet.")
        assert (0, True) == (document["log_seq"], document["is_equal"])
        assert ["since"] == [part["code"] for part in document["explanation"]["parts"]]


@pytest.mark.long
@pytest.mark.parametrize("name", scenario.NAMES)
def test_all_that_a_worked_case_names_explains_to_equal(name: str, worked_case: WorkedCase) -> None:
    """Its contributors, whose first and last statements are compared, its models and images."""
    _, expected = scenario.read(name)
    warehouse = worked_case(name).warehouse

    for kind, named in _named(warehouse):
        flags = [] if kind == "model" else [f"--{kind}"]
        tree(warehouse, named, *flags)
    issued: dict[str, list[Node]] = defaultdict(list)
    for close in expected["closes"]:
        for statement in close["statements"]:
            issued[statement["contributor_id"]].append(statement)
    for statements in issued.values():
        if len(statements) > 1:
            bridge_of(warehouse, statements[0], statements[-1])


def _named(warehouse: Path) -> Iterator[tuple[str, str]]:
    queries = {
        "contributor": "SELECT DISTINCT contributor_id FROM licence_contributor LIMIT 4",
        "image": "SELECT DISTINCT image_id FROM manifest_entry LIMIT 4",
        "model": "SELECT DISTINCT model_id || '@' || version FROM model_trained LIMIT 3",
    }
    for kind, query in queries.items():
        for row in rows(warehouse, query):
            yield kind, next(iter(row.values()))


def test_every_code_is_documented_and_said() -> None:
    """A program finds each in docs/explain.md, and people read a sentence of each."""
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    roots = {"statement", "line", "contributor", "model_version", "image"}
    codes = set(get_args(Code))

    assert set() == {code for code in codes if f"`{code}`" not in page}
    assert codes - roots == explanation._OF_BRIDGE.keys() - roots
