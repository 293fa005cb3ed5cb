"""The safe query: one SELECT, with nothing but the warehouse's relations in reach."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ManyhandsError, NotFoundError, UsageError
from pipelines.lake import query, reading, sql
from pipelines.lake.connection import STORED
from pipelines.lake.functions import FUNCTIONS, TABLE_FUNCTIONS
from pipelines.lake.warehouse import Warehouse
from tests.outputs import stored

ESCAPES = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_parquet('{data}/main/event/*.parquet')",
    "SELECT * FROM parquet_metadata('{data}/x.parquet')",
    "SELECT * FROM parquet_scan('{data}/x.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM glob('{data}/**')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    'SELECT * FROM "/etc/passwd.csv"',
    "FROM '{data}/x.parquet'",
    "DESCRIBE '/etc/passwd.csv'",
    "SUMMARIZE '/etc/passwd.csv'",
    "TABLE '/etc/passwd.csv'",
    "SELECT * FROM sqlite_scan('{catalog}', 'ducklake_snapshot')",
    "SELECT * FROM sqlite_query('{catalog}', 'SELECT 1')",
    "SELECT * FROM __ducklake_metadata_warehouse.ducklake_snapshot",
    "SELECT * FROM __ducklake_metadata_warehouse.main.ducklake_snapshot",
    "SELECT * FROM ducklake_snapshots('warehouse')",
    "SELECT * FROM ducklake_table_insertions('warehouse', 'main', 'event', 0, 1)",
    "ATTACH '{catalog}' AS other (TYPE sqlite)",
    "ATTACH '/tmp/other.duckdb'",
    "DETACH warehouse",
    "USE memory",
    "COPY event TO '/tmp/event.csv'",
    "COPY (SELECT 1) TO '{data}/x.csv'",
    "COPY event FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/exported'",
    "IMPORT DATABASE '/tmp/exported'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "PRAGMA version",
    "CALL pragma_version()",
    "CHECKPOINT",
    "SET memory_limit = '1GB'",
    "RESET memory_limit",
    "SET VARIABLE x = 1",
    "SHOW memory_limit",
    "SHOW DATABASES",
    "SHOW ALL TABLES",
    "SHOW TABLES FROM __ducklake_metadata_warehouse",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM head",
    "SELECT 1;; COPY (SELECT 1) TO '{data}/x.csv'",
    "",
    ";",
    "-- nothing",
    "INSERT INTO head VALUES (7)",
    "DELETE FROM head",
    "UPDATE head SET seq = 7",
    "TRUNCATE head",
    "DROP TABLE head",
    "ALTER TABLE head ADD COLUMN x INTEGER",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE MACRO now() AS 1",
    "COMMENT ON TABLE head IS 'x'",
    "MERGE INTO head USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
    "WITH x AS (DELETE FROM head RETURNING *) SELECT * FROM x",
    "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM x",
    "SELECT * FROM event WHERE id IN (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT 1 ORDER BY (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT * FROM event AT (VERSION => (SELECT size FROM read_text('/etc/passwd')))",
    "SELECT * FROM head JOIN LATERAL (SELECT * FROM read_text('/etc/passwd')) ON true",
    "SELECT 1 UNION ALL SELECT size FROM read_text('/etc/passwd')",
    "VALUES ((SELECT content FROM read_text('/etc/passwd')))",
    "SELECT * FROM unnest((SELECT list(content) FROM read_text('/etc/passwd')))",
    "PIVOT (SELECT * FROM read_text('/etc/passwd')) ON size IN (1) USING count(*)",
    "PIVOT event ON type",
    "SELECT getenv('HOME')",
    "SELECT current_setting('memory_limit')",
    "SELECT main.current_setting('memory_limit')",
    "SELECT system.main.current_setting('memory_limit')",
    "SELECT 'memory_limit'.current_setting()",
    "SELECT CURRENT_SETTING('memory_limit')",
    "SELECT getvariable('x')",
    "SELECT list_transform(['HOME'], lambda x: getenv(x))",
    "SELECT list_transform(['memory_limit'], x -> current_setting(x))",
    "SELECT [current_setting(x) FOR x IN ['memory_limit']]",
    "SELECT max(current_setting('memory_limit')) OVER ()",
    "SELECT count(*) FILTER (WHERE current_setting('memory_limit') = '') FROM head",
    "SELECT seq FROM head GROUP BY seq HAVING current_setting('memory_limit') = ''",
    "SELECT seq FROM head QUALIFY current_setting('memory_limit') = ''",
    "SELECT * REPLACE (current_setting('memory_limit') AS seq) FROM head",
    "SELECT CASE WHEN true THEN current_setting('memory_limit') END",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM duckdb_variables()",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_settings",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM system.information_schema.tables",
    "SELECT * FROM memory.main.x",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT * FROM histogram('/etc/passwd', 'x')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "SELECT json_serialize_plan('SELECT * FROM read_csv(''/etc/passwd'')')",
    "SELECT nextval('x')",
    "SELECT write_log('x')",
    "SELECT pg_get_viewdef(1)",
    "SELECT get_block_size('warehouse')",
    "SELECT * FROM pragma_database_size()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM a_variable_of_python",
    # a CTE that names a file or a relation of the engine, and is not in scope where it is read
    'WITH "/etc/passwd.csv" AS (SELECT * FROM "/etc/passwd.csv") SELECT 1',
    'SELECT * FROM (WITH "/etc/passwd.csv" AS (SELECT 1) SELECT 1), "/etc/passwd.csv"',
    "SELECT * FROM (WITH duckdb_tables AS (SELECT 1) SELECT 1), duckdb_tables",
    "WITH a AS (SELECT * FROM duckdb_tables), duckdb_tables AS (SELECT 1) SELECT * FROM a",
    "WITH duckdb_tables AS (SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables",
    "WITH RECURSIVE duckdb_logs AS (SELECT 1 FROM duckdb_logs UNION ALL SELECT 2) FROM duckdb_logs",
    "(WITH duckdb_logs AS (SELECT 1) FROM duckdb_logs) UNION ALL SELECT sql FROM duckdb_logs",
    "WITH duckdb_tables AS (SELECT 1) SELECT * FROM main.duckdb_tables",
]

ALLOWED = [
    "SELECT * FROM head",
    "FROM head",
    "TABLE head;",
    "select SEQ from MAIN.Head -- a comment",
    "SELECT * FROM warehouse.head JOIN warehouse.main.head AS other USING (seq)",
    "SELECT * FROM ineffective_reversal",
    "WITH one AS (SELECT 1 AS x), two AS (SELECT * FROM one) SELECT * FROM two, ONE",
    "WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3) FROM n",
    "WITH head AS (SELECT 1) SELECT * FROM head",
    "SELECT * FROM range(3), generate_series(1, 2), unnest([1, 2])",
    "SELECT type, count(*) FILTER (WHERE seq > 1) FROM event GROUP BY ALL ORDER BY ALL",
    "SELECT sum(seq) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) FROM head",
    "SELECT * EXCLUDE (body) FROM event QUALIFY row_number() OVER (ORDER BY seq) = 1",
    "SELECT content ->> '$.type', json_extract(content, '$.data') FROM event",
    "SELECT list_transform([1, 2], lambda x: x + 1), [x * 2 FOR x IN [1, 2]]",
    "SELECT date_trunc('month', occurred_at), occurred_at + INTERVAL 1 DAY FROM event",
    "SELECT occurred_at AT TIME ZONE 'Europe/Berlin', extract(year FROM occurred_at) FROM event",
    "SELECT 'a' LIKE 'b%', 'a' ~ 'b', CAST('1' AS INTEGER), coalesce(NULL, 1), 7 // 2, 7 % 2",
    "SELECT current_date, now(), current_timestamp",
    "SELECT * FROM event AT (VERSION => 1)",
    "PIVOT (SELECT 1 AS a, 2 AS b) ON a IN (1) USING sum(b)",
    "SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4",
    "DESCRIBE event",
    "SUMMARIZE head",
    "SHOW TABLES",
    "VALUES (1), (2)",
]

a_variable_of_python = duckdb.connect().sql("SELECT 1 AS x")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with a statement."""
    folder = tmp_path_factory.mktemp("query") / "warehouse"
    return stored.make(folder, {"statement": [stored.statement("2026-10", "ana", 5)]})


