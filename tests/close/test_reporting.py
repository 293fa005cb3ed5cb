"""A period closes only once its sources reported what they sent, and it is there (SPEC §6)."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run, run
from tests.lake.sending import rows
from tests.made_once import MadeOnce
from tests.marketplace import Events, small

KIOSK = "/kiosk"
BACK_OFFICE = "/back-office"
FEBRUARY = "--as-of=2026-02-01T00:00:00Z"
MADE = "2026-02-01T00:00:00Z"
MADE_LATER = "2026-02-01T00:02:00Z"
"""The clock of who reports may be some minutes ahead."""
CLOSE = ("close", "--period=2026-01", FEBRUARY)
OF_ALL = """
[[source-policy]]
source = "*"
types = ["source-reported"]
reverses = ["*"]

[[source-policy]]
source = "*"
"""
REPORTS = """
[[source-policy]]
source = "{}"
reports = true
"""
POLICY = OF_ALL + REPORTS.format(KIOSK)


def _sold(source: str = KIOSK) -> Events:
    """Return the events of a source that has to report."""
    sold = Events(source)
    sold.generation("1", "10")
    sold.generation("1", "2.50", currency="EUR", time="2026-01-31T23:59:59.999999Z")
    return sold


def _done(folder: Path, *words: str) -> None:
    given = [f"--warehouse={folder / 'warehouse'}", f"--source-policy={folder / 'manyhands.toml'}"]
    assert 0 == run([*words, *given]).code


@pytest.fixture(scope="session")
def market(made_once: MadeOnce) -> Path:
    """Return the policy, and the warehouse of a market that needn't report; it is only copied."""

    def fill(folder: Path) -> None:
        (folder / "manyhands.toml").write_text(POLICY)
        events = small(Events())
        events.generation("1", "100")
        _done(folder, "ingest", events.write(folder / "market.ndjson"), FEBRUARY)

    return made_once("reporting-market", fill)


def _close(market: Path, folder: Path, sold: Events, *words: str) -> None:
    """Copy the market, send what the kiosk sold, and close January."""
    shutil.copytree(market, folder, dirs_exist_ok=True)
    _done(folder, "ingest", sold.write(folder / "kiosk.ndjson"), FEBRUARY)
    _done(folder, *CLOSE, *words)


@pytest.fixture(scope="session")
def closed_without(market: Path, made_once: MadeOnce) -> Path:
    """Return January closed without the kiosk's report."""
    return made_once(
        "closed-without-a-report",
        lambda folder: _close(market, folder, _sold(), f"--without={KIOSK}"),
    )


@pytest.fixture(scope="session")
def closed_with(market: Path, made_once: MadeOnce) -> Path:
    """Return January closed, which the kiosk has reported."""
    sold = _sold()
    _report(sold, **SENT)
    return made_once("closed-with-a-report", lambda folder: _close(market, folder, sold))


@pytest.fixture
def kiosk(market: Path, tmp_path: Path) -> Events:
    """Return what the kiosk sold and hasn't sent yet."""
    shutil.copytree(market, tmp_path, dirs_exist_ok=True)
    return _sold()


