"""Who may say what: a source policy, from its file to the dead letter (SPEC §3.4)."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.settings import FILE
from pipelines.ingest.policy import EVERYONE, Entry, Policy
from pipelines.ingest.policy_file import read_policy
from pipelines.ingest.validate import validate
from schemas.events import EVENT_TYPES
from schemas.record import Decoded, Event, Received, Rejected
from tests.conftest import Run
from tests.lake.sending import NOW
from tests.marketplace import Events

AS_OF = "--as-of=2026-12-01T00:00:00Z"
SHOP = "urn:shop:1"
SUBSCRIPTION = "pubsub:projects/p/subscriptions/s"


def generation(source: str = SHOP) -> dict[str, Any]:
    """Return an `asset-generated` of a source."""
    events = Events(source)
    events.generation("1", "1")
    return events.events[0]


def reversal(reversed_source: str, source: str = SHOP) -> dict[str, Any]:
    """Return an `event-reversed` of a source that names an event of another."""
    events = Events(source)
    events.reversal("e0")
    (event,) = events.events
    event["data"]["reversed"]["source"] = reversed_source
    return event


def reported(reported_source: str, source: str = SHOP) -> dict[str, Any]:
    """Return a `source-reported` of a source that reports for another."""
    events = Events(source)
    span = {"from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    data = {"source": reported_source, "counts": {}, "amounts": {}, **span}
    events.add("source-reported", data)
    return events.events[0]


def judge(
    event: dict[str, Any], *entries: Entry, origin: str = "in/a.ndjson", folder: str = "/"
) -> Event | Rejected:
    """Validate an event by a policy of these entries."""
    received = Received(0, origin, "1", b"")
    return validate(Decoded(received, event), NOW, Policy(entries, "p.toml", folder))


def path_of(outcome: Event | Rejected) -> str:
    """Return where in an event is what isn't allowed; empty where it was accepted."""
    if isinstance(outcome, Event):
        return ""
    assert outcome.reason == "source_not_allowed"
    return outcome.path


# the rule


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (SHOP, ""),
        ("urn:shop:*", ""),
        ("*", ""),
        ("urn:shop:1*", ""),
        ("urn:shop:", "source"),
        ("urn:shop:12", "source"),
        ("urn:shop:12*", "source"),
        ("urn:lab:*", "source"),
        ("URN:shop:1", "source"),
    ],
)
def test_a_source_is_named_exactly_or_by_its_beginning(pattern: str, path: str) -> None:
    """What an entry's source doesn't fit is refused at `source`."""
    assert path == path_of(judge(generation(), Entry(pattern)))


@pytest.mark.parametrize(
    ("over", "origin", "path"),
    [
        ("/in/a.ndjson", "in/a.ndjson", ""),
        ("/in/a.ndjson", "/in/a.ndjson", ""),
        ("/in/*", "in/b/../a.ndjson", ""),
        ("/in/*", "in/../a.ndjson", "source"),
        ("/in/*", "/in/../out/a.ndjson", "source"),
        ("/in/*", "/input/a.ndjson", "source"),
        ("/in*", "/input/a.ndjson", ""),
        ("-", "-", ""),
        ("/*", "-", "source"),
        (SUBSCRIPTION, SUBSCRIPTION, ""),
        (SUBSCRIPTION, f"{SUBSCRIPTION}2", "source"),
        (SUBSCRIPTION, f"./{SUBSCRIPTION}", "source"),
        ("/*", SUBSCRIPTION, "source"),
    ],
)
def test_what_an_event_came_over_is_a_subscription_or_a_full_path(
    over: str, origin: str, path: str
) -> None:
    """A file's name goes from the root on, however it was written; a subscription is no path."""
    assert path == path_of(judge(generation(), Entry("*", over=(over,)), origin=origin))


def test_where_the_current_folder_is_unknown_a_relative_name_fits_no_path() -> None:
    """What can't be told isn't allowed."""
    entry = Entry("*", over=("/*",))

    assert "source" == path_of(judge(generation(), entry, folder=""))


def test_an_event_has_a_type_that_its_source_may_send() -> None:
    """An entry without types allows all, one with types no other."""
    assert "" == path_of(judge(generation(), Entry("*", types=("asset-generated", "advance-paid"))))
    assert "type" == path_of(judge(generation(), Entry("*", types=("advance-paid",))))


