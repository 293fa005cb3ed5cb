"""A warehouse whose data is in an object store: nothing of it hangs on a disk (SPEC §7.1, §8)."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.ingest.bounded_run import Engine
from pipelines.lake import working_copy
from pipelines.lake.catalogs import kept_objects, located
from pipelines.lake.warehouse import Warehouse
from pipelines.stores.objects import Objects, keys_of
from pipelines.stores.place import Place, read_place
from tests.conftest import Outcome, Run
from tests.lake.test_postgres import AS_OF, EVENTS
from tests.marketplace import Events
from tests.postgres import Postgres
from tests.stores import BUCKET, Store, answering, asked, nobody, running

CANARIES = ("an-access-key", "a-secret-key")
MARK = "manyhands-warehouse"

Call = Callable[..., Outcome]


@pytest.fixture(scope="module")
def running_s3() -> Iterator[Store]:
    """Run a store that speaks S3's protocol."""
    with running("s3") as store:
        yield store


@pytest.fixture
def s3(running_s3: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Let this process ask it."""
    with asked(running_s3, monkeypatch):
        yield running_s3


@pytest.fixture
def named(postgres: Postgres) -> list[str]:
    """Return the words that name a warehouse which isn't there yet."""
    return postgres.warehouse()


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    """Return a prefix of the test's own."""
    return f"some/{tmp_path.name}"


@pytest.fixture
def made(manyhands: Run, named: list[str], s3: Store, prefix: str) -> Call:
    """Make a warehouse, and return commands on it."""
    made = manyhands("init", *named, f"--data-path=s3://{BUCKET}/{prefix}")
    assert 0 == made.code, made.stderr
    assert s3.keys(prefix)
    return lambda *words: manyhands(*words, *named)


@pytest.fixture
def warehouse(made: Call, named: list[str], postgres: Postgres) -> Warehouse:
    """Return the warehouse that was made."""
    del made
    return located(postgres.place(named))


# made


def test_it_is_made_once_in_a_place_that_is_empty(
    manyhands: Run, postgres: Postgres, s3: Store, prefix: str
) -> None:
    """What is refused leaves nothing behind, and takes nothing away."""
    s3.put(f"{prefix}/taken/notes", b"")
    first, second = postgres.warehouse(), postgres.warehouse()
    place = f"--data-path=s3://{BUCKET}/{prefix}"

    assert 5 == manyhands("init", *first, f"{place}/taken").code
    assert 3 == manyhands("status", *first).code
    assert 0 == manyhands("init", *first, f"{place}/one").code
    assert 5 == manyhands("init", *second, f"{place}/one").code
    assert 5 == manyhands("init", *first, f"{place}/other").code
    assert 0 == manyhands("status", *first).code

    assert [f"{prefix}/taken/notes"] == s3.keys(f"{prefix}/taken")
    assert [] == s3.keys(f"{prefix}/other")


def test_a_place_within_another_warehouse_is_refused(
    made: Call, manyhands: Run, postgres: Postgres, prefix: str
) -> None:
    """What is in use by one isn't by two."""
    assert 0 == made("status").code
    for place in (f"{prefix}/sub", f"{prefix}/staged/x"):
        refused = manyhands("init", *postgres.warehouse(), f"--data-path=s3://{BUCKET}/{place}")
        told = f"is within the warehouse in s3://{BUCKET}/{prefix}"
        assert (5, True) == (refused.code, told in refused.stderr)


def test_of_two_that_make_it_at_once_one_wins(s3: Store, prefix: str) -> None:
    """The store keeps the first mark."""
    place = Objects(read_place(f"s3://{BUCKET}/{prefix}", "data path"))

    place.create(MARK, b"first")
    with pytest.raises(ManyhandsError, match="another process made manyhands-warehouse first"):
        place.create(MARK, b"second")

    assert b"first" == place.read(MARK)
    assert [f"{prefix}/{MARK}"] == s3.keys(prefix)


@pytest.mark.parametrize(("error", "code"), [(ZeroDivisionError, 1), (TryAgainError, 75)])
def test_an_init_that_fails_leaves_the_place_empty(  # noqa: PLR0913, PLR0917  fixtures
    manyhands: Run,
    named: list[str],
    s3: Store,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    code: int,
) -> None:
    """It can be run again."""

    def fail(*_: object) -> None:
        raise error

    place = f"--data-path=s3://{BUCKET}/{prefix}"
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.lake.creation._write", fail)
        assert code == manyhands("init", *named, place).code

    assert [] == s3.keys(prefix)
    assert 0 == manyhands("init", *named, place).code


@pytest.mark.parametrize(
    ("data_path", "told"),
    [
        ("az://bucket/x", "gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"),
        ("s3://key:secret@bucket/x", "gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"),
        ("s3://bucket/../x", "gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"),
        ("s3://", "gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"),
        ("s3://bucket/x?s3_endpoint=127.0.0.1:1", "leave them out"),
        ("s3://bucket/a*b", "leave them out"),
    ],
)
def test_other_places_are_refused(
    manyhands: Run, named: list[str], data_path: str, told: str
) -> None:
    """Nothing is made, and what may be a password isn't repeated."""
    outcome = manyhands("init", *named, f"--data-path={data_path}")

    assert 2 == outcome.code
    assert told in outcome.stderr
    assert "secret" not in outcome.stderr


def test_its_place_is_named_at_init_alone(
    made: Call, manyhands: Run, named: list[str], s3: Store, prefix: str
) -> None:
    """Another one is refused while that is there, as are a folder and a place without a mark."""
    here, other = f"s3://{BUCKET}/{prefix}", f"s3://{BUCKET}/{prefix}-moved"

    assert 0 == made("status").code
    assert 0 == made("status", f"--data-path={here}").code
    for data_path in (other, "a-folder"):
        refused = made("status", f"--data-path={data_path}")
        assert (2, True) == (refused.code, f"its data path is {here}, which is" in refused.stderr)

    for key in s3.keys(prefix):
        client = Objects(read_place(f"s3://{BUCKET}", "data path"))
        client.copy([(key, key.replace(prefix, f"{prefix}-moved"))])
        s3.remove(key)
    gone = manyhands("status", *named)
    assert (3, True) == (gone.code, f"its data path {here} isn't there" in gone.stderr)
    assert 0 == made("status", f"--data-path={other}").code


# read and written


def test_events_become_statements(made: Call, s3: Store, prefix: str) -> None:
    """The gate's verdict lies beside the data, and is named by where it is."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    closed = made("close", "--due", AS_OF, "--json")
    assert 0 == closed.code, closed.stderr
    listed = made("statements", "list", "--json")

    assert listed.json
    period = closed.json["closes"][0]["period"]
    assert f"{prefix}/gate/{period}.json" in s3.keys(prefix)
    assert [] == s3.keys(f"{prefix}/staged")


def test_a_close_that_the_gate_stops_names_its_verdict_in_the_store(
    made: Call, prefix: str, tmp_path: Path
) -> None:
    """As others find it."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/never.sql").write_text(
        "-- Nothing is ever right.\n-- Grain: one row.\n--\n-- one INTEGER: one\nSELECT 1 AS one\n"
    )
    assert 0 == made("ingest", EVENTS, AS_OF).code

    stopped = made("close", "--due", AS_OF, "--checks=checks")

    assert 4 == stopped.code, stopped.stderr
    assert f"s3://{BUCKET}/{prefix}/gate/" in stopped.stderr