def _goes_on(folder: Path, tmp_path: Path) -> Events:
    """Return what the kiosk will send after a close."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    kiosk = _sold()
    kiosk.events = []
    return kiosk


@pytest.fixture
def left_out(closed_without: Path, tmp_path: Path) -> Events:
    """Return what the kiosk will send after January was closed without its report."""
    return _goes_on(closed_without, tmp_path)


@pytest.fixture
def complete(closed_with: Path, tmp_path: Path) -> Events:
    """Return what the kiosk will send after January, which it reported, was closed."""
    return _goes_on(closed_with, tmp_path)


def _send(manyhands: Run, events: Events, tmp_path: Path) -> None:
    source = events.write(tmp_path / "kiosk.ndjson")
    assert 0 == manyhands("ingest", source, FEBRUARY, "--json").json["conflict"]


def _report(
    events: Events,
    counts: dict[str, int],
    amounts: dict[str, str],
    span: tuple[str, str] = ("2026-01-01", "2026-02-01"),
    time: str = MADE,
) -> str:
    """Add a report of the source that the events are of, or for the kiosk."""
    instants = {"from": f"{span[0]}T00:00:00Z", "until": f"{span[1]}T00:00:00Z"}
    source = KIOSK if events.source == BACK_OFFICE else events.source
    data = {"source": source, "counts": counts, "amounts": amounts, **instants}
    return events.add("source-reported", data, time)


SENT: dict[str, Any] = {
    "counts": {"asset-generated": 2},
    "amounts": {"USD": "10", "EUR": "2.5"},
}


def _coverage(tmp_path: Path) -> list[tuple[Any, ...]]:
    return rows(tmp_path / "warehouse", "FROM close_coverage")


def _said(outcome: Outcome, code: int) -> str:
    assert (code, "") == (outcome.code, outcome.stdout)
    return outcome.stderr


# several sources, each with reports of its own kind


def _silent(sold: Events) -> None:
    del sold


def _taken_back(sold: Events) -> None:
    sold.reversal(sold.generation("1", "7"), time="2026-01-15T00:00:00Z")
    _report(sold, {"asset-generated": 3, "event-reversed": 1}, {"USD": "17", "EUR": "2.5"})


def _mended(sold: Events) -> None:
    _report(sold, {"asset-generated": 9}, {}, time="2026-02-01T00:01:00Z")
    _report(sold, **SENT, time=MADE_LATER)
    _report(sold, {"asset-generated": 8}, {}, time=MADE)


def _overlapped(sold: Events) -> None:
    _report(sold, **SENT)
    _report(sold, {}, {}, ("2026-01-20", "2026-01-25"), time=MADE_LATER)


def _made_too_early(sold: Events) -> None:
    _report(sold, **SENT, time="2026-01-31T23:59:59Z")


def _report_reversed(sold: Events) -> None:
    sold.reversal(_report(sold, {}, {}))


def _with_a_gap(sold: Events) -> None:
    _report(sold, {"asset-generated": 1}, {"USD": "10"}, ("2026-01-01", "2026-01-16"))
    _report(sold, {"asset-generated": 1}, {}, ("2026-01-20", "2026-02-01"))


SOURCES = {
    f"/{fill.__name__.removeprefix('_')}": fill
    for fill in (
        _silent,
        _taken_back,
        _mended,
        _overlapped,
        _made_too_early,
        _report_reversed,
        _with_a_gap,
    )
}
VALIDATED = "/validated"
"""Whose report is what `validate` printed."""

LACKING = ("/silent", "/overlapped", "/made_too_early", "/report_reversed", "/with_a_gap")


@dataclass(frozen=True)
class Reported:
    """January by sources that have to report, each as it did."""

    folder: Path
    refused: str
    """What was said by a close that was refused."""
    closed_by_it: list[tuple[Any, ...]]
    """The closes after that one."""

    def coverage(self, source: str) -> tuple[Any, ...]:
        """Return what the close without those that lack a report keeps of a source."""
        (found,) = [row[2:] for row in _coverage(self.folder) if row[1] == source]
        return found


@pytest.fixture(scope="module")
def reported(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Send what each of several sources sold and reported, and close; then without some."""
    folder = tmp_path_factory.mktemp("reported")
    shutil.copytree(market, folder, dirs_exist_ok=True)
    policy = OF_ALL + "".join(map(REPORTS.format, (*SOURCES, VALIDATED)))
    (folder / "manyhands.toml").write_text(policy)
    (folder / "in").mkdir()
    for name, report in SOURCES.items():
        sold = _sold(name)
        report(sold)
        sold.write(folder / "in" / f"{name[1:]}.ndjson")
    validated = _sold(VALIDATED)
    validated.reversal(validated.generation("1", "7"))
    source = validated.write(folder / "in" / "validated.ndjson")
    said = run(["validate", source, f"--report={VALIDATED}", FEBRUARY])
    (folder / "in" / "validated.report.ndjson").write_text(said.stdout)
    _done(folder, "ingest", str(folder / "in"), FEBRUARY)
    words = [f"--warehouse={folder / 'warehouse'}", f"--source-policy={folder / 'manyhands.toml'}"]
    refused = _said(run([*CLOSE, *words]), 75)
    closes = rows(folder / "warehouse", "FROM period_close")
    _done(folder, *CLOSE, f"--without={','.join(LACKING)}")
    return Reported(folder, refused, closes)