Reach = tuple[duckdb.DuckDBPyConnection, frozenset[str]]


@pytest.fixture(scope="module")
def reach(folder: Path) -> Iterator[Reach]:
    """Open the warehouse as a query does."""
    with query.locked(Warehouse(folder)) as opened:
        yield opened


def _ask(folder: Path, text: str) -> list[reading.Row]:
    with query.ask(Warehouse(folder), text) as answer:
        return list(answer.rows)


def _placed(text: str, folder: Path) -> str:
    return text.format(data=folder / "data", catalog=folder / "catalog.sqlite")


@pytest.mark.parametrize("escape", ESCAPES)
def test_nothing_but_the_warehouse_can_be_reached(folder: Path, reach: Reach, escape: str) -> None:
    """Files, databases, settings, variables and writes are refused before anything runs."""
    connection, relations = reach

    with pytest.raises(UsageError):
        query.refuse_unless_safe(connection, _placed(escape, folder), relations)


@pytest.mark.parametrize("text", ALLOWED)
def test_what_only_computes_runs(reach: Reach, text: str) -> None:
    """Ordinary SQL over the relations passes the check, and the locked connection runs it."""
    connection, relations = reach

    query.refuse_unless_safe(connection, text, relations)
    connection.execute(text).fetchall()


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM statement", *ESCAPES[:3], "DELETE FROM head", "SELECT 1; DELETE FROM head"],
)
def test_asking_leaves_the_folder_as_it_was(folder: Path, text: str) -> None:
    """Every byte and every file, whether the query is answered or refused."""
    before = stored.bytes_of(folder)

    with suppress(UsageError):
        _ask(folder, text)

    assert before == stored.bytes_of(folder)