def test_a_query_reaches_its_data_alone(made: Call, s3: Store, prefix: str) -> None:
    """Neither another place in the bucket, nor the keys."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    s3.put(f"{prefix}-other/notes.csv", b"a,b\n1,2\n")

    assert 0 == made("query", "SELECT count(*) AS n FROM event", "--json").code
    for text in (
        f"FROM 's3://{BUCKET}/{prefix}-other/notes.csv'",
        f"FROM read_csv('s3://{BUCKET}/{prefix}-other/notes.csv')",
        "FROM duckdb_secrets()",
        "FROM which_secret('s3://training', 's3')",
    ):
        refused = made("query", text)
        assert (2, "") == (refused.code, refused.stdout), text
        assert not [secret for secret in CANARIES if secret in refused.stderr]


def test_the_engine_lets_no_query_out_of_its_place(warehouse: Warehouse) -> None:
    """A wall of its own, behind that of the names."""
    from pipelines.lake.query import locked

    with locked(warehouse) as (connection, _):
        assert connection.execute("SELECT seq FROM head").fetchall()
        for text in (f"FROM glob('s3://{BUCKET}/*')", f"FROM read_text('s3://{BUCKET}/x')"):
            with pytest.raises(duckdb.Error, match=r"disabled|not allowed|Permission"):
                connection.execute(text)


def test_what_one_process_has_kept_another_one_finds(
    warehouse: Warehouse, s3: Store, prefix: str, tmp_path: Path
) -> None:
    """Each has a folder of its own, which goes with it."""
    path = warehouse.manifests / "abc"
    path.write_bytes(b"rows")
    working_copy.send(warehouse, path, path)
    fetched = tmp_path / "fetched"

    assert working_copy.fetch(warehouse, path, fetched)
    assert b"rows" == fetched.read_bytes()
    assert not working_copy.fetch(warehouse, warehouse.manifests / "other", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert f"{prefix}/manifests/abc" in s3.keys(prefix)


def test_workers_on_other_machines_need_a_folder(
    made: Call, manyhands: Run, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share what they stage with the process that commits."""
    assert 0 == made("status").code
    monkeypatch.setattr(Engine, "refuse_unless_usable", lambda _: None)
    options = ("--runner=dask", "--", "--dask_client_address=tcp://x")

    refused = manyhands("ingest", EVENTS, AS_OF, *named, *options)

    assert 2 == refused.code
    assert "--runner dask needs a data path that is a folder" in refused.stderr


