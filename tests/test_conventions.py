"""The conventions of the code that no linter knows (SPEC §2, §10)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.lake import sql

ROOT = Path(__file__).parent.parent
CODE = sorted(path for top in ("pipelines", "schemas") for path in (ROOT / top).rglob("*.py"))
ROYALTIES = sorted((ROOT / "pipelines" / "royalties").glob("*.py"))
OUTSIDE_THE_LAKE = [path for path in CODE if "lake" not in path.relative_to(ROOT).parts]
QUERIES = sorted((ROOT / "sql").rglob("*.sql"))
FOLDERS = sorted(
    path.name for path in (ROOT / "sql").iterdir() if path.is_dir() and any(path.glob("*.sql"))
)
KEPT = [
    sql.relation(folder, name)
    for folder in FOLDERS
    if folder not in {"functions", "reports"}
    for name in sql.names(folder)
]
REPORTS = [sql.relation("reports", name) for name in sql.names("reports")]
"""They have the names of a statement's fields (SPEC §7.2)."""
RELATIONS = [*KEPT, *REPORTS]

NO_MONEY = re.compile(
    r"\b(double|float[48]?|real|avg|favg|mean|median|sqrt|power|pow|random|fsum|kahan_sum)\b"
    r"|\b[0-9.]+e[+-]?[0-9]+\b",
    re.IGNORECASE,
)
CLOCKS = re.compile(
    r"\b(now|today|current_(date|time|timestamp)|get_current_\w+|localtime\w*)\b", re.IGNORECASE
)
STATEMENT = re.compile(
    r"\s*(ALTER|ATTACH|BEGIN|COMMIT|COPY|CREATE|DELETE|DESCRIBE|DROP|FROM|INSERT|LOAD|PRAGMA|ROLLBACK"
    r"|SELECT|SET|SHOW|UPDATE|USE|VALUES|WITH)\b"
)
OF_GREAT_EXPECTATIONS = {
    "engine.py": ["self._cursor.execute"],
    "expectations.py": ["SELECT period FROM close_input"],
}
"""What the gate needs for it: a cursor, which hands on its queries, and something to be a batch."""
COUNTING = {"block_digest"}
"""Queries that divide positions in the log, and no money."""
NOT_OUR_WORDS = {
    "creator": "contributor",
    "creators": "contributors",
    "dataset": "manifest",
    "datasets": "manifests",
    "license": "licence",
    "licenses": "licences",
    "payee": "contributor",
    "payees": "contributors",
    "suspense": "held",
    "trueup": "adjustment",
}
"""Words that SPEC §2 has another one for."""
OF_LIBRARIES = {"creator"}
"""Names that we give because SQLAlchemy does."""


def relative(path: Path) -> str:
    """Name a file as one does in the project."""
    return str(path.relative_to(ROOT))


def bare(query: str) -> str:
    """Return SQL without its comments and the content of its strings."""
    return re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--.*", "", query))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Walk through a module."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def names_given(path: Path) -> Iterator[str]:
    """Return the names that a module chooses: of functions, classes, arguments, variables."""
    for node in nodes(path):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def words(name: str) -> list[str]:
    """Split a name, in whatever case, into its words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


@pytest.mark.parametrize("path", QUERIES, ids=relative)
def test_a_query_says_what_it_means(path: Path) -> None:
    """Each SQL file begins with a comment."""
    assert path.read_text(encoding="utf-8").startswith("-- ")


@pytest.mark.parametrize("path", QUERIES, ids=relative)
def test_no_float_comes_near_money_in_sql(path: Path) -> None:
    """No query names a float type, a float literal or a function that gives a float."""
    assert [] == [match[0] for match in NO_MONEY.finditer(bare(path.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("path", QUERIES, ids=relative)
def test_sql_divides_in_its_functions_only(path: Path) -> None:
    """`/` is nowhere, since it gives a float, and `//` in sql/functions alone."""
    division = re.findall("/+", bare(path.read_text(encoding="utf-8")))
    assert "/" not in division
    assert [] == division or path.parent == ROOT / "sql" / "functions" or path.stem in COUNTING


@pytest.mark.parametrize("path", QUERIES, ids=relative)
def test_no_query_reads_a_clock(path: Path) -> None:
    """What a query gives depends on what it reads, not on when it runs."""
    assert [] == [match[0] for match in CLOCKS.finditer(bare(path.read_text(encoding="utf-8")))]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database to declare tables in."""
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_head_declares_a_table(
    database: duckdb.DuckDBPyConnection, relation: sql.Relation
) -> None:
    """A head names columns once, with types that DuckDB knows."""
    columns = ", ".join(f"{column.name} {column.type}" for column in relation.columns)
    database.execute(f"CREATE OR REPLACE TABLE {relation.name} ({columns})")
    declared = database.execute(f"DESCRIBE {relation.name}").fetchall()
    assert [column.name for column in relation.columns] == [name for name, *_ in declared]