@pytest.mark.parametrize(
    ("reverses", "named", "path"),
    [
        ((), SHOP, ""),
        ((), "urn:shop:2", "data.reversed.source"),
        ((), "manyhands", "data.reversed.source"),
        (("urn:shop:*",), "urn:shop:2", ""),
        (("urn:lab", "urn:shop:2"), "urn:shop:2", ""),
        (("urn:lab",), SHOP, "data.reversed.source"),
    ],
)
def test_a_source_reverses_its_own_events_or_those_that_it_is_allowed_to(
    reverses: tuple[str, ...], named: str, path: str
) -> None:
    """Its own where the entry names none; only those named where it names some."""
    entry = Entry("urn:shop:*", reverses=reverses)

    assert path == path_of(judge(reversal(named), entry))


@pytest.mark.parametrize(
    ("types", "named", "path"),
    [
        ((), SHOP, ""),
        ((), "urn:shop:2", "data.source"),
        (("source-reported",), "urn:shop:2", ""),
        (("source-reported",), SHOP, ""),
        (("asset-generated",), SHOP, "type"),
    ],
)
def test_a_source_reports_for_itself_or_where_its_entry_names_the_type(
    types: tuple[str, ...], named: str, path: str
) -> None:
    """What is reported for another source decides when everybody is paid."""
    assert path == path_of(judge(reported(named), Entry("urn:shop:*", types=types)))


def test_one_entry_has_to_allow_all_of_an_event() -> None:
    """Two that each allow a part of it don't; what one of several allows is allowed."""
    file, message = (
        Entry(SHOP, over=("/in/*",), types=("advance-paid",)),
        Entry(SHOP, over=(SUBSCRIPTION,), types=("asset-generated",)),
    )

    assert "type" == path_of(judge(generation(), file, message))
    assert "" == path_of(judge(generation(), file, message, origin=SUBSCRIPTION))
    assert "" == path_of(judge(generation(), file, message, Entry(SHOP)))


def test_the_reason_has_its_place_in_the_table() -> None:
    """It comes after invalid data and before a time in the future."""
    late = {**generation(), "time": "2027-01-01T00:00:00Z"}
    invalid = {**generation(), "data": {}}
    reasons = [judge(event, Entry("urn:lab")) for event in (late, invalid)]

    assert ["source_not_allowed", "invalid_data"] == [
        outcome.reason for outcome in reasons if isinstance(outcome, Rejected)
    ]


SOURCES = st.sampled_from(["urn:shop:1", "urn:shop:2", "urn:lab"])
PATTERNS = st.sampled_from(["urn:shop:1", "urn:shop:*", "urn:*", "*", "urn:lab"])
ENTRIES = st.builds(
    Entry,
    PATTERNS,
    over=st.lists(st.sampled_from(["/in/*", SUBSCRIPTION, "-"]), max_size=2).map(tuple),
    types=st.lists(st.sampled_from(sorted(EVENT_TYPES)), max_size=8).map(tuple),
    reverses=st.lists(PATTERNS, max_size=2).map(tuple),
)
POLICIES = st.lists(ENTRIES, max_size=4).map(tuple)
EVENTS = st.one_of(
    st.builds(generation, SOURCES),
    st.builds(reversal, SOURCES, SOURCES),
    st.builds(reported, SOURCES, SOURCES),
)
ORIGINS = st.sampled_from(["in/a.ndjson", "/out/a.ndjson", "-", SUBSCRIPTION])


@given(POLICIES, ENTRIES, EVENTS, ORIGINS)
def test_a_policy_only_ever_takes_away(
    entries: tuple[Entry, ...], entry: Entry, event: dict[str, Any], origin: str
) -> None:
    """What it allows is what is accepted without one, unchanged, and one more entry takes no more.

    What it refuses, it refuses for itself alone.
    """
    without = validate(Decoded(Received(0, origin, "1", b""), event), NOW)
    fewer = judge(event, *entries, origin=origin)
    more = judge(event, *entries, entry, origin=origin)

    assert isinstance(fewer, Rejected) or fewer == more == without
    assert isinstance(more, Event) or more.reason == "source_not_allowed"


def test_a_policy_is_the_same_in_another_process() -> None:
    """It goes to the pipeline's workers as bytes."""
    policy = Policy((Entry("a*", ("/in/*",), ("advance-paid",), ("b",)),), "p.toml", "/")

    assert (policy, EVERYONE) == pickle.loads(pickle.dumps((policy, EVERYONE)))  # noqa: S301  ours


# the file

WHOLE = f"""
[[source-policy]]
source = "urn:shop:*"
over = ["{SUBSCRIPTION}", "/in/*", "-"]
types = ["image-licensed", "event-reversed"]
reverses = ["urn:shop:*", "*"]

[[source-policy]]
source = "/market"
reports = true
"""


