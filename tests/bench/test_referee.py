"""The referee is fair: the same data for all, results that are compared, figures of all rounds."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bench import bulk, environment, growth, ingest, month, months, room, rounds, sizes
from bench.bulk import Bulk
from bench.measure import Measured, manyhands
from bench.report import Compared, Figure, Section, merged, report, write
from bench.room import Data
from bench.rounds import Contestant, Taken
from pipelines.errors import ManyhandsError
from pipelines.ingest.decode import decode
from pipelines.ingest.validate import validate
from pipelines.lake import reading
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from schemas.record import Decoded, Event, Received

SMALL = Bulk(seed=1, contributors=12, images=48, models=4, one_of=2)
OCTOBER = Period.parse("2026-10", Cadence.MONTH)


def _took(seconds: float, peak_mib: int = 1) -> Measured:
    return Measured(seconds, 2 * seconds, peak_mib, "")


class _Runner:
    """Takes so many seconds, one after the other, and notes in `order` that it ran."""

    def __init__(self, name: str, seconds: Sequence[float], order: list[str], events: int) -> None:
        self._name, self._left = name, list(seconds)
        self._order, self._events = order, events

    def __call__(self) -> tuple[Measured, dict[str, int]]:
        self._order.append(self._name)
        seconds = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return _took(seconds), {"events": self._events}


def _contestants(order: list[str], *, peer: int = 7, seconds: float = 1) -> list[Contestant]:
    ours = Contestant("ours", _Runner("ours", [seconds, 3, 2], order, 7))
    return [ours, Contestant("peer", _Runner("peer", [5], order, peer))]


# rounds


def test_contestants_take_turns_and_every_other_round_in_reverse_order() -> None:
    """Five rounds, unless others are asked for; nobody is always the first."""
    order: list[str] = []

    taken = rounds.in_turns(_contestants(order))

    assert ["ours", "peer", "peer", "ours"] * 2 + ["ours", "peer"] == order
    assert ["ours", "peer"] == [one.name for one in taken]
    assert (1, 3, 2, 2, 2) == taken[0].seconds
    assert (2, 4) == (taken[0].median, taken[0].work_median)


def test_there_are_three_rounds_where_one_takes_more_than_ten_minutes() -> None:
    """A full size ends in hours, not in days."""
    order: list[str] = []

    taken = rounds.in_turns(_contestants(order, seconds=601))

    assert 3 == len(taken[0].seconds)


def test_a_peer_that_did_something_else_ends_the_benchmark() -> None:
    """One that loses events is quick, and must not win."""
    with pytest.raises(ManyhandsError, match=r"'events': 6.*'events': 7.*didn't do the same work"):
        rounds.in_turns(_contestants([], peer=6))


def test_a_peer_that_fails_is_left_out_where_it_may() -> None:
    """So does one that needs more memory than there is; ours may not."""
    ours, peer = _contestants([])

    def fail() -> tuple[Measured, dict[str, int]]:
        message = "peer: exit -9"
        raise ManyhandsError(message)

    failing = replace(peer, run=fail)
    _, failed = rounds.in_turns([ours, failing], 2, may_fail=True)

    assert () == failed.seconds
    assert "| peer | failed | | | | | |" == Compared("peer", failed.seconds, "s", 0, 1).row()
    for contestants, may_fail in (([ours, failing], False), ([failing, ours], True)):
        with pytest.raises(ManyhandsError, match="exit -9"):
            rounds.in_turns(contestants, 2, may_fail=may_fail)


@pytest.mark.parametrize(
    ("found", "fits"),
    [
        ({"pools": 100, "claimants": 3, "allocated": 97}, True),
        ({"pools": 100, "claimants": 3, "allocated": 100}, True),
        ({"pools": 100}, True),
        ({"pools": 100, "claimants": 4, "allocated": 97}, True),
        ({"pools": 99}, False),
        ({"pools": 99, "claimants": 3, "allocated": 99}, False),
        ({"pools": 100, "claimants": 2, "allocated": 99}, False),
        ({"pools": 100, "claimants": 3, "allocated": 96}, False),
        ({"pools": 100, "claimants": 3, "allocated": 101}, False),
    ],
)
def test_sums_fit_to_the_micro_but_for_leftovers(found: dict[str, int], fits: bool) -> None:  # noqa: FBT001  a case
    """Who floors each part leaves less than a micro each."""
    assert fits == month.fits({"pools": 100, "claimants": 3, "allocated": 100}, found)


def test_peers_are_programs_in_an_environment_that_make_bench_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nothing is measured, and what to do is said."""
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "python")
    with pytest.raises(ManyhandsError, match="`make bench` makes the environment"):
        environment.command("plot")

    (tmp_path / "python").touch()
    commands = [environment.command(program, "in") for program in month.PEERS.values()]

    assert {str(tmp_path / "python")} == {python for python, *_ in commands}
    assert [] == [program for _, program, _ in commands if not Path(program).is_file()]