# what fails


def test_an_outage_is_exit_75_and_loses_nothing(
    made: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, and while events are written; later the same command takes all."""
    with monkeypatch.context() as patch, asked(nobody("s3"), patch):
        for words in (["ingest", EVENTS, AS_OF], ["close", "--due", AS_OF], ["status"]):
            failed = made(*words)
            assert (75, "") == (failed.code, failed.stdout), failed.stderr
            assert "can't be reached now (no connection)" in failed.stderr

    assert 0 == made("ingest", EVENTS, AS_OF).code


@pytest.mark.parametrize(("status", "code"), [(403, 1), (401, 1), (503, 75)])
def test_a_store_that_refuses_says_so(
    made: Call, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    """Nothing that is secret is in the message."""
    body = b"<Error><Code>AccessDenied</Code><Message>an-access-key</Message></Error>"
    with (
        answering("s3", status, body) as denying,
        monkeypatch.context() as patch,
        asked(denying, patch),
    ):
        failed = made("ingest", EVENTS, AS_OF)

    assert code == failed.code, failed.stderr
    assert 1 == failed.stderr.count("error: ")
    assert not [secret for secret in CANARIES if secret in failed.stderr]


def test_a_data_file_that_is_gone_is_to_be_restored(made: Call, s3: Store, prefix: str) -> None:
    """As one on a disk is."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    (first, *_) = s3.keys(f"{prefix}/data/main/image_licensed")
    s3.remove(first)

    failed = made("query", "FROM image_licensed")

    assert 1 == failed.code
    assert f"s3://{BUCKET}/{first} is missing" in failed.stderr
    assert "restore it from a backup" in failed.stderr


@pytest.mark.parametrize("damage", [b"", b"<html>no</html>", os.urandom(5_000), None])
def test_a_data_file_that_is_damaged_is_to_be_restored(
    made: Call, s3: Store, prefix: str, damage: bytes | None
) -> None:
    """Never to be tried again: a timer would, for good. None: half of it is there."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    (first, *_) = s3.keys(f"{prefix}/data/main/image_licensed")
    whole = Objects(read_place(f"s3://{BUCKET}", "data path")).read(first) or b""
    s3.put(first, whole[: len(whole) // 2] if damage is None else damage)

    failed = made("query", "FROM image_licensed")

    assert 1 == failed.code, failed.stderr
    named = f"a file in s3://{BUCKET}/{prefix}" if damage is None else f"s3://{BUCKET}/{first}"
    assert f"{named} is damaged" in failed.stderr
    assert "restore it from a backup" in failed.stderr


def test_verifying_hashes_what_the_store_has(made: Call, s3: Store, prefix: str) -> None:
    """A clean warehouse is silent; a changed object is found, and a lost one."""
    assert 0 == made("ingest", EVENTS, AS_OF).code
    clean = made("verify")
    (changed, *_) = s3.keys(f"{prefix}/data/main/image_licensed")
    (lost, *_) = s3.keys(f"{prefix}/data/main/contributor")
    s3.put(changed, b"other")
    s3.remove(lost)

    outcome = made("verify", "--json")
    assert 4 == outcome.code, outcome.stderr
    found = outcome.json["findings"]

    assert (0, "") == (clean.code, clean.stdout)
    own = len(prefix) + 1
    assert {("file_changed", changed[own:]), ("file_missing", lost[own:])} == {
        (one["code"], one["key"]) for one in found
    }


def test_a_copy_of_a_manifest_that_others_wrote_is_not_believed(
    made: Call, s3: Store, prefix: str, tmp_path: Path
) -> None:
    """Neither its rows nor the file; one that is as it was is found without its root."""
    line = b'{"image_id":"a"}\n'
    digest = sha256(line).hexdigest()
    (tmp_path / "stolen.ndjson").write_bytes(b'{"image_id":"stolen"}\n')
    query = "SELECT image_id, 1000::INTEGER AS weight_milli FROM read_json('stolen.ndjson')"
    duckdb.execute(f"COPY ({query}) TO '{tmp_path}/stolen.parquet' (FORMAT parquet)")
    s3.put(f"{prefix}/manifests/{digest}.parquet", (tmp_path / "stolen.parquet").read_bytes())
    s3.put(f"{prefix}/manifests/{digest}", b"something else")
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots/m").write_bytes(line)
    events = Events()
    events.model("1", {"uri": "m", "sha256": digest, "rows": 1})
    source = events.write(tmp_path / "trained.ndjson")

    assert 0 == made("ingest", source, AS_OF, "--manifest-roots=roots").code

    entries = made("query", "SELECT image_id FROM manifest_entry", "--json").json
    assert [{"image_id": "a"}] == entries
    assert line == Objects(read_place(f"s3://{BUCKET}/{prefix}", "data path")).read(
        f"manifests/{digest}"
    )


def test_a_commit_of_nobodys_is_left_alone(made: Call, s3: Store, prefix: str) -> None:
    """What others lay beside ours stops nothing."""
    s3.put(f"{prefix}/staged/commit-x/session", "séance".encode())
    s3.put(f"{prefix}/staged/notes", b"")

    assert 0 == made("ingest", EVENTS, AS_OF).code


def test_an_object_whose_making_was_answered_to_nobody_is_ones_own(s3: Store, prefix: str) -> None:
    """The client asks again by itself, and is told that it is there."""
    place = Objects(read_place(f"s3://{BUCKET}/{prefix}", "data path"))
    place.create(MARK, b"ours")

    place.create(MARK, b"ours")

    assert [f"{prefix}/{MARK}"] == s3.keys(prefix)


@pytest.mark.parametrize("error", [KeyboardInterrupt, TryAgainError])
def test_an_init_that_is_cut_off_after_its_commit_keeps_everything(  # noqa: PLR0913, PLR0917  fixtures
    manyhands: Run,
    named: list[str],
    s3: Store,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    """The catalog names what is there."""

    def cut(_: object) -> None:
        raise error

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(kept_objects.Kept, "forget", cut)
        manyhands("init", *named, f"--data-path=s3://{BUCKET}/{prefix}")

    assert s3.keys(f"{prefix}/data")
    assert 0 == manyhands("ingest", EVENTS, AS_OF, *named).code


# a COMMIT without an answer


SESSION = "manyhands-gone"


def _keep(warehouse: Warehouse, s3: Store, prefix: str, mark: str) -> str:
    """Keep a new object for a commit, whose own is then removed, and return its key."""
    key = f"{prefix}/data/main/event/new.parquet"
    s3.put(key, b"rows")
    made = ["data/main/event/new.parquet", "data/main/event/taken-back.parquet"]
    with kept_objects.kept(warehouse, mark, SESSION, made):
        s3.remove(key)
    return key


def _recover(warehouse: Warehouse, *marks: str) -> None:
    kept_objects.recover(warehouse, marks.__contains__, lambda mark, _: mark == "late")


def test_what_a_commit_names_is_put_back(warehouse: Warehouse, s3: Store, prefix: str) -> None:
    """By whoever opens the warehouse next; then nothing more is kept."""
    key = _keep(warehouse, s3, prefix, "made")

    _recover(warehouse, "made")

    assert [key] == s3.keys(f"{prefix}/data/main/event/new")
    assert [] == s3.keys(f"{prefix}/staged")


def test_what_may_still_be_committed_is_kept_for_a_day(
    warehouse: Warehouse, s3: Store, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the session that was to commit is ended, and it is known whether it did."""
    key = _keep(warehouse, s3, prefix, "open")
    before = s3.keys(f"{prefix}/staged")
    _recover(warehouse)
    assert before == s3.keys(f"{prefix}/staged")

    monkeypatch.setattr(kept_objects, "_ABANDONED", timedelta(days=-1))
    late = _keep(warehouse, s3, prefix, "late")
    _recover(warehouse)

    assert [late] == [key] == s3.keys(f"{prefix}/data/main/event/new")
    assert [] == s3.keys(f"{prefix}/staged")


# keys


@pytest.mark.parametrize(("scheme", "profile"), [("s3", "default"), ("gs", "gs")])
def test_keys_may_be_in_a_file(
    scheme: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of AWS's tools; Google's HMAC keys are in a profile of their own."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GS_")):
            monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place = Place(scheme, "bucket", "")
    with pytest.raises(ManyhandsError, match="there are no keys; set"):
        keys_of(place)

    file.write_text(f"[{profile}]\naws_access_key_id = k\naws_secret_access_key = hidden\n")
    keys = keys_of(place)

    assert ("k", "hidden", "") == (keys.key_id, keys.secret, keys.token)
    assert "hidden" not in repr(keys)
    hosts = {"s3": "s3.us-east-1.amazonaws.com", "gs": "storage.googleapis.com"}
    assert (hosts[scheme], True) == (keys.host, keys.is_encrypted)