def test_a_policy_is_read_from_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry each; names of files are relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(WHOLE)

    shop = Entry(
        "urn:shop:*",
        (SUBSCRIPTION, "/in/*", "-"),
        ("image-licensed", "event-reversed"),
        ("urn:shop:*", "*"),
    )
    market = Entry("/market", reports=True)
    expected = Policy((shop, market), "policy.toml", str(tmp_path))
    assert expected == read_policy("policy.toml")
    assert ("/market",) == expected.reporting


OFF = [
    ("", "source-policy: has no entry"),
    ("source-policy = []", "source-policy: has no entry"),
    ("source-policy = 'x'", "source-policy: should be tables"),
    ("source-policy = [1]", "source-policy: should be tables"),
    ("[source-policy]\nsource = 'x'", "source-policy: should be tables"),
    ("[[source-polcy]]", "source-polcy: unknown"),
    ("x", "not TOML"),
    ("[[source-policy]]", "entry 1: source: should be a source"),
    *[
        (f"[[source-policy]]\nsource = 'a'\n[[source-policy]]\n{line}", f"entry 2: {told}")
        for line, told in [
            ("source = 5", "source: should be a source"),
            ("source = ['a']", "source: should be a source"),
            ("source = ''", "source: should be a source"),
            ("source = 'a b'", "source: should be a source"),
            ("source = 'a*b'", "source: should be a source"),
            ("source = '*a'", "source: should be a source"),
            ("source = '**'", "source: should be a source"),
            ("source = 'a'\nreport = true", "report: unknown"),
            ("source = 'a'\nreports = 'yes'", "reports: should be true or false"),
            ("source = 'a'\nreports = 1", "reports: should be true or false"),
            ("source = 'a*'\nreports = true", "reports: is for one source"),
            ("source = '*'\nreports = true", "reports: is for one source"),
            ("source = 'a'\ntype = ['advance-paid']", "type: unknown"),
            ("source = 'a'\nover = []", "over: should be a list"),
            ("source = 'a'\nover = '/in/*'", "over: should be a list"),
            ("source = 'a'\nover = [5]", "over: should be pubsub:"),
            ("source = 'a'\nover = ['in/*']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['*']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['/in/*/a']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['/in/**']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['/in/../out/*']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['/in//a']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['/in/']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['pubsub:projects/p/subscriptions/*']", "over: should be"),
            ("source = 'a'\nover = ['projects/p/subscriptions/s']", "over: should be pubsub:"),
            ("source = 'a'\nover = ['pubsub:projects/p/topics/t']", "over: should be pubsub:"),
            ("source = 'a'\ntypes = []", "types: should be a list"),
            ("source = 'a'\ntypes = 'advance-paid'", "types: should be a list"),
            ("source = 'a'\ntypes = ['advance']", "types: should be of image-licensed,"),
            ("source = 'a'\ntypes = [['advance-paid']]", "types: should be of image-licensed,"),
            ("source = 'a'\nreverses = []", "reverses: should be a list"),
            ("source = 'a'\nreverses = [true]", "reverses: should be a source"),
            ("source = 'a'\nreverses = ['a*b']", "reverses: should be a source"),
        ]
    ],
]


@pytest.mark.parametrize(("text", "told"), OFF)
def test_a_policy_that_is_off_is_a_usage_error(
    manyhands: Run, tmp_path: Path, text: str, told: str
) -> None:
    """The message names the file, the entry and the field; nothing is done, no warehouse made."""
    (tmp_path / "policy.toml").write_text(text)
    (tmp_path / "a.ndjson").touch()
    outcome = manyhands("ingest", "a.ndjson", "--source-policy=policy.toml")

    assert 2 == outcome.code
    assert outcome.stderr.startswith("error: policy.toml: ")
    assert told in outcome.stderr
    assert not (tmp_path / "warehouse").exists()


# the commands


@pytest.mark.parametrize("command", [["ingest", "a.ndjson"], ["status"]])
@pytest.mark.parametrize("name", ["gone.toml", "", "."])
def test_a_policy_that_is_named_and_missing_is_a_usage_error(
    manyhands: Run, tmp_path: Path, command: list[str], name: str
) -> None:
    """Nobody is trusted for want of a file."""
    Events().write(tmp_path / "a.ndjson")
    outcome = manyhands(*command, f"--source-policy={name}")

    assert (2, False) == (outcome.code, (tmp_path / "warehouse").exists())
    assert name in outcome.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("source-policy = [1]", "source-policy should be text in quotes, or tables"),
        ("source-policy = true", "source-policy should be text in quotes"),
        ("[source-policy]\nsource = 'a'", "source-policy should be text in quotes"),
        ("[[source-policy]]\nsource = 5", "entry 1: source: should be a source"),
        ("source-policy = []", "has no entry"),
    ],
)
def test_tables_in_the_settings_that_are_off_are_a_usage_error(
    manyhands: Run, tmp_path: Path, text: str, told: str
) -> None:
    """As in a file of their own."""
    (tmp_path / FILE).write_text(text)
    outcome = manyhands("status")

    assert 2 == outcome.code
    assert FILE in outcome.stderr
    assert told in outcome.stderr