COMPLETE = (False, None, 0)


def test_a_silent_source_stops_a_close(reported: Reported) -> None:
    """It is named, with the first instant of the period that isn't reported."""
    assert "/silent: no report from 2026-01-01T00:00:00.000000Z on" in reported.refused
    assert [] == reported.closed_by_it


def test_a_report_that_validate_prints_lets_it_close(reported: Reported) -> None:
    """A producer checks its files, sends them, and sends what the check printed."""
    assert VALIDATED not in reported.refused
    assert COMPLETE == reported.coverage(VALIDATED)


def test_what_was_reversed_was_sent(reported: Reported) -> None:
    """It counts in a report; the reversal counts where its own source and time are covered."""
    assert "/taken_back" not in reported.refused
    assert COMPLETE == reported.coverage("/taken_back")


def test_the_latest_of_reports_that_overlap_counts(reported: Reported) -> None:
    """A wrong one is mended by one that covers the same time, or all of it and more."""
    assert "/mended" not in reported.refused
    assert COMPLETE == reported.coverage("/mended")


def test_what_a_later_report_overlaps_in_part_is_not_covered_by_the_earlier_one(
    reported: Reported,
) -> None:
    """Its counts are of all of its time, so they say nothing of what is left of it."""
    assert "/overlapped: no report from 2026-01-01T00:00:00.000000Z on" in reported.refused


def test_a_report_that_was_made_before_its_time_was_over_covers_nothing(
    reported: Reported,
) -> None:
    """What the source sent after it would be missing, and nobody would know."""
    assert "/made_too_early: no report from 2026-01-01" in reported.refused


def test_a_report_that_was_reversed_covers_nothing(reported: Reported) -> None:
    """As if it had never been sent."""
    assert "/report_reversed: no report from 2026-01-01" in reported.refused


def test_a_close_without_a_source_says_what_was_missing(reported: Reported) -> None:
    """In the relation, and beside the gate's verdict."""
    is_waived, uncovered_from, differences = reported.coverage("/with_a_gap")
    kept = json.loads((reported.folder / "warehouse/gate/2026-01.json").read_bytes())
    assert (True, "2026-01-16 00:00:00", 1) == (is_waived, str(uncovered_from), differences)
    assert [
        {
            "source": "/with_a_gap",
            "closed_without": True,
            "uncovered_from": "2026-01-16T00:00:00.000000Z",
            "differences": [
                {
                    "from": "2026-01-20T00:00:00.000000Z",
                    "until": "2026-02-01T00:00:00.000000Z",
                    "unit": "EUR",
                    "reported": "0.000000",
                    "logged": "2.500000",
                }
            ],
            "refused": {},
        }
    ] == [one for one in kept["sources"] if one["source"] == "/with_a_gap"]
    assert {*SOURCES, VALIDATED} == {one["source"] for one in kept["sources"]}


# one source


def test_a_source_that_reported_what_is_there_lets_it_close(
    manyhands: Run, kiosk: Events, tmp_path: Path
) -> None:
    """The report changes no result: the digest is that of a close without it.

    On stderr it says which policy holds, and which sources were complete; also of a dry run.
    """
    _send(manyhands, kiosk, tmp_path)
    without = manyhands(*CLOSE, "--dry-run", f"--without={KIOSK}", "--json")
    _report(kiosk, **SENT)
    _send(manyhands, kiosk, tmp_path)
    closed = manyhands(*CLOSE, "--json")

    assert [("2026-01", KIOSK, False, None, 0)] == _coverage(tmp_path)
    assert without.json["closes"][0]["digest"] == closed.json["closes"][0]["digest"]
    said = [outcome.stderr.splitlines() for outcome in (without, closed)]
    assert ["source policy: 3 entries of manyhands.toml"] * 2 == [lines[0] for lines in said]
    assert f"2026-01: complete sources: none; without {KIOSK}" in said[0]
    assert f"2026-01: complete sources: {KIOSK}" in said[1]


