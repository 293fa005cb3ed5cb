"""What was refused shows at the close, counted by reason and summed by currency."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, run
from tests.marketplace import Events, small

AS_OF = "--as-of=2026-04-01T00:00:00Z"
JANUARY = {
    "amounts": {
        "id_conflict": {"USD": "77.000000"},
        "invalid_data": {"EUR": "0.300001", "JPY": "3.000000", "USD": "9000.000000"},
    },
    "letters": {"id_conflict": 1, "invalid_data": 5, "unknown_type": 1},
    "undated": {"not_an_event": 1, "not_json": 2, "too_deep": 1},
}
"""What `refused_market` comes to before February, by hand."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with a small marketplace, and refuse some of January and of February."""
    folder = tmp_path_factory.mktemp("refused")
    events = small(Events())
    events.licence("r1", "ana", "9000", unknown=1)
    events.licence("r2", "ana", fee=40)  # type: ignore[arg-type]  # that is what is refused
    for amount, time in (
        ("0.1", "2026-01-01T00:00:00Z"),
        ("0.200001", "2026-01-31T23:59:59.999999Z"),
        ("5", "2026-02-01T00:00:00Z"),
    ):
        events.generation("1", amount, time, "EUR", unknown=1)
    events.add("licence-sold", {"price": "1"})
    images = [{"image_id": f"i{number}"} for number in range(5_000)]
    events.model("9", images, training_fee={"amount": "3", "currency": "JPY"}, unknown=1)
    fields = events.events[-1]["data"]
    fields["manifest"] = fields.pop("manifest")
    events.generation("1", "6", time="")
    events.generation("1", "7")
    sold = events.events[-1]
    revenue = {"amount": "77", "currency": "USD"}
    events.events.append({**sold, "data": {**sold["data"], "revenue": revenue}})
    source = events.write(folder / "events.ndjson")
    with Path(source).open("ab") as file:
        file.write(b'{"time":"2026-01-15T12:00:00Z"\n\xff\xfe\n')
        file.write(b'{"time":"2026-01-15T12:00:00Z","a":' + b"[" * 5_000 + b"\n")
    warehouse = folder / "warehouse"
    counts = run(["ingest", source, AS_OF, "--json", f"--warehouse={warehouse}"]).json
    assert (1, 11) == (counts["conflict"], sum(counts["rejected"].values()))
    return warehouse


@pytest.fixture
def refused_market(manyhands: Run, filled: Path, tmp_path: Path) -> Run:
    """Run commands on a copy of it."""
    shutil.copytree(filled, tmp_path / "warehouse")
    return manyhands


def _refused(run: Run, *words: str) -> Any:  # noqa: ANN401  a JSON document
    return run("close", *words, AS_OF, "--json").json["closes"][0]["refused"]


def test_a_close_counts_what_was_refused_and_sums_its_money(refused_market: Run) -> None:
    """By reason, up to the period's end; a time that can't be read is counted apart.

    A dry run says the same as the close, and so does closing again.
    """
    dry = _refused(refused_market, "--period=2026-01", "--dry-run")
    closed = _refused(refused_market, "--period=2026-01")
    again = _refused(refused_market, "--period=2026-01")

    assert [JANUARY] * 3 == [dry, closed, again]


@pytest.mark.thorough
def test_what_is_too_deep_has_its_time_and_its_money_all_the_same(
    manyhands: Run, tmp_path: Path
) -> None:
    """It counts before the period's end, and stops a close that is told so."""
    events = small(Events())
    nested: list[Any] = []
    for _ in range(20):
        nested = [nested]
    events.generation("1", "9000", note=nested)
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF)
    stopped = manyhands("close", "--period=2026-01", "--fail-on-dead-letters", AS_OF)

    assert {
        "amounts": {"too_deep": {"USD": "9000.000000"}},
        "letters": {"too_deep": 1},
        "undated": {},
    } == _refused(manyhands, "--period=2026-01", "--dry-run")
    assert (4, True) == (stopped.code, "1 too_deep" in stopped.stderr)


