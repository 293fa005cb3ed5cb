"""What docs/analysts.md says runs as it stands, and docs/dictionary.md is what the heads say."""

import io
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli.tables import write_table
from pipelines.lake import dictionary, query
from pipelines.lake.catalogs.sqlite import EXTENSION
from pipelines.lake.connection import STORED
from pipelines.lake.engine import load_extensions
from pipelines.lake.setting import FORMAT
from pipelines.lake.warehouse import Warehouse
from tests.lake.test_setting import unpack

PAGE = (Path(__file__).parents[1] / "docs" / "analysts.md").read_text(encoding="utf-8")
SHELL, QUESTIONS = PAGE.split("## Ten questions")
ANSWERED = re.findall(r"### (.+?)\n\n```sql\n(.+?)```\n\n```text\n(.+?)```", QUESTIONS, re.DOTALL)
INSTALL = re.compile(r"INSTALL \w+")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a warehouse that the demo made."""
    return unpack(FORMAT, tmp_path_factory.mktemp("demo"))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB that has what a reader installs; to install it is the reader's."""
    connection = duckdb.connect()
    load_extensions(connection, EXTENSION)
    return connection


def blocks(language: str, folder: Path) -> list[str]:
    """Return the blocks before the questions, without what installs, on a folder."""
    found = re.findall(rf"```{language}\n(.+?)```", SHELL, re.DOTALL)
    return [INSTALL.sub("SELECT 1", block).replace("<folder>", str(folder)) for block in found]


def test_there_are_ten_questions_each_with_its_answer() -> None:
    """None stands there without a query and what that returns."""
    assert 10 == len(ANSWERED) == QUESTIONS.count("\n### ") == QUESTIONS.count("```sql")


@pytest.mark.parametrize(("text", "answer"), [part[1:] for part in ANSWERED], ids=range(1, 11))
def test_a_question_has_the_answer_of_the_demo(folder: Path, text: str, answer: str) -> None:
    """As `manyhands query` prints it."""
    printed = io.StringIO()
    with query.ask(Warehouse(folder), text) as (columns, rows):
        write_table(printed, columns, rows)

    assert answer == printed.getvalue()


def test_the_lines_of_the_shell_attach_it(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """After them relations go by their names, and the questions have answers there too."""
    (lines,) = blocks("sql", folder)
    shown = connection.execute(lines).fetchall()
    answers = [connection.execute(text).fetchall() for _, text, _ in ANSWERED]

    assert {("pool_fact",), ("statement_line",)} < set(shown)
    assert [answer.count("\n") - 1 for *_, answer in ANSWERED] == [len(rows) for rows in answers]


def test_the_lines_of_python_and_of_a_notebook_read_it_exactly(
    folder: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Money is an integer or a decimal, also in pandas."""
    monkeypatch.setattr(duckdb, "connect", lambda: connection)
    names: dict[str, Any] = {}
    for block in blocks("python", folder):
        exec(block, names)  # noqa: S102  the page's own lines

    assert ("2026-10/ana", 337_790_000) in names["paid"]
    assert "decimal128(38, 0)[pyarrow]" == str(names["earned"].dtypes["earned_micros"])
    assert 399_834_169 == names["earned"]["earned_until_now_micros"].iloc[3]


def test_the_dictionary_is_what_the_heads_say() -> None:
    """`make dictionary` writes it."""
    assert dictionary.page() == dictionary.PAGE.read_text(encoding="utf-8")


def test_the_dictionary_has_all_that_a_warehouse_shows(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """Every relation and view with its comment, every column with its type."""
    (lines,) = blocks("sql", folder)
    connection.execute(lines)
    page = dictionary.page()
    comments = connection.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'manyhands'"
        " UNION SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'manyhands'"
    ).fetchall()
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'manyhands'"
    ).fetchall()

    assert len(comments) == page.count("\n### ")
    assert [] == [name for name, _ in comments if f"\n### {name}\n" not in page]
    assert [] == [
        name for name, comment in comments if comment.replace(" Grain: ", "\n\nGrain: ") not in page
    ]
    assert [] == [name for (name,) in columns if f"\n| `{name}` | " not in page]
    assert {*STORED, "views"} == {*dictionary._PARTS}