def test_what_is_refused_is_refused_on_the_way_of_a_query(folder: Path) -> None:
    """The check stands between the text and the engine."""
    for escape in ESCAPES[::12]:
        with pytest.raises(UsageError):
            _ask(folder, _placed(escape, folder))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd.csv'",
        "COPY (SELECT 1) TO '{outside}/x.csv'",
        "ATTACH '{outside}/x.duckdb'",
        "SET memory_limit = '1GB'",
        "DELETE FROM head",
        "DELETE FROM __ducklake_metadata_warehouse.ducklake_snapshot",
        "SELECT * FROM a_variable_of_python",
        "LOAD httpfs",
    ],
)
def test_the_connection_holds_also_where_the_check_would_not(
    folder: Path, reach: Reach, tmp_path: Path, text: str
) -> None:
    """Without the check of the text, what is outside still can't be read, nor anything written."""
    connection, _ = reach
    before = stored.bytes_of(folder)

    with pytest.raises(duckdb.Error):
        connection.execute(text.format(outside=tmp_path)).fetchall()

    assert before == stored.bytes_of(folder)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("relation", [*STORED, "views"])
def test_every_relation_can_be_queried_by_its_name(folder: Path, relation: str) -> None:
    """All that a warehouse stores or shows is there, unqualified, with the columns of its head."""
    for declared in sql.relations(relation):
        with query.ask(Warehouse(folder), f"SELECT * FROM {declared.name}") as answer:
            assert tuple(column.name for column in declared.columns) == answer.columns


def test_columns_of_one_name_are_told_apart(folder: Path) -> None:
    """The second `x` is `x_1`, unless another column is called so."""
    with query.ask(Warehouse(folder), "SELECT 1 AS x, 2 AS x, 3 AS x_1, 4 AS x") as answer:
        assert ("x", "x_1", "x_1_1", "x_2") == answer.columns


def test_rows_come_in_the_order_of_the_query(folder: Path) -> None:
    """Also where they are more than are read at once."""
    found = _ask(folder, "SELECT * FROM range(10000) ORDER BY range DESC")

    assert [(number,) for number in reversed(range(10_000))] == found