@pytest.mark.thorough
def test_status_says_it_of_the_next_period_to_close(refused_market: Run) -> None:
    """January's before January is closed, and with February's after that."""
    before = refused_market("status", AS_OF, "--json").json["refused"]
    refused_market("close", "--period=2026-01", AS_OF)
    after = refused_market("status", AS_OF, "--json").json["refused"]
    shown = refused_market("status", AS_OF).stdout

    assert JANUARY == before
    assert "5.300001" == after["amounts"]["invalid_data"]["EUR"]
    assert 6 == after["letters"]["invalid_data"]
    assert "refused up to 2026-02" in shown
    assert "6 invalid_data (5.300001 EUR, 3.000000 JPY, 9000.000000 USD)" in shown


@pytest.mark.long
def test_people_are_told_in_lines(refused_market: Run) -> None:
    """One for each reason, and those without a time after them."""
    lines = refused_market("close", "--period=2026-01", AS_OF).stdout.splitlines()
    before, without = "  refused with a time before its end, and open: ", "  refused without"

    assert f"{before}5 invalid_data (0.300001 EUR, 3.000000 JPY, 9000.000000 USD)" in lines
    assert f"{before}1 unknown_type" in lines
    assert [3] == [sum(line.startswith(before) for line in lines)]
    assert [3] == [sum(line.startswith(without) for line in lines)]


def test_dead_letters_stop_a_close_that_is_told_so(refused_market: Run) -> None:
    """Exit 4 with the reasons, nothing closed; without the flag it closes."""
    stopped = refused_market("close", "--due", "--fail-on-dead-letters", AS_OF)
    dry = refused_market("close", "--due", "--dry-run", "--fail-on-dead-letters", AS_OF)
    listed = refused_market("statements", "list", "--json").json

    assert (4, 4, []) == (stopped.code, dry.code, listed)
    assert "1 id_conflict, 5 invalid_data, 1 unknown_type" in stopped.stderr
    assert 0 == refused_market("close", "--period=2026-01", AS_OF).code


@pytest.mark.long
def test_what_is_later_or_has_no_time_stops_nothing(manyhands: Run, tmp_path: Path) -> None:
    """February's letters stop February's close alone, and a line that isn't JSON stops none."""
    events = small(Events())
    events.generation("1", "5", unknown=1, time="2026-02-01T00:00:00Z")
    source = events.write(tmp_path / "events.ndjson")
    with Path(source).open("ab") as file:
        file.write(b"nothing\n")
    manyhands("ingest", source, AS_OF)
    outcome = manyhands("close", "--due", "--fail-on-dead-letters", AS_OF, "--json")

    assert 4 == outcome.code
    assert ["2026-01"] == [one["period"] for one in outcome.json["closes"]]


def test_what_came_again_and_was_taken_is_not_open(manyhands: Run, tmp_path: Path) -> None:
    """A line refused as too early, and accepted later, is resolved and counts no more."""
    source = small(Events()).write(tmp_path / "events.ndjson")
    manyhands("ingest", source, "--as-of=2026-01-01T00:00:00Z")
    refused = manyhands("status", AS_OF, "--json").json["refused"]
    manyhands("ingest", source, AS_OF)
    left = manyhands("status", AS_OF, "--json").json["refused"]

    assert {"time_in_future": {"USD": "1010.060000"}} == refused["amounts"]
    assert {"amounts": {}, "letters": {}, "undated": {}} == left


@pytest.mark.processes
@pytest.mark.long
def test_many_large_letters_are_read_in_bounded_memory(manyhands: Run, tmp_path: Path) -> None:
    """128 MiB are enough for more than that of payloads, by a process that has all cores."""
    filler = "x" * 60_000
    with (tmp_path / "large.ndjson").open("w") as file:
        for number in range(3_000):
            fee = f'{{"amount":"0.000001","currency":"USD"}},"n":{number},"filler":"{filler}"'
            file.write(f'{{"time":"2026-01-15T12:00:00Z","data":{{"fee":{fee}}}}}\n')
    manyhands("ingest", "large.ndjson", AS_OF)
    words = ["status", AS_OF, "--memory-limit=128MiB", "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words], check=False, capture_output=True, text=True
    )

    assert (0, "") == (ended.returncode, ended.stderr)
    assert {"not_an_event": {"USD": "0.003000"}} == json.loads(ended.stdout)["refused"]["amounts"]