def test_a_policy_is_set_as_every_setting_is(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag beats the environment, which beats the file, which names one or has the tables."""
    for count, name in enumerate(["by-flag", "by-environment", "by-file"], start=1):
        (tmp_path / name).write_text("[[source-policy]]\nsource = '*'\n" * count)
    manyhands("init")
    standing = [manyhands("status", "--json").json]
    (tmp_path / FILE).write_text("grace-days = 0\n[[source-policy]]\nsource = '*'\n")
    standing.append(manyhands("status", "--json").json)
    (tmp_path / FILE).write_text("source-policy = 'by-file'")
    standing.append(manyhands("status", "--json").json)
    monkeypatch.setenv("MANYHANDS_SOURCE_POLICY", "by-environment")
    standing.append(manyhands("status", "--json").json)
    standing.append(manyhands("status", "--json", "--source-policy", "by-flag").json)

    assert [
        None,
        {"entries": 1, "file": FILE},
        {"entries": 3, "file": "by-file"},
        {"entries": 2, "file": "by-environment"},
        {"entries": 1, "file": "by-flag"},
    ] == [shown["source_policy"] for shown in standing]


def test_who_is_trusted_is_said_first(manyhands: Run, tmp_path: Path) -> None:
    """By the ingest in the first line of stderr, and by `status`."""
    source = _written(tmp_path / "a.ndjson", "/market")
    first = [manyhands("ingest", source, AS_OF).stderr.splitlines()[0]]
    shown = [manyhands("status").stdout]
    (tmp_path / FILE).write_text("[[source-policy]]\nsource = '/market'\n")
    first.append(manyhands("ingest", source, AS_OF).stderr.splitlines()[0])
    shown.append(manyhands("status").stdout)

    trusted = [
        "none, so every source may send and reverse everything",
        "1 entry of manyhands.toml",
    ]
    assert [f"source policy: {words}" for words in trusted] == first
    assert [True, True] == [words in text for words, text in zip(trusted, shown, strict=True)]


def test_what_is_not_allowed_is_kept_and_resolved_once_it_is(
    manyhands: Run, tmp_path: Path
) -> None:
    """It is one dead letter with its reason; the same bytes, allowed later, resolve it."""
    market = _written(tmp_path / "a.ndjson", "/market")
    shop = _written(tmp_path / "b.ndjson", "/shop")
    (tmp_path / FILE).write_text("[[source-policy]]\nsource = '/market'\n")
    refused = [manyhands("ingest", market, shop, AS_OF, "--json").json for _ in range(2)]
    kept = [manyhands("deadletter", "list", "--json").json]
    (tmp_path / FILE).write_text("[[source-policy]]\nsource = '*'\n")
    allowed = manyhands("ingest", shop, AS_OF, "--json").json
    kept.append(manyhands("deadletter", "list", "--all", "--json").json)

    assert [(1, 0), (0, 1)] == [(one["accepted"], one["duplicate"]) for one in refused]
    assert [{"source_not_allowed": 1}] * 2 == [one["rejected"] for one in refused]
    assert 1 == allowed["accepted"]
    assert [[("source_not_allowed", False)], [("source_not_allowed", True)]] == [
        [(letter["reason"], letter["resolved"]) for letter in letters] for letters in kept
    ]


def test_a_file_named_as_a_subscription_is_none(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its origin is told apart, so that it isn't allowed what comes over the subscription."""
    inbox = tmp_path / "inbox"
    folder = inbox / "pubsub:projects" / "p" / "subscriptions"
    folder.mkdir(parents=True)
    _written(folder / "s.ndjson", "/market")
    monkeypatch.chdir(inbox)
    entry = f"[[source-policy]]\nsource = '*'\nover = ['{SUBSCRIPTION}.ndjson']\n"
    (tmp_path / "policy.toml").write_text(entry)
    outcome = manyhands("ingest", ".", AS_OF, "--source-policy=../policy.toml", "--json").json
    (kept,) = manyhands("query", "SELECT origin FROM dead_letter", "--json").json

    assert {"source_not_allowed": 1} == outcome["rejected"]
    assert f"./{SUBSCRIPTION}.ndjson" == kept["origin"]


def _written(path: Path, source: str) -> str:
    events = Events(source)
    events.generation("1", "1")
    return events.write(path)
