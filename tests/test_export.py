"""Statements as files: exact to the micro, ordered, whole."""

import csv
import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import export as job
from pipelines.errors import NotFoundError
from pipelines.lake import reading, sql
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs import exports
from pipelines.outputs.formats import Format
from tests.outputs import stored

EXTREMES = [stored.BEYOND_DOUBLES, -stored.BEYOND_DOUBLES, 10**38 - 1, 1 - 10**38, -1, 0]
"""Micros: what a double can't hold, the largest that is stored, the smallest step."""

FIELDS = {
    "statements": (
        "adjustments,advance_outstanding,carried,contributor_id,converted_base,converted_date,"
        "converted_from,converted_from_rate,converted_opening,converted_to_rate,currency,opening,"
        "payable,period,recouped,reserve_balance,reserve_released,reserve_withheld,royalties,statement_id,"
        "withholding"
    ),
    "statement_lines": (
        "statement_id,contributor_id,amount,basis,corrected,currency,delta,fx_base,fx_date,"
        "fx_from_rate,fx_to_rate,fx_credited,kind,origin_period,original,reference"
    ),
}


def _micros(amount: str | Decimal) -> int:
    with localcontext(prec=60):
        return int(Decimal(amount).scaleb(6))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with a close in which each extreme is every amount of a statement."""
    ids = [f"c{place}" for place in range(len(EXTREMES))]
    named = list(zip(ids, EXTREMES, strict=True))
    rows = {
        "period_close": [stored.closed("2026-09", 0), stored.closed("2026-10", len(ids))],
        "statement": [stored.statement("2026-10", *pair) for pair in reversed(named)],
        "statement_line": [
            stored.statement_line("2026-10", contributor_id, line, micros)
            for contributor_id, micros in reversed(named)
            for line in (2, 1)
        ],
    }
    return stored.make(tmp_path_factory.mktemp("export") / "warehouse", rows)


def _export(folder: Path, form: Format, out: Path) -> dict[str, Path]:
    paths = job.export(Warehouse(folder), period=None, form=form, out=out / "made" / "anew")
    return {path.name.partition("-")[0]: path for path in paths}


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _money_of(relation: str) -> list[str]:
    columns = sql.relation("reports", relation).columns
    return [column.name for column in columns if column.type == "DECIMAL(38, 6)"]


@pytest.mark.parametrize("form", [Format.CSV, Format.PARQUET])
def test_every_amount_comes_back_exactly(folder: Path, tmp_path: Path, form: Format) -> None:
    """Through each column of money of statements and lines, whatever its size."""
    paths = _export(folder, form, tmp_path)
    read: Any = _read_csv if form is Format.CSV else lambda path: pq.read_table(path).to_pylist()

    for relation in ("statement", "statement_line"):
        rows = read(paths[f"{relation}s"])
        lines_each = len(rows) // len(EXTREMES)
        for name in _money_of(relation):
            expected = [micros for micros in EXTREMES for _ in range(lines_each)]
            assert expected == [_micros(row[name]) for row in rows], name


def test_every_stored_amount_leaves_in_a_column_of_its_own() -> None:
    """The exports' columns of money are those stored, so that none is left behind."""
    for relation in ("statement", "statement_line"):
        declared = {
            column.name.removesuffix("_micros")
            for name, column in stored.money_columns()
            if name == relation
        }
        assert declared == set(_money_of(relation))


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_are_those_of_a_statement_in_its_order(
    folder: Path, tmp_path: Path, name: str
) -> None:
    """CSV and Parquet carry the same columns (SPEC §7.2), flat."""
    as_csv = _export(folder, Format.CSV, tmp_path)[name]
    as_parquet = _export(folder, Format.PARQUET, tmp_path)[name]

    assert FIELDS[name] == as_csv.read_text(encoding="utf-8").splitlines()[0]
    assert FIELDS[name].split(",") == pq.read_schema(as_parquet).names


def test_parquet_holds_money_as_decimals(folder: Path, tmp_path: Path) -> None:
    """DECIMAL(38, 6), never a float; dates are dates."""
    for name, path in _export(folder, Format.PARQUET, tmp_path).items():
        schema = pq.read_schema(path)
        money = {schema.field(column).type for column in _money_of(name.removesuffix("s"))}
        assert {pa.decimal128(38, 6)} == money
    assert pa.date32() == schema.field("fx_date").type


def test_rows_are_ordered_by_contributor_and_line(folder: Path, tmp_path: Path) -> None:
    """By bytes, whatever order they were stored in."""
    rows = _read_csv(_export(folder, Format.CSV, tmp_path)["statement_lines"])
    keys = [(row["statement_id"], row["reference"]) for row in rows]

    assert sorted(keys) == keys


def test_json_holds_each_statement_as_it_was_sealed(folder: Path, tmp_path: Path) -> None:
    """One a line, to the byte, so that its digest can be computed from the file."""
    (path,) = _export(folder, Format.JSON, tmp_path).values()
    with reading.connect(Warehouse(folder)) as connection:
        sealed = list(reading.sealed_statements(connection, "2026-10"))

    assert "statements-2026-10.ndjson" == path.name
    assert [text + b"\n" for text in sealed] == path.read_bytes().splitlines(keepends=True)
    assert [f"c{place}" for place in range(6)] == [
        json.loads(text)["contributor_id"] for text in sealed
    ]


def test_a_close_without_statements_is_exported_empty(folder: Path, tmp_path: Path) -> None:
    """The files are there, with their headings and no rows."""
    paths = job.export(Warehouse(folder), period="2026-09", form=Format.CSV, out=tmp_path)

    assert ["statements-2026-09.csv", "statement_lines-2026-09.csv"] == [p.name for p in paths]
    assert [[], []] == [_read_csv(path) for path in paths]


def test_a_period_that_is_not_closed_is_not_found(folder: Path, tmp_path: Path) -> None:
    """Nothing is made for it, not even the folder."""
    with pytest.raises(NotFoundError):
        job.export(Warehouse(folder), period="2026-11", form=Format.CSV, out=tmp_path / "out")

    assert [] == list(tmp_path.iterdir())


def test_an_export_that_fails_leaves_what_was_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the two files neither is replaced where the second can't be written."""
    paths = _export(folder, Format.CSV, tmp_path)
    before = stored.bytes_of(tmp_path)

    def fail(path: Path, *_: object) -> None:
        path.write_text("half")
        if path.name == paths["statement_lines"].name:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "write_csv", fail)

    with pytest.raises(OSError, match="No space left"):
        _export(folder, Format.CSV, tmp_path)
    assert before == stored.bytes_of(tmp_path)
