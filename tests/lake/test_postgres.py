"""A catalog in PostgreSQL: made, named, read and committed to as SPEC §7.1 and §8 promise."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias, cast

import duckdb
import pytest

from pipelines.errors import TryAgainError
from pipelines.lake import engine, log, reading, transaction
from pipelines.lake.address import Server
from pipelines.lake.catalogs import kept_files, located, postgres_client
from pipelines.lake.catalogs import postgres as catalog
from pipelines.lake.connection import connect
from tests.conftest import Outcome, Run
from tests.marketplace import TIME, Events
from tests.postgres import PASSWORD, Postgres, installed, own_server

AS_OF = "--as-of=2026-12-01T00:00:00Z"
ROOT = Path(__file__).parents[2]
EVENTS = str(ROOT / "pipelines" / "demo_events" / "2026-10.ndjson")

ATTACH = re.compile(r"ATTACH 'ducklake:postgres:[^']+' AS manyhands\s+\([^)]+\)")

Call = Callable[..., Outcome]
Connection: TypeAlias = duckdb.DuckDBPyConnection


@pytest.fixture
def named(postgres: Postgres) -> list[str]:
    """Return the words that name a warehouse which isn't there yet."""
    return postgres.warehouse()


@pytest.fixture
def made(manyhands: Run, named: list[str], tmp_path: Path) -> Call:
    """Make a warehouse, and return commands on it."""
    made = manyhands("init", *named, f"--data-path={tmp_path / 'shared'}")
    assert 0 == made.code, made.stderr
    return lambda *words: manyhands(*words, *named)


def test_only_init_makes_it(manyhands: Run, named: list[str]) -> None:
    """Others end with exit 3, and say how; init needs to know where the data goes."""
    for words in (["status"], ["ingest", EVENTS, AS_OF], ["close", "--due"], ["query", "SELECT 1"]):
        refused = manyhands(*words, *named)
        assert (3, "") == (refused.code, refused.stdout)
        assert "manyhands init --data-path" in refused.stderr
    without = manyhands("init", *named)
    assert 2 == without.code
    assert "--data-path" in without.stderr


def test_it_is_made_once_in_a_folder_that_is_empty(
    manyhands: Run, named: list[str], postgres: Postgres, tmp_path: Path
) -> None:
    """Two share a database and no folder; what is refused leaves nothing behind."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes").touch()
    assert 5 == manyhands("init", *named, "--data-path=taken").code
    assert ["notes"] == [path.name for path in (tmp_path / "taken").iterdir()]
    assert 0 == manyhands("init", *named, "--data-path=one", "--cadence=quarter").code
    assert 5 == manyhands("init", *named, "--data-path=other").code
    other = postgres.warehouse()
    assert 5 == manyhands("init", *other, "--data-path=one").code
    assert 3 == manyhands("status", *other).code
    assert 0 == manyhands("init", *other, "--data-path=two").code

    assert ["quarter", "month"] == [
        manyhands("status", "--json", *words).json["cadence"] for words in (named, other)
    ]
    assert {"data", "gate", "manifests", "staged"} == {
        path.name for path in (tmp_path / "one").iterdir()
    }


def test_an_init_that_fails_can_be_run_again(
    manyhands: Run, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckLake's relations are there then, and none of ours: there is no warehouse."""
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.lake.creation._write", lambda *_: 1 / 0)
        assert 1 == manyhands("init", *named, "--data-path=shared").code
    assert 3 == manyhands("status", *named).code

    assert 0 == manyhands("init", *named, "--data-path=shared").code
    assert 0 == manyhands("status", *named).code