@pytest.mark.thorough
def test_reports_join_and_a_gap_between_them_is_named(
    manyhands: Run, kiosk: Events, tmp_path: Path
) -> None:
    """Whatever the order in which they came, and whatever lies before the period."""
    _report(kiosk, {}, {}, ("2026-01-20", "2026-01-30"))
    _report(kiosk, {"asset-generated": 1}, {"USD": "10"}, ("2025-12-01", "2026-01-20"))
    _send(manyhands, kiosk, tmp_path)
    gap = _said(manyhands(*CLOSE), 75)
    shown = manyhands("status", "--json").json["reported"]
    _report(kiosk, {"asset-generated": 1}, {"EUR": "2.5"}, ("2026-01-30", "2026-02-01"))
    _send(manyhands, kiosk, tmp_path)

    assert f"{KIOSK}: no report from 2026-01-30T00:00:00.000000Z on" in gap
    assert {KIOSK: "2026-01-30T00:00:00.000000Z"} == shown
    assert {KIOSK: "2026-02-01T00:00:00.000000Z"} == manyhands("status", "--json").json["reported"]
    assert 0 == manyhands(*CLOSE).code


def test_what_a_report_says_otherwise_than_the_log_stops_a_close(
    manyhands: Run, kiosk: Events, tmp_path: Path
) -> None:
    """Both numbers are told by type and currency, also where one of them is 0; and dead letters."""
    kiosk.generation("1", "-1")
    kiosk.generation("1", "-1", time="2026-02-01T00:00:00Z")
    _report(kiosk, {"asset-generated": 3, "advance-paid": 1}, {"USD": "10", "JPY": "5"})
    _send(manyhands, kiosk, tmp_path)
    said = _said(manyhands(*CLOSE), 4)

    span = f"{KIOSK}, 2026-01-01T00:00:00.000000Z to 2026-02-01T00:00:00.000000Z"
    assert [
        f"  {span}: advance-paid: 1 reported, 0 in the log",
        f"  {span}: asset-generated: 3 reported, 2 in the log",
        f"  {span}: EUR: 0.000000 reported, 2.500000 in the log",
        f"  {span}: JPY: 5.000000 reported, 0.000000 in the log",
        f"  {KIOSK}: dead letters of this time: 1 invalid_data",
    ] == [line for line in said.splitlines() if line.startswith("  ")]
    assert [] == rows(tmp_path / "warehouse", "FROM period_close")


