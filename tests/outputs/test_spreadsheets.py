"""CSV that no spreadsheet runs."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.outputs.spreadsheets import write_csv


def _written(path: Path, *row: object) -> list[str]:
    write_csv(path, [f"c{place}" for place in range(len(row))], [row])
    with path.open(encoding="utf-8", newline="") as file:
        _, cells = csv.reader(file)
    return cells


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "-"])
def test_text_that_begins_like_a_formula_stands_behind_an_apostrophe(
    tmp_path: Path, text: str
) -> None:
    """Also what looks like a number, where it is text."""
    assert [f"'{text}"] == _written(tmp_path / "x.csv", text)


def test_money_stays_a_plain_number(tmp_path: Path) -> None:
    """A negative amount begins with `-`, and is no formula."""
    assert ["-0.000001", "0.000000"] == _written(
        tmp_path / "x.csv", Decimal("-0.000001"), Decimal("0.000000")
    )


def test_separators_and_quotes_are_kept(tmp_path: Path) -> None:
    """As RFC 4180 writes them, with CR LF at the ends of lines."""
    path = tmp_path / "x.csv"

    assert ['a,"b"\nc', "", "ä"] == _written(path, 'a,"b"\nc', None, "ä")
    assert b'c0,c1,c2\r\n"a,""b""\nc",,\xc3\xa4\r\n' == path.read_bytes()