def test_an_init_of_which_nobody_knows_whether_it_failed_keeps_its_data(
    manyhands: Run, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed here, and so the warehouse is whole."""
    finish = catalog.finish

    def unanswered(*given: Any) -> None:  # noqa: ANN401
        finish(*given)
        message = "the server is gone"
        raise TryAgainError(message)

    with monkeypatch.context() as patch:
        patch.setattr(catalog, "finish", unanswered)
        assert 75 == manyhands("init", *named, "--data-path=shared").code
    assert 0 == manyhands("ingest", EVENTS, AS_OF, *named).code


def test_an_init_that_is_cut_off_after_its_commit_keeps_everything(
    manyhands: Run, named: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog names what is there."""

    def cut(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(kept_files.Kept, "forget", cut)
        manyhands("init", *named, "--data-path=shared")

    assert (tmp_path / "shared/data").is_dir()
    assert 0 == manyhands("ingest", EVENTS, AS_OF, *named).code


def test_a_data_path_within_another_warehouse_is_refused(
    manyhands: Run, named: list[str], postgres: Postgres
) -> None:
    """What is DuckLake's alone, or on its way there, is no place for another one."""
    assert 0 == manyhands("init", *named, "--data-path=one").code
    other = postgres.warehouse()
    for place in ("one/staged/two", "one/data/main/two"):
        refused = manyhands("init", *other, f"--data-path={place}")
        assert (5, True) == (refused.code, "is within the warehouse in" in refused.stderr)


def test_it_is_named_once_in_the_settings(
    manyhands: Run,
    named: list[str],
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And opens from any folder: the catalog knows the data path, from the root on."""
    monkeypatch.delenv("MANYHANDS_WAREHOUSE")
    schema = named[1].removeprefix("--schema=")
    settings = {
        "warehouse": postgres.address,
        "schema": schema,
        "password-file": str(postgres.password_file),
    }
    lines = [f'{name} = "{value}"\n' for name, value in settings.items()]
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "manyhands.toml").write_text("".join(lines))
    (tmp_path / "manyhands.toml").write_text("".join([*lines, 'data-path = "shared data"\n']))

    assert 0 == manyhands("init").code
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert 0 == manyhands("ingest", EVENTS, AS_OF).code
    assert 0 == manyhands("close", "--period=2026-10", AS_OF).code
    assert 0 == manyhands("statements", "list").code
    kept = f"SELECT value FROM \"{schema}\".ducklake_metadata WHERE key = 'data_path'"
    assert [(f"{tmp_path}/shared data/data/",)] == postgres.rows(kept)


def test_data_that_moved_is_named_anew(made: Call, tmp_path: Path) -> None:
    """Until then each command says where it should be."""
    (tmp_path / "shared").rename(tmp_path / "moved")
    gone = made("status")

    assert 3 == gone.code
    assert f"{tmp_path}/shared" in gone.stderr
    assert "--data-path" in gone.stderr
    assert 0 == made("ingest", EVENTS, AS_OF, "--data-path=moved").code


def test_a_copy_of_the_data_is_not_written_to(made: Call, tmp_path: Path) -> None:
    """What is written there would be missing for everybody else."""
    shutil.copytree(tmp_path / "shared", tmp_path / "copy")
    refused = made("ingest", EVENTS, AS_OF, "--data-path=copy")

    assert (2, "") == (refused.code, refused.stdout)
    assert f"its data path is {tmp_path}/shared" in refused.stderr
    assert 0 == made("ingest", EVENTS, AS_OF, "--data-path=shared").code


def test_the_server_says_why_it_will_not(
    postgres: Postgres, manyhands: Run, tmp_path: Path
) -> None:
    """A wrong password, database, option or address: each has its exit code and its advice."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another\n")
    here, password = postgres.address, f"--password-file={postgres.password_file}"
    for code, said, words in (
        (1, "password authentication failed", [f"--warehouse={here}", f"--password-file={wrong}"]),
        (
            3,
            "does not exist",
            [f"--warehouse={here.replace('dbname=postgres', 'dbname=nope')}", password],
        ),
        (2, "invalid connection option", [f"--warehouse={here} colour=red", password]),
        (
            2,
            'definition of service "nope" not found',
            [f"--warehouse={here} service=nope", password],
        ),
        (
            75,
            "run the command again later",
            ["--warehouse=postgres:host=127.0.0.1 port=1", password],
        ),
        (3, "no such file", [f"--warehouse={here}", "--password-file=nowhere"]),
        (1, "the password alone", [f"--warehouse={here}", "--password-file=/dev/null"]),
    ):
        outcome = manyhands("status", *words)
        assert (code, "") == (outcome.code, outcome.stdout), outcome.stderr
        assert said in outcome.stderr
        assert 1 == len(outcome.stderr.splitlines())
        assert PASSWORD not in outcome.stderr


def test_a_password_in_the_environment_goes_no_further(
    manyhands: Run, named: list[str], postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens the warehouse, and no child of this process has it in its environment."""
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    monkeypatch.setattr(postgres_client, "_GIVEN", {})
    words = named[:2]

    assert 0 == manyhands("init", *words, "--data-path=shared").code
    assert "PGPASSWORD" not in os.environ
    child = subprocess.run(["/usr/bin/env"], capture_output=True, check=True, text=True)
    assert postgres.password not in child.stdout


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM duckdb_databases()",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM postgres_query('warehouse', 'SELECT 1')",
        "SELECT * FROM postgres_query('__ducklake_metadata_warehouse', 'SELECT 1')",
        "SELECT * FROM postgres_scan('x', 'y', 'z')",
        "SELECT * FROM __ducklake_metadata_warehouse.pg_catalog.pg_authid",
        "SELECT * FROM __ducklake_metadata_warehouse.manyhands.ducklake_metadata",
        "SELECT * FROM ducklake_snapshots('warehouse')",
        "SELECT current_setting('pg_connection_limit')",
        "SELECT getenv('PGPASSFILE')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM nowhere",
    ],
)
def test_a_query_reaches_neither_the_server_nor_the_password(made: Call, text: str) -> None:
    """The list of functions and of relations is the wall."""
    refused = made("query", text)

    assert (2, "") == (refused.code, refused.stdout)
    assert PASSWORD not in refused.stderr
    assert "passfile" not in refused.stderr


def test_no_failure_shows_the_password(
    made: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither its text nor its traceback does, whatever fails."""
    said = []
    for place in (
        "pipelines.lake.catalogs.postgres.exists",
        "pipelines.lake.catalogs.postgres.located",
        "pipelines.lake.reading.refuse_other_format",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, lambda *given: given[-1].nothing)
            said.append(made("status", "--debug").stderr)
    said.append(made("status", "--debug", "--data-path=nowhere").stderr)
    shutil.rmtree(tmp_path / "shared" / "data" / "main" / "setting")
    said.append(made("status", "--debug").stderr)

    assert all("Traceback" in text for text in said)
    assert not any(part in text for text in said for part in (PASSWORD, "canary", "sesame"))


def test_a_reader_sees_one_snapshot_and_cannot_write(
    made: Call, postgres: Postgres, named: list[str]
) -> None:
    """A commit goes through beside it, and isn't seen; the connection itself is read-only."""
    warehouse = postgres.place(named)
    with reading.connect(warehouse) as connection:
        assert 0 == log.head(connection)
        assert 0 == made("ingest", EVENTS, AS_OF).code
        assert 0 == log.head(connection)
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute(
                "CALL postgres_execute('__ducklake_metadata_warehouse',"
                f" 'DELETE FROM {named[1].removeprefix('--schema=')}.ducklake_snapshot')"
            )
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("DELETE FROM warehouse.event")
    with reading.connect(warehouse) as connection:
        assert log.head(connection) > 0


def test_an_analyst_reads_and_cannot_write(
    made: Call, postgres: Postgres, named: list[str], tmp_path: Path
) -> None:
    """As deploy/postgres/analyst.sql makes the role, and as the README attaches the warehouse."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    schema = named[1].removeprefix("--schema=")
    role = f"analyst_{schema}"
    postgres.psql(ROOT / "deploy" / "postgres" / "analyst.sql", role=role, schema=schema)
    postgres.run(f"ALTER ROLE {role} PASSWORD 'seeing'")
    passfile = tmp_path / "passfile"
    passfile.touch(mode=0o600)
    passfile.write_text("*:*:*:*:seeing\n")
    address = f"host=127.0.0.1 port={postgres.port} dbname=postgres user={role} passfile={passfile}"
    with engine.connect(1 << 28, postgres_client.EXTENSION) as connection:
        for page in ("README.md", "docs/warehouse.md"):
            (attach,) = ATTACH.findall((ROOT / page).read_text(encoding="utf-8"))
            attach = attach.replace("host=db dbname=royalties user=analyst", address)
            attach = attach.replace("META_SCHEMA 'manyhands'", f"META_SCHEMA '{schema}'")
            connection.execute(attach)
            ((events,),) = connection.execute("SELECT count(*) FROM manyhands.event").fetchall()
            viewed = connection.execute(
                "SELECT accepted, accepted_ppm FROM manyhands.ingest_funnel"
            )
            assert [(events, 884_615)] == viewed.fetchall()
            connection.execute("DETACH manyhands")
        connection.execute(attach.replace("READ_ONLY, ", ""))
        with pytest.raises(duckdb.Error, match="read-only transaction"):
            connection.execute("DELETE FROM manyhands.event")
        connection.execute("CALL postgres_execute('__ducklake_metadata_manyhands', 'SELECT 1')")
        with pytest.raises(duckdb.Error, match="permission denied"):
            connection.execute(
                "CALL postgres_execute('__ducklake_metadata_manyhands',"
                f" 'SET TRANSACTION READ WRITE; DELETE FROM {schema}.ducklake_snapshot')"
            )
    assert events > 0


@pytest.mark.usefixtures("made")
def test_a_commit_whose_answer_is_lost_is_looked_up(postgres: Postgres, named: list[str]) -> None:
    """It was made, so that nothing is done again; one that wasn't made is an error."""
    warehouse = located(postgres.place(named))
    with connect(warehouse) as connection:

        def write() -> str:
            connection.execute("UPDATE warehouse.head SET seq = seq + 1")
            return "written"

        lossy = Lossy(connection, commits=True)
        assert "written" == transaction.commit(cast("Connection", lossy), warehouse, write)
        assert 1 == log.head(connection)
        lossy.commits = False
        with pytest.raises(duckdb.TransactionException, match="closed the connection"):
            transaction.commit(cast("Connection", lossy), warehouse, write)
        assert 1 == log.head(connection)


class Lossy:
    """A connection whose COMMIT is answered by an error, whether it is made or not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, commits: bool) -> None:
        self.connection = connection
        self.commits = commits

    def execute(self, text: str, *given: object) -> duckdb.DuckDBPyConnection:
        """Run a statement."""
        if text != "COMMIT":
            return self.connection.execute(text, *given)
        self.connection.execute("COMMIT" if self.commits else "ROLLBACK")
        message = "Failed to commit: server closed the connection unexpectedly"
        raise duckdb.TransactionException(message)


def test_small_files_are_merged_between_commits(
    made: Call, postgres: Postgres, named: list[str]
) -> None:
    """As with SQLite: the catalog is asked which relations have many."""
    assert 0 == made("ingest", EVENTS, AS_OF, "--batch-lines=3", "--merge-files=3").code
    schema = named[1].removeprefix("--schema=")
    merged = (
        f"SELECT count(*) FROM {schema}.ducklake_snapshot_changes"
        " WHERE changes_made LIKE '%merge%' OR changes_made LIKE '%compact%'"
    )
    ((merges,),) = postgres.rows(merged)
    assert merges > 0


def test_who_does_not_get_the_lock_goes_on_without(
    made: Call, postgres: Postgres, named: list[str]
) -> None:
    """A worker that holds it and does nothing stops nobody."""
    warehouse = postgres.place(named)
    with catalog.committing(warehouse):
        began = monotonic()
        assert 0 == made("ingest", EVENTS, AS_OF, "--lock-seconds=1").code
        assert 0 == made("ingest", EVENTS, AS_OF, "--lock-seconds=0").code
        waited = monotonic() - began
    assert waited >= 1
    assert "head      0" not in made("status").stdout


@pytest.mark.parametrize("words", [["ingest", EVENTS], ["close", "--due"], ["status"]])
def test_a_clock_that_is_far_from_the_servers_is_refused(
    made: Call, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Both are named, nothing is done, and --as-of passes."""
    _set_the_servers_clock(monkeypatch, timedelta(hours=48))
    refused = made(*words)

    assert (75, "") == (refused.code, refused.stdout)
    assert 3 == len(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", refused.stderr))
    assert 75 != made(*words, AS_OF).code


def test_a_server_whose_clock_is_behind_its_log_is_refused(
    made: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it good events would be in the future; nothing is rejected, and nothing is closed."""
    monkeypatch.setattr(catalog, "_APART", timedelta(days=365))
    assert 0 == made("ingest", EVENTS).code
    _set_the_servers_clock(monkeypatch, timedelta(hours=-1))
    for words in (["ingest", EVENTS], ["close", "--due"]):
        refused = made(*words)
        assert (75, "") == (refused.code, refused.stdout)
        assert "before the newest event of the log" in refused.stderr


def _set_the_servers_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    rows = postgres_client.rows

    def shifted(server: Server, query: str) -> list[tuple[Any, ...]]:
        return [
            tuple(one + by if isinstance(one, datetime) else one for one in row)
            for row in rows(server, query)
        ]

    monkeypatch.setattr(postgres_client, "rows", shifted)


@pytest.mark.parametrize("programs", installed(), ids=str)
def test_installed_versions_give_the_same(programs: Path, made: Call, manyhands: Run) -> None:
    """Whichever version keeps the catalog, a close has its digest."""
    with own_server(programs) as server:
        named = server.warehouse()
        assert 0 == manyhands("init", *named, "--data-path=theirs").code
        digests = []
        for words in (named, []):
            call = made if not words else manyhands
            assert 0 == call("ingest", EVENTS, AS_OF, *words).code
            closed = call("close", "--period=2026-10", AS_OF, "--json", *words)
            digests.append(closed.json["closes"][0]["digest"])

    assert digests[0] == digests[1]


TEXTS = [
    "permission denied",
    'x": Permission denied',
    "server closed the connection",
    "conflict",
    'a": ERROR: database "x" does not exist',
    "could not extend file: No space left on device",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_received_decides_nothing_about_a_failure(
    made: Call, postgres: Postgres, named: list[str], text: str, tmp_path: Path
) -> None:
    """A commit that the server refuses is exit 1, whatever it held; none of that is shown."""
    events = Events()
    events.generation("1", "1")
    canary = {"licence_id": "canary", "effective_at": TIME, "reason": text}
    events.add("licence-revoked", canary)
    path = events.write(tmp_path / "a.ndjson")
    schema = named[1].removeprefix("--schema=")
    postgres.run(
        f"CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $f$ BEGIN RAISE EXCEPTION 'not today'; END $f$"
    )
    postgres.run(
        f"CREATE TRIGGER refuse BEFORE INSERT ON {schema}.ducklake_data_file"
        f" EXECUTE FUNCTION {schema}.refuse()"
    )
    refused = made("ingest", path, AS_OF)

    assert (1, "") == (refused.code, refused.stdout)
    assert "not today" in refused.stderr
    assert "canary" not in refused.stderr
    assert text not in refused.stderr
    assert len(refused.stderr) < 1_000


@pytest.mark.usefixtures("made")
def test_a_user_who_may_not_write_is_told_so(
    manyhands: Run, postgres: Postgres, named: list[str]
) -> None:
    """Exit 1, and what to do: it isn't a matter of trying again. To read is no matter."""
    schema = named[1].removeprefix("--schema=")
    role = f"reading_{schema}"
    script = ROOT / "deploy" / "postgres" / "analyst.sql"
    postgres.psql(script, role=role, schema=schema)
    postgres.run(f"ALTER ROLE {role} PASSWORD $p${postgres.password}$p$")
    words = [f"--warehouse={postgres.addressed(user=role)}", *named[1:]]
    refused = manyhands("ingest", EVENTS, AS_OF, *words)

    assert 0 == manyhands("status", *words).code
    assert (1, "") == (refused.code, refused.stdout)
    assert f"{role} may not do that, but only read" in refused.stderr
    assert len(refused.stderr) < 1_000