# data


def _data(made: list[Path], size: int = 1, seed: int = 1) -> Data:
    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "events").touch()

    return Data("some", {"seed": seed, "sizes": [1, 2]}, size, make)


def test_data_is_there_while_it_is_used(tmp_path: Path) -> None:
    """And is removed after it."""
    with _data([]).there(tmp_path / "data") as folder:
        assert {"events", room.MADE} == {path.name for path in folder.iterdir()}

    assert [] == list((tmp_path / "data").iterdir())


def test_data_that_a_run_left_is_used_again_and_other_data_makes_room(tmp_path: Path) -> None:
    """It is made once a seed, and one at a time."""
    made: list[Path] = []
    root = tmp_path / "data"
    with _data(made).there(root) as folder:
        shutil.copytree(folder, tmp_path / "left")
    (tmp_path / "left").rename(folder)

    with _data(made).there(root) as again:
        assert folder == again
    assert 1 == len(made)

    (root / "other").mkdir()
    with _data(made, seed=2).there(root):
        assert ["some"] == [path.name for path in root.iterdir()]
    assert 2 == len(made)


def test_a_size_that_does_not_fit_the_disk_is_refused_with_both_figures(tmp_path: Path) -> None:
    """Before anything is made."""
    made: list[Path] = []

    with (
        pytest.raises(ManyhandsError, match=r"some would take about [\d,.]+ GB, .*has [\d,.]+ GB"),
        _data(made, size=10**18).there(tmp_path / "data"),
    ):
        pass

    assert [] == made
    assert not (tmp_path / "data").exists()


def test_the_full_sizes_are_those_of_the_promise() -> None:
    """SPEC §9: 50M generations, 20 model versions over 100M manifest rows, 1M contributors."""
    chosen = sizes.FULL.month(1, 2026, known=True)
    history = sizes.FULL.history(1, 2026)

    assert (50_000_000, 20) == (chosen.generations, chosen.bulk.models)
    assert (1_000_000, 10_000_000) == (chosen.bulk.contributors, chosen.bulk.images)
    assert 100_000_000 == chosen.bulk.manifest_rows
    assert (25, 1_000_000, 1_000) == (history.months, history.generations, history.late)
    assert "2026-10" == history.periods[-1].name
    assert chosen.size > 50_000_000 * room.EVENT_BYTES


# what bulk warehouses are made of


@pytest.mark.parametrize("one_model", [True, False])
def test_events_of_a_bulk_warehouse_are_those_that_ingest_would_have_made(
    *, one_model: bool
) -> None:
    """Each body is valid, and its content and digest are what is stored."""
    chosen = replace(SMALL, one_model=one_model)
    for query in ("registration", "licence", "generation"):
        given = chosen.parameters() | bulk.of_month(OCTOBER)
        for row in bulk.made(query, given, 5, 7).to_pylist():
            event = _valid(row["body"])
            stored = {
                "id": event.id,
                "type": event.type,
                "occurred_at": event.occurred_at,
                "content": event.content,
                "content_sha256": event.content_sha256,
            }
            assert stored == {name: row[name] for name in stored}


def _valid(body: bytes) -> Event:
    decoded = decode(Received(0, "-", "1", body))
    assert isinstance(decoded, Decoded)
    event = validate(decoded, OCTOBER.ends_at)
    assert isinstance(event, Event), event
    return event


