"""Every number of a statement is explained down to its events, and comes out equal (SPEC §7.3)."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from pipelines.explain.job import explaining
from pipelines.explain.line import explain_conversion
from pipelines.explain.nodes import Log
from pipelines.lake.connection import opened
from pipelines.lake.warehouse import Warehouse
from schemas import published
from schemas.explanation import Explained, Explanation
from tests import scenario
from tests.conftest import run
from tests.histories import MONTHS, History, close_all, histories, month_name
from tests.worked_cases import WorkedCase

Statement = dict[str, Any]

EVERYDAY = ["late_event_adjusts"]
OTHERS = [name for name in scenario.NAMES if name not in EVERYDAY]


def _explained(
    warehouse: Path, issued: Iterable[Sequence[Statement]], *, full: bool
) -> Iterator[Explained]:
    """Explain every statement that closes issued, and every line of each.

    A line is computed alone, or its whole close with it.
    """
    for statements in issued:
        if not statements:
            continue
        first = statements[0]["statement_id"]
        with explaining(
            Warehouse(warehouse), first, everything=False, full=full, report=lambda _: None
        ) as explained:
            for statement in statements:
                yield explained.explain(statement["statement_id"])
            for statement in statements:
                for line in range(1, len(statement["lines"]) + 1):
                    yield explained.explain(statement["statement_id"], line)


@pytest.mark.parametrize(
    "name", [*EVERYDAY, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
)
def test_every_line_of_a_worked_case_explains_to_equal(name: str, worked_case: WorkedCase) -> None:
    """What is explained adds up to what was stated, at every node that is a sum."""
    _, expected = scenario.read(name)

    issued = [close["statements"] for close in expected["closes"]]
    _insist_on_all(worked_case(name).warehouse, issued)


@pytest.mark.long
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_every_line_of_a_random_history_explains_to_equal(history: History) -> None:
    """Of months in which everything comes late, twice, back, or never."""
    with tempfile.TemporaryDirectory() as folder:
        close_all(history, Path(folder))
        warehouse = Path(folder) / "warehouse"
        _insist_on_all(warehouse, list(_issued(warehouse)))


def _issued(folder: Path) -> Iterator[list[Statement]]:
    """Yield the sealed statements of each close of a warehouse."""
    warehouse = f"--warehouse={folder}"
    for month in MONTHS:
        period = f"--period={month_name(month)}"
        outcome = run(["statements", "list", warehouse, period, "--json"])
        assert outcome.code == 0, outcome.stderr
        yield [
            run(["statements", "show", warehouse, one["statement_id"], "--json"]).json
            for one in outcome.json
        ]


def _insist_on_all(warehouse: Path, issued: Sequence[Sequence[Statement]]) -> None:
    """Insist that every line is explained, to what was stated, by parts that add up."""
    explained = list(_explained(warehouse, issued, full=True))
    alone = list(_explained(warehouse, issued, full=False))

    for one, other in zip(explained, alone, strict=True):
        assert (one.is_equal, other.is_equal) == (True, True), (one.statement_id, one.line)
        _insist_on_sums(one.explanation)
        assert _without_weights(other.explanation) == one.explanation
    lines = sum(1 + len(statement["lines"]) for close in issued for statement in close)
    assert lines == len(explained)


def _without_weights(node: Explanation) -> Explanation:
    """Return an explanation that doesn't say where weights are from."""
    values = {name: value for name, value in node.values.items() if name != "weights"}
    parts = [_without_weights(part) for part in node.parts]
    return node.model_copy(update={"values": values, "parts": parts})


def _insist_on_sums(node: Explanation) -> None:
    """Insist that the parts of a sum add up, by nothing that the explanation was made with."""
    amounts = [_micros(part.amount) for part in node.parts if part.amount is not None]
    if node.code in {"changes", "reserve_released"}:
        assert sum(amounts) == _micros(node.amount), node
    if node.code == "entitlement":
        shares = [_micros(part.amount) for part in node.parts if part.code != "pool"]
        assert sum(shares) == _micros(node.amount), node
    if node.code in {"manifest", "attributed_image"}:
        part, weight, total = (node.values[name] for name in ("part", "weight", "total_weight"))
        scale = 10**9
        exact = _micros(part) * _units(weight, scale) // _units(total, scale)
        assert _micros(node.values["floor"]) == exact, node
        assert _micros(node.amount) - exact == _micros(node.values["leftover"]), node
    for inner in node.parts:
        _insist_on_sums(inner)


def _micros(text: str | None) -> int:
    return _units(text or "0", 10**6)


def _units(text: str, scale: int) -> int:
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = len(str(scale)) - 1
    units = int(whole + fraction.ljust(digits, "0"))
    return -units if text.startswith("-") else units


@pytest.fixture
def folder(worked_case: WorkedCase) -> Path:
    """Return a warehouse with adjustments, which is only read or copied."""
    return worked_case("late_event_adjusts").warehouse


