"""What docs/producers.md says to producers is so: its examples run as they stand there."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run
from tests.marketplace import Events

PAGE = (Path(__file__).parent.parent / "docs" / "producers.md").read_text(encoding="utf-8")
NOW = "--as-of=2026-12-01T00:00:00Z"


def blocks(kind: str) -> list[str]:
    """Return the page's blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.+?)^```", PAGE, re.DOTALL | re.MULTILINE)


def _run_python(text: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", text], cwd=folder, check=True)


def _from_python(folder: Path) -> str:
    _run_python(blocks("python")[0], folder)
    return "licences.ndjson"


def _from_sql(folder: Path) -> str:
    (text,) = blocks("sql")
    duckdb.connect().execute(text)  # which writes into the current folder
    assert (folder / "sales.ndjson").exists()
    return "sales.ndjson"


def _from_csv(folder: Path) -> str:
    (rows,) = blocks("csv")
    (folder / "sales.csv").write_text(rows, encoding="utf-8-sig")
    _run_python(blocks("python")[1], folder)
    return "csv.ndjson"


@pytest.mark.parametrize(
    ("write", "counts", "amounts"),
    [
        (_from_python, {"image-licensed": 2}, {"USD": "33.9"}),
        (_from_sql, {"asset-generated": 2}, {"USD": "159.4"}),
        (_from_csv, {"asset-generated": 2}, {"EUR": "150.49"}),
    ],
)
def test_an_example_makes_events_that_are_accepted(
    manyhands: Run,
    tmp_path: Path,
    write: object,
    counts: dict[str, int],
    amounts: dict[str, str],
) -> None:
    """Each line of them; and made again they are the same events."""
    assert callable(write)
    name = write(tmp_path)
    first = (tmp_path / name).read_bytes()
    checked = manyhands("validate", name, NOW, "--json")
    write(tmp_path)

    assert 0 == checked.code, checked.stdout
    assert (counts, amounts) == (checked.json["counts"], checked.json["amounts"])
    (tmp_path / "first.ndjson").write_bytes(first)
    both = manyhands("validate", name, "first.ndjson", NOW, "--json").json
    assert both["accepted"] == both["duplicate"] == checked.json["accepted"]


def test_a_price_that_is_no_string_is_refused(manyhands: Run, tmp_path: Path) -> None:
    """The example without its CAST writes numbers, and every line is refused."""
    (text,) = blocks("sql")
    duckdb.connect().execute(text.replace("CAST(price AS VARCHAR)", "price"))
    outcome = manyhands("validate", "sales.ndjson", NOW, "--json")

    assert (4, {"invalid_data": 2}) == (outcome.code, outcome.json["rejected"])
    assert {"data.revenue.amount"} == {one["path"] for one in outcome.json["refusals"]}
    assert (tmp_path / "sales.ndjson").exists()


def test_the_lines_of_refusals_are_those_that_validate_prints(
    manyhands: Run, tmp_path: Path
) -> None:
    """With the file's name, the line, the reason, the path and the message."""
    (shown,) = re.findall(r"^```\n(sales\.ndjson:.+?)^```", PAGE, re.DOTALL | re.MULTILINE)
    events = Events()
    for revenue in ("1", "2", "3", "4", "1.5"):
        events.generation("1", revenue)
    events.events[4]["id"] = events.events[0]["id"]
    events.events[1]["data"]["revenue"]["amount"] = 2
    events.write(tmp_path / "sales.ndjson")
    outcome = manyhands("validate", "sales.ndjson", NOW)

    assert 4 == outcome.code
    assert outcome.stdout.startswith(f"{shown}received  5\n")


def _again(example: str) -> str:
    """Return an example of the page as that of other orders, two days later."""
    for name in ("order-", "refund-", "chargeback-"):
        example = example.replace(name, f"{name}9")
    return example.replace("2026-10-08T", "2026-10-10T").replace("2026-10-09T", "2026-10-11T")


def test_a_sale_taken_back_is_stated_as_the_page_says(manyhands: Run, tmp_path: Path) -> None:
    """Half of the first download of the year is ana's, and 0.6 of each later one.

    So a sale that lost its place would show. What the page says to send leaves of its orders
    60 · 0.5 + 30 · 0.6. What it warns of, with two orders after them: 100 · 0.6 stays, and a rest
    without a reversal is held; 30 · 0.6 is gone, and to reverse its reversal has no effect.
    """
    refund, chargeback = blocks("json")
    sale, _, rest = _again(refund).splitlines(keepends=True)
    disputed, lost, _ = _again(chargeback).splitlines(keepends=True)
    events = Events()
    events.terms(direct_levels=[{"from": 0, "rate": "0.5"}, {"from": 1, "rate": "0.6"}])
    events.contributor("ana")
    reversed_event = {"source": "/shop", "id": "chargeback-93"}
    events.add("event-reversed", {"reversed": reversed_event, "reason": "won"})
    events.write(tmp_path / "other.ndjson")
    (tmp_path / "orders.ndjson").write_text(refund + chargeback + sale + rest + disputed + lost)
    ingested = manyhands("ingest", "other.ndjson", "orders.ndjson", NOW, "--json").json
    manyhands("close", "--period=2026-10", NOW)

    statement = manyhands("statements", "show", "2026-10/ana", "--json").json
    (held,) = manyhands("held", "--json").json
    view = "SELECT reversed_id FROM ineffective_reversal"
    assert 13 == ingested["accepted"] == ingested["received"]
    assert Decimal(30 + 18 + 60) == Decimal(statement["royalties"])
    assert ("licence_redeclared", "60.000000") == (held["reason"], held["amount"])
    assert [{"reversed_id": "chargeback-93"}] == manyhands("query", view, "--json").json


def test_the_ids_of_the_page_are_ids() -> None:
    """Those that it names in its text may be an event's id."""
    section = PAGE.split("## Which id")[1].split("\n## ")[0]
    named = re.findall(r"`(order-[^`]+)`", section)

    assert ["order-1017", "order-1017:2", "order-1017:rest-1"] == named