def test_a_seed_gives_the_same_generations_however_they_are_cut() -> None:
    """Another seed gives others."""
    given = SMALL.parameters() | bulk.of_month(OCTOBER)

    whole = bulk.made("generation", given, 0, 10)["body"].to_pylist()
    parts = [bulk.made("generation", given, first, 5)["body"].to_pylist() for first in (0, 5)]
    other = bulk.made("generation", given | {"seed": 2}, 0, 10)["body"].to_pylist()

    assert whole == [*parts[0], *parts[1]]
    assert not set(whole) & set(other)


def test_numbers_that_do_not_go_into_each_other_are_refused() -> None:
    """Each contributor has as many images, each model version as many contributors."""
    with pytest.raises(ValueError, match="choose numbers that go into each other"):
        replace(SMALL, images=50)


@pytest.mark.parametrize(("one_model", "each"), [(True, 1), (False, 4)])
def test_contributors_have_images_in_one_model_version_or_in_all(
    tmp_path: Path, *, one_model: bool, each: int
) -> None:
    """By the manifests, and by the hours in which licences hold."""
    chosen = replace(SMALL, one_model=one_model)
    given = chosen.parameters() | {"starts_at": chosen.starts_at}
    licences = [
        json.loads(body)["data"]
        for body in bulk.made("licence", given, 0, chosen.images)["body"].to_pylist()
    ]
    found: dict[str, set[int]] = {}
    for model in range(chosen.models):
        path = tmp_path / str(model)
        assert chosen.images // 2 == bulk.write_manifest(path, chosen, model)["rows"]
        images = set(pq.read_table(path)["image_id"].to_pylist())
        for licence in licences:
            if licence["image_id"] in images and _holds(licence, model):
                (owner,) = licence["contributors"]
                found.setdefault(owner["contributor_id"], set()).add(model)

    assert [each] * chosen.contributors == [len(models) for models in found.values()]