@pytest.mark.processes
def test_what_was_closed_is_said_though_the_next_period_is_refused(
    manyhands: Run, kiosk: Events, tmp_path: Path
) -> None:
    """January closes; February isn't reported, and the process ends with exit 75."""
    _report(kiosk, **SENT)
    _send(manyhands, kiosk, tmp_path)
    command = [str(Path(sys.executable).with_name("manyhands")), "close", "--due"]
    ended = subprocess.run(
        [*command, "--as-of=2026-03-01T00:00:00Z", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert 75 == ended.returncode, ended.stderr
    assert ["2026-01"] == [close["period"] for close in json.loads(ended.stdout)["closes"]]
    assert b"no report from 2026-02-01" in ended.stderr


def test_without_names_a_source_that_reports(manyhands: Run, kiosk: Events) -> None:
    """A name that was misspelt would close without what is missing."""
    del kiosk
    said = _said(manyhands(*CLOSE, "--without=/kiosks"), 2)

    assert f"those that do: {KIOSK}" in said


@pytest.mark.thorough
def test_a_source_reports_for_another_where_the_policy_names_the_type(
    manyhands: Run, kiosk: Events, tmp_path: Path
) -> None:
    """Else what it reports is its own."""
    back_office = Events(BACK_OFFICE)
    _report(back_office, **SENT)
    source = back_office.write(tmp_path / "report.ndjson")
    narrow = tmp_path / "narrow.toml"
    narrow.write_text('[[source-policy]]\nsource = "*"\n')
    refused = manyhands("ingest", source, FEBRUARY, f"--source-policy={narrow}", "--json").json
    _send(manyhands, kiosk, tmp_path)
    allowed = manyhands("ingest", source, FEBRUARY, "--json").json

    assert {"source_not_allowed": 1} == refused["rejected"]
    assert 1 == allowed["accepted"]
    assert 0 == manyhands(*CLOSE).code


NEXT = ("close", "--period=2026-02", "--as-of=2026-03-01T00:00:00Z", f"--without={KIOSK}")
IS_CLOSED = "warning: 2026-01 is closed, and the log isn't what was reported of it"
JANUARY = "2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"


def _difference(
    unit: str, reported: str, logged: str, span: tuple[str, str] = JANUARY
) -> dict[str, str]:
    """Return, as JSON has it, what a report of the kiosk's of January says otherwise."""
    of = {"period": "2026-01", "source": KIOSK, "from": span[0], "until": span[1]}
    return {**of, "unit": unit, "reported": reported, "logged": logged}


def _lines(differences: list[dict[str, str]]) -> list[str]:
    """Return what is shown for people of differences."""
    return [
        f"{one['source']}, {one['from']} to {one['until']}:"
        f" {one['unit']}: {one['reported']} reported, {one['logged']} in the log"
        for one in differences
    ]


def _insist_on(manyhands: Run, differences: list[dict[str, str]]) -> None:
    """Assert that a dry run, `status` and the next close say what differs of January alone."""
    dry = manyhands(*NEXT, "--dry-run", "--json")
    standing = manyhands("status", "--json").json["report_differences"]
    shown = manyhands("status").stdout
    closed = manyhands(*NEXT)

    assert differences == dry.json["closes"][0]["report_differences"]
    assert differences == standing
    for outcome in (dry, closed):
        told = outcome.stderr.splitlines()
        assert 0 == outcome.code
        assert bool(differences) == (IS_CLOSED in told)
        assert [f"  {line}" for line in _lines(differences)] == [
            line for line in told if "in the log" in line
        ]
    assert [f"closed 2026-01 {line}" for line in _lines(differences)] == [
        " ".join(line.split()) for line in shown.splitlines() if "in the log" in line
    ]


@pytest.mark.thorough
def test_a_source_that_was_left_out_is_compared_once_it_reports(
    manyhands: Run, left_out: Events, tmp_path: Path
) -> None:
    """What it reports of the closed period and the log are told apart, by type and currency."""
    _report(left_out, {"asset-generated": 3}, {"USD": "17", "EUR": "2.5"})
    _send(manyhands, left_out, tmp_path)

    _insist_on(
        manyhands,
        [
            _difference("asset-generated", "3", "2"),
            _difference("USD", "17.000000", "10.000000"),
        ],
    )


@pytest.mark.thorough
def test_what_comes_late_is_compared_with_the_report_that_agreed(
    manyhands: Run, complete: Events, tmp_path: Path
) -> None:
    """The source was complete; a sale of its closed period came since."""
    assert [] == manyhands("status", "--json").json["report_differences"]
    late = Events(KIOSK)
    late.add("asset-generated", {**_sale(complete), "asset_id": "late"}, "2026-01-31T23:59:59Z")
    late.events[-1]["id"] = "late"
    _send(manyhands, late, tmp_path)

    _insist_on(
        manyhands,
        [
            _difference("asset-generated", "2", "3"),
            _difference("USD", "10.000000", "11.000000"),
        ],
    )


def _sale(events: Events) -> dict[str, Any]:
    """Return the data of a sale for 1 USD."""
    events.generation("1", "1")
    data: dict[str, Any] = events.events.pop()["data"]
    return data


@pytest.mark.thorough
def test_who_reports_late_and_right_is_not_warned_of(
    manyhands: Run, left_out: Events, tmp_path: Path
) -> None:
    """Nor is a wrong report that a later one covers, nor what is of no closed period."""
    _report(left_out, {"asset-generated": 9}, {}, time=MADE)
    _report(left_out, **SENT, time=MADE_LATER)
    _report(left_out, {"asset-generated": 9}, {}, ("2025-12-01", "2026-01-01"))
    _report(
        left_out, {"asset-generated": 9}, {}, ("2026-02-01", "2026-02-02"), "2026-02-02T00:00:00Z"
    )
    source = left_out.write(tmp_path / "kiosk.ndjson")
    counts = manyhands("ingest", source, "--as-of=2026-02-03T00:00:00Z", "--json").json

    assert 4 == counts["accepted"]
    _insist_on(manyhands, [])


@pytest.mark.long
def test_a_report_of_more_than_the_closed_period_is_compared_whole(
    manyhands: Run, left_out: Events, tmp_path: Path
) -> None:
    """Its numbers are of all of its time; and a source that needn't report is compared too."""
    _report(left_out, {"asset-generated": 3}, SENT["amounts"], ("2025-12-01", "2026-02-01"))
    _send(manyhands, left_out, tmp_path)
    narrow = tmp_path / "narrow.toml"
    narrow.write_text('[[source-policy]]\nsource = "*"\n')
    dry = manyhands(*NEXT[:-1], "--dry-run", f"--source-policy={narrow}", "--json")

    span = "2025-12-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"
    differences = [_difference("asset-generated", "3", "2", span)]
    assert differences == dry.json["closes"][0]["report_differences"]
    _insist_on(manyhands, differences)


def test_a_close_that_is_refused_warns_all_the_same(
    manyhands: Run, left_out: Events, tmp_path: Path
) -> None:
    """February isn't reported; that January's report differs is worth knowing until then."""
    _report(left_out, {}, {})
    _send(manyhands, left_out, tmp_path)
    said = _said(manyhands(*NEXT[:-1]), 75).splitlines()

    assert said.index(IS_CLOSED) < said.index(
        "error: 2026-02 isn't closed: not all of it was reported"
    )


@pytest.mark.usefixtures("complete")
def test_a_close_that_no_longer_asks_a_source_warns(
    manyhands: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another current folder there is no policy, so nobody has to report, and it would close."""
    words = [*NEXT[:-1], "--dry-run"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    elsewhere = manyhands(*words)
    named = manyhands(*words, f"--without={KIOSK}", "--source-policy=../manyhands.toml")

    warning = f"warning: {KIOSK} had to report before 2026-01 was closed, and needn't"
    said = elsewhere.stderr.splitlines()
    assert (0, 0) == (elsewhere.code, named.code)
    assert "source policy: none, so every source may send and reverse everything" == said[0]
    assert "2026-02: no source has to report what it sent" in said
    (told,) = [line for line in said if line.startswith(warning)]
    assert "--source-policy FILE" in told
    assert warning not in named.stderr


@pytest.mark.thorough
def test_a_closed_period_that_was_never_reported_whole_is_warned_of(
    manyhands: Run, left_out: Events, tmp_path: Path
) -> None:
    """Also where a later report, however short, took the place of one that covered it."""
    gap = {"period": "2026-01", "source": KIOSK, "uncovered_from": "2026-01-01T00:00:00.000000Z"}
    words = f"warning: 2026-01 is closed, and {KIOSK} has not reported all of it"
    never = manyhands(*NEXT, "--dry-run", "--json")
    assert [gap] == never.json["closes"][0]["report_gaps"]
    assert [gap] == manyhands("status", "--json", "--as-of=2026-03-01T00:00:00Z").json[
        "report_gaps"
    ]
    assert words in never.stderr

    _report(left_out, **SENT)
    _send(manyhands, left_out, tmp_path)
    assert words not in manyhands(*NEXT, "--dry-run").stderr
    _report(left_out, {}, {}, ("2026-01-30", "2026-01-31"), MADE_LATER)
    _send(manyhands, left_out, tmp_path)
    assert words in manyhands(*NEXT, "--dry-run").stderr
    told = manyhands("status", "--as-of=2026-03-01T00:00:00Z").stdout
    assert f"{KIOSK}, not reported from 2026-01-01T00:00:00.000000Z" in told