@pytest.mark.parametrize("relation", KEPT, ids=lambda relation: relation.name)
def test_the_name_of_a_time_tells_what_it_is(relation: sql.Relation) -> None:
    """Instants end in `_at`, or in what SPEC §3.3 calls the ends of a span; dates end in `_on`."""
    endings = {"TIMESTAMP": ("_at", "_from", "_until"), "DATE": ("_on",)}
    misnamed = [
        column.name
        for column in relation.columns
        if not column.name.endswith(endings.get(column.type, ""))
    ]
    assert [] == misnamed


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_money_is_an_exact_integer(relation: sql.Relation) -> None:
    """Micros are BIGINT, HUGEINT within a close, or DECIMAL without decimals."""
    types = {
        column.type.replace(" ", "") for column in relation.columns if "_micros" in column.name
    }
    assert types <= {"BIGINT", "HUGEINT", "DECIMAL(38,0)"}


@pytest.mark.parametrize("path", ROYALTIES, ids=relative)
def test_royalties_know_no_floats(path: Path) -> None:
    """There is no float among the numbers, no call of `float`, and no `/`."""
    floats = [
        ast.unparse(node)
        for node in nodes(path)
        if isinstance(node, ast.Div)
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert [] == floats


def test_money_is_divided_in_one_place() -> None:
    """Of the royalties only rounding divides; periods count months."""
    dividing = {
        path.name
        for path in ROYALTIES
        for node in nodes(path)
        if isinstance(node, ast.FloorDiv) or (isinstance(node, ast.Name) and node.id == "divmod")
    }
    assert {"periods.py", "rounding.py"} == dividing


def test_only_the_lake_opens_a_connection() -> None:
    """Everybody else is given theirs."""
    opening = {
        path.relative_to(ROOT / "pipelines").parts[0]
        for path in (ROOT / "pipelines").rglob("*.py")
        if "duckdb.connect(" in path.read_text(encoding="utf-8")
    }
    assert {"lake"} == opening


@pytest.mark.parametrize("path", OUTSIDE_THE_LAKE, ids=relative)
def test_sql_stands_in_the_lake_and_in_sql_alone(path: Path) -> None:
    """Elsewhere no text begins as a statement does, and no connection or cursor is given one."""
    texts = [
        node.value
        for node in nodes(path)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.match(node.value)
    ]
    calls = [
        ast.unparse(node.func)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "sql", "query"}
    ]
    assert OF_GREAT_EXPECTATIONS.get(path.name, []) == texts + calls


def test_commit_means_one_thing() -> None:
    """One function has the name: the one that writes in a transaction which is on disk after it."""
    committing = [
        relative(path)
        for path in CODE
        for node in nodes(path)
        if (isinstance(node, ast.FunctionDef) and node.name == "commit")
        or (isinstance(node, ast.alias) and node.name == "commit" and node.asname)
    ]
    assert ["pipelines/lake/transaction.py"] == committing


def test_a_catalog_is_chosen_in_one_place() -> None:
    """No module of the product but those in lake/catalogs names a kind of catalog in an import."""
    catalogs = ROOT / "pipelines" / "lake" / "catalogs"
    naming = [
        relative(path)
        for path in CODE
        if path.parent != catalogs
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom) and "sqlite" in ast.unparse(node)
    ]
    assert [] == naming


def test_parquet_is_read_in_one_place() -> None:
    """DuckDB takes a path for a pattern and its parts for columns, unless told in that place."""
    reading = re.compile(r"\b(read_parquet|from_parquet|parquet_scan)\b|FROM '[^']*parquet'")
    places = [
        relative(path)
        for path in [*CODE, *QUERIES]
        if reading.search(path.read_text(encoding="utf-8"))
    ]
    assert ["pipelines/lake/parquet.py"] == places


def test_python_has_no_sqlite_of_its_own() -> None:
    """Closing a file in one SQLite library drops the locks of the other in the same process."""
    importing = [
        relative(path)
        for path in CODE
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "sqlite3" in ast.unparse(node).replace("_sqlite3", "sqlite3")
    ]
    assert [] == importing


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_code_speaks_the_words_of_the_glossary(path: Path) -> None:
    """No name has a word that SPEC §2 calls something else."""
    assert {} == {
        name: NOT_OUR_WORDS[word]
        for name in set(names_given(path)) - OF_LIBRARIES
        for word in words(name)
        if word in NOT_OUR_WORDS
    }


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_relations_speak_the_words_of_the_glossary(relation: sql.Relation) -> None:
    """No relation or column has a word that SPEC §2 calls something else."""
    names = [relation.name, *(column.name for column in relation.columns)]
    assert {} == {
        name: NOT_OUR_WORDS[word] for name in names for word in words(name) if word in NOT_OUR_WORDS
    }