def _holds(licence: dict[str, str], hour: int) -> bool:
    at = (SMALL.starts_at + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return licence["valid_from"] <= at < licence.get("valid_until", "9")


@pytest.mark.thorough
def test_a_large_month_closes_and_nothing_in_it_is_wrong(tmp_path: Path) -> None:
    """Each contributor has one part of a pool, and `verify` finds nothing."""
    chosen = month.Month(replace(SMALL, one_model=True, one_of=0), 40, known=False)
    month.make(chosen, tmp_path)
    bulk.close(tmp_path, chosen.period)

    claimants = _rows(tmp_path / "warehouse", "SELECT count(*) FROM warehouse.allocation")

    assert [(SMALL.contributors,)] == claimants
    assert set(month.EXPORTS) == {path.stem for path in (tmp_path / "peers").iterdir()}
    assert "" == manyhands("verify", folder=tmp_path).stdout


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with reading.connect(Warehouse(folder)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.thorough
def test_all_months_but_the_last_are_closed_and_late_events_are_of_earlier_ones(
    tmp_path: Path,
) -> None:
    """Three warehouses: before the second close, before the last, and that with late events."""
    history = months.History(replace(SMALL, first_period="2026-08"), 3, 20, 5)
    months.make(history, tmp_path)

    closed = {
        place: [name for (name,) in _rows(tmp_path / place, _CLOSED)]
        for place in ("second", "last", "late")
    }
    late = _rows(
        tmp_path / "late",
        "SELECT strftime(occurred_at, '%Y-%m'), count(*) FROM warehouse.asset_generated"
        " GROUP BY 1 ORDER BY 1",
    )
    closes = json.loads((tmp_path / months.CLOSES).read_text(encoding="utf-8"))

    before = ["2026-08", "2026-09"]
    assert {"second": before[:1], "last": before, "late": before} == closed
    assert [("2026-08", 22), ("2026-09", 23), ("2026-10", 20)] == late
    assert before == [one["period"] for one in closes]


_CLOSED = "SELECT period FROM warehouse.period_close ORDER BY period"


@pytest.mark.thorough
def test_each_log_has_as_many_events_as_it_is_to_have(tmp_path: Path) -> None:
    """Data files are shared by the logs, and by the copies that are measured on."""
    logs = growth.Logs(SMALL, [10, 30])
    growth.make(logs, tmp_path)

    warehouses = [tmp_path / name / "warehouse" for name in ("10", "30")]
    heads = [_rows(warehouse, "SELECT seq FROM warehouse.head") for warehouse in warehouses]
    with month.copied(warehouses[0], tmp_path / "out") as out:
        links = {path.stat().st_nlink for path in (out / "warehouse" / "data").rglob("*.parquet")}

    others = SMALL.contributors + SMALL.images + 1 + SMALL.models + 1 + growth.BATCH
    assert [[(others + 10,)], [(others + 30,)]] == heads
    assert [[("2026-10",)]] * 2 == [_rows(warehouse, _CLOSED) for warehouse in warehouses]
    assert min(links) > 1
    assert not (tmp_path / "out").exists()
    assert growth.BATCH == len((tmp_path / growth.FILE).read_bytes().splitlines())


# the report


def _taken(name: str, seconds: tuple[float, ...]) -> Taken:
    return Taken(name, seconds, seconds, 10, {"events": 100})


def test_rates_leave_the_start_of_each_process_aside() -> None:
    """Ours is compared with each: by the medians of all rounds."""
    names = (ingest.OURS, ingest.DLT, ingest.BEAM, ingest.PYDANTIC, ingest.DUCKDB)
    taken = [_taken(name, (3.0, 2.0, 11.0 if name == ingest.DLT else 2.5)) for name in names]
    taken[1] = replace(taken[1], seconds=(11.0, 12.0, 13.0))
    starts = [_taken(name, (2.0 if name == ingest.DLT else 1.0,)) for name in names]

    section = ingest.section(300, 1, taken, starts, _taken(ingest.OURS, (0.5,)))
    figures = {figure.work: figure.value for figure in section.figures}

    assert [150, 300, 200] == section.compared[0].values
    assert 200 == figures["ingest"]
    assert pytest.approx(200 / 30) == figures["over dlt"]
    assert 0.5 == figures["ingest of an empty file"]


def test_a_row_of_a_table_has_least_middle_most_and_ratio() -> None:
    """In this order, whatever the order of the rounds."""
    row = Compared("polars", (3.0, 1.0, 2.0), "s", 1_234, 0.25).row()

    assert "| polars | 1 | 2 | 3 | s | 0.25 | 1,234 |" == row


def _section(title: str, value: float) -> Section:
    return Section(title, "About.", ["a command"], [Figure("work", value, "s")])


def test_a_report_has_what_was_run_on_what_machine() -> None:
    """A table of what was compared, and one of figures with their bounds."""
    compared = [Compared("ours", (1.0,), "s", 10, 1)]
    section = replace(_section("One", 2), compared=compared, plots={"one.svg": "<svg/>"})

    text = report([section], trial=True, peers={"polars": "2.1"})

    assert "A trial: the bounds are those of the full sizes." in text
    assert "- beside us: polars 2.1\n" in text
    assert "| ours | 1 | 1 | 1 | s | 1 | 10 |\n\n| work | measured |" in text
    assert "| work | 2.0 | s |  |  |\n\n![One](one.svg)\n" in text


def test_results_that_are_kept_take_the_place_of_those_before(tmp_path: Path) -> None:
    """Of the same title; others stay, and plots stand beside."""
    path = tmp_path / "RESULTS.md"
    write(report([_section("One", 1), _section("Two", 2)]), [], path)
    three = replace(_section("Three", 3), plots={"three.svg": "<svg/>"})
    write(report([_section("One", 4), three]), [three], path)

    text = path.read_text(encoding="utf-8")

    assert ["## One", "## Two", "## Three"] == [
        line for line in text.splitlines() if line.startswith("## ")
    ]
    assert "| work | 4.0 | s |" in text
    assert "| work | 1.0 | s |" not in text
    assert text == merged(text, text)
    assert "<svg/>" == (tmp_path / "three.svg").read_text(encoding="utf-8")