@pytest.mark.parametrize(
    "value", ["INTERVAL 1 MONTH", "[{'a': INTERVAL 1 DAY}]", "TIMESTAMP_NS '2026-01-01'"]
)
def test_a_value_that_cannot_be_given_exactly_is_refused(folder: Path, value: str) -> None:
    """It says so, and what to do, rather than to round."""
    with pytest.raises(UsageError, match="cast it to VARCHAR"):
        _ask(folder, f"SELECT {value} AS x")


@pytest.mark.parametrize(
    "text",
    [
        "SELEC",
        "SELECT nope FROM head",
        "SELECT 1 +",
        "SELECT CAST('x' AS INTEGER)",
        "SELECT sum(170141183460469231731687303715884105727::HUGEINT) FROM range(2)",
        "SELECT $x",
        "SELECT \x00",
        "SELECT '\udcff'",
        "SELECT " + "1 + " * 5_000 + "1",
        "SELECT " + "abs(" * 800 + "1" + ")" * 800,
        "SELECT " + "(SELECT " * 500 + "1" + ")" * 500,
    ],
)
def test_a_query_that_is_wrong_is_a_usage_error_of_one_line(folder: Path, text: str) -> None:
    """Whatever is wrong with it: no crash, no page of text."""
    with pytest.raises(UsageError) as caught:
        _ask(folder, text)

    assert 1 == len(str(caught.value).splitlines())


CLOCK_AND_DICE = {
    *("current_date", "now", "today", "transaction_timestamp", "random", "uuid", "uuidv4"),
    *("get_current_time", "get_current_timestamp", "gen_random_uuid", "uuidv7"),
}


def test_every_allowed_function_only_computes() -> None:
    """By the engine's own word each is free of side effects, save for the clock, dice and error."""
    names = {name.lower() for name in FUNCTIONS} - CLOCK_AND_DICE - {"error"}
    with duckdb.connect() as connection:
        known = connection.execute(
            "SELECT DISTINCT lower(function_name), function_type, stability, macro_definition"
            " FROM duckdb_functions()"
        ).fetchall()
        told = {(kind, stability) for name, kind, stability, _ in known if name in names}
        for name, kind, _, definition in known:
            if name in names and kind == "macro":
                query.refuse_unless_safe(connection, f"SELECT {definition}", ())

    pure = {("scalar", "CONSISTENT"), ("aggregate", "CONSISTENT")}
    # these stand for a macro, checked above, and for tables in another place of a query
    assert pure == told - {("macro", None), ("table", None), ("table_macro", None)}


def test_every_allowed_function_exists() -> None:
    """A name that the engine doesn't know, or no longer, is taken off the list."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT lower(function_name), function_type = 'table' FROM duckdb_functions()"
        ).fetchall()

    assert {"->"} == {name.lower() for name in FUNCTIONS} - {name for name, _ in found}
    assert set() == TABLE_FUNCTIONS - {name for name, gives_table in found if gives_table}


@pytest.mark.processes
def test_a_reader_sees_what_a_writer_that_is_still_at_it_has_committed(folder: Path) -> None:
    """What is committed counts for readers at once; what is begun does not."""
    with _writer(folder):
        (before,) = _ask(folder, "SELECT max(length(contributor_id)) FROM contributor")

    assert (9,) == before


_WRITE = """
import sys
from pathlib import Path
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
with connect(Warehouse(Path(sys.argv[1]))) as connection:
    connection.execute("INSERT INTO warehouse.contributor (contributor_id) VALUES ('committed')")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO warehouse.contributor (contributor_id) VALUES ('only begun')")
    print("ready", flush=True)
    sys.stdin.read()
    connection.execute("ROLLBACK")
"""


@contextmanager
def _writer(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-c", _WRITE, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"ready\n" == process.stdout.readline()
        yield
        process.communicate()


def test_a_folder_without_a_warehouse_is_not_found(tmp_path: Path) -> None:
    """It is said before the query is looked at."""
    with pytest.raises(NotFoundError):
        _ask(tmp_path, "SELEC")


def test_a_catalog_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    """The message names the file; it is no fault of the query."""
    (tmp_path / "catalog.sqlite").write_text("no database at all, but long enough to look at")

    with pytest.raises(ManyhandsError, match=r"catalog\.sqlite") as caught:
        _ask(tmp_path, "SELECT 1")

    assert 1 == caught.value.exit_code