@cache
def _adjusted(folder: Path) -> tuple[str, int]:
    """Return a statement of the warehouse, and the number of an adjustment in it."""
    listed = run(["statements", "list", "--json", f"--warehouse={folder}"]).json
    for one in listed:
        shown = run(["statements", "show", one["statement_id"], "--json", f"--warehouse={folder}"])
        for number, line in enumerate(shown.json["lines"], start=1):
            if line["kind"] == "adjustment":
                return one["statement_id"], number
    pytest.fail("the warehouse has no adjustment")


def test_an_adjustment_names_the_events_that_changed_it(folder: Path) -> None:
    """Each alone with --all; the steps begin with what was stated and end with what is owed."""
    statement_id, number = _adjusted(folder)
    words = ["explain", statement_id, f"--line={number}", "--json", f"--warehouse={folder}"]
    document = run(words).json
    alone = run([*words, "--all"]).json

    for one in (document, alone):
        root = one["explanation"]
        changes = root["parts"][0]
        assert "changes" == changes["code"]
        values = [part["values"] for part in changes["parts"]]
        assert root["values"]["original"] == values[0]["before"]
        assert root["values"]["corrected"] == values[-1]["after"]
        assert changes["amount"] == root["values"]["delta"]
        assert all(part["amount"] != "0.000000" for part in changes["parts"])
    assert {1} == {part["events"]["count"] for part in alone["explanation"]["parts"][0]["parts"]}


def test_its_document_is_of_the_published_schema(folder: Path) -> None:
    """Of a statement and of a line."""
    statement_id, number = _adjusted(folder)
    for more in ([], [f"--line={number}"]):
        document = run(["explain", statement_id, *more, "--json", f"--warehouse={folder}"]).json
        jsonschema.validate(document, published.schema("explanation"))


def test_it_begins_in_plain_words(folder: Path) -> None:
    """Money in the currency's own digits, where it has no more."""
    statement_id, number = _adjusted(folder)
    period, contributor = statement_id.split("/")
    shown = run(["statements", "show", statement_id, "--json", f"--warehouse={folder}"]).json
    said = run(["explain", statement_id, f"--warehouse={folder}"])
    line = run(["explain", statement_id, f"--line={number}", f"--warehouse={folder}"])

    paid = shown["payable"].removesuffix("0000")
    first = f"{paid} {shown['currency']} is paid to {contributor} for {period}."
    assert first == said.stdout.splitlines()[0]
    assert line.stdout.startswith(f"{contributor} gets ")
    for outcome in (said, line):
        assert 0 == outcome.code, outcome.stderr
        assert outcome.stdout.rstrip().endswith(": equal.")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["2026-11/nobody"], 3, "no statement 2026-11/nobody"),
        (["nothing/"], 3, "no statement nothing/"),
        (["{}", "--line=99"], 2, "has no line 99"),
        (["{}", "--line=0"], 2, "--line"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, words: list[str], code: int, told: str) -> None:
    """As of every command."""
    statement_id, _ = _adjusted(folder)
    named = [word.format(statement_id) for word in words]

    outcome = run(["explain", *named, f"--warehouse={folder}"])

    assert (code, "") == (outcome.code, outcome.stdout)
    assert told in outcome.stderr


@pytest.mark.thorough
def test_an_edited_warehouse_is_not_explained_away(folder: Path, tmp_path: Path) -> None:
    """The line is shown as it comes out, and the exit code is 4."""
    folder = Path(shutil.copytree(folder, tmp_path / "warehouse"))
    statement_id, number = _adjusted(folder)
    with opened(Warehouse(folder)) as connection:
        connection.execute(
            "UPDATE warehouse.asset_generated SET revenue_micros = revenue_micros + 1000000"
        )
        connection.execute("UPDATE warehouse.image_licensed SET fee_micros = fee_micros + 1000000")

    for more in ([], [f"--line={number}"]):
        outcome = run(["explain", statement_id, *more, f"--warehouse={folder}"])
        assert 4 == outcome.code
        assert "NOT equal" in outcome.stdout
        assert "doesn't come out as it was stated" in outcome.stderr
        document = run(["explain", statement_id, *more, "--json", f"--warehouse={folder}"])
        assert json.loads(document.stdout)["is_equal"] is False


def test_money_may_have_more_digits_than_an_event_has() -> None:
    """Sums have up to 32 before the point."""
    line = {"delta": "-12345678901234567890.500000", "fx": None, "original": "0.000000"}
    line["amount"] = line["delta"]
    with duckdb.connect() as connection:
        node, is_equal = explain_conversion(connection, line, "USD", Log(connection, None))

    assert (line["amount"], True) == (node.amount, is_equal)


def test_an_event_that_the_log_lacks_is_named(folder: Path, tmp_path: Path) -> None:
    """The facts alone give the same numbers, and are no proof of them."""
    shutil.copytree(folder, tmp_path / "warehouse")
    with opened(Warehouse(tmp_path / "warehouse")) as connection:
        connection.execute("DELETE FROM warehouse.event WHERE type = 'contributor-registered'")

    statement_id, _ = _adjusted(folder)
    outcome = run(["explain", statement_id, f"--warehouse={tmp_path / 'warehouse'}"])

    assert (4, "") == (outcome.code, outcome.stdout)
    assert "of the log is gone, though there are facts of it" in outcome.stderr
