"""A warehouse has a format, and only a program of the same opens it (SPEC §7.1)."""

import tarfile
from pathlib import Path

import pytest

from pipelines.lake.connection import connect
from pipelines.lake.setting import FORMAT
from pipelines.lake.warehouse import Warehouse
from tests.conftest import run
from tests.everyday import some_of

DATA = Path(__file__).parents[1] / "data"
_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns()"
    " WHERE database_name = 'warehouse' ORDER BY ALL"
)
COMMANDS = [
    ["init"],
    ["ingest", "a.ndjson"],
    ["close", "--due"],
    ["close", "--due", "--dry-run"],
    ["statements", "list"],
    ["statements", "show", "2026-10/ana"],
    ["statements", "export", "--format=json", "--out=out"],
    ["held"],
    ["query", "SELECT 1"],
    ["status"],
    ["publish", "--to=."],
    ["deadletter", "list"],
    ["deadletter", "show", "x"],
    ["deadletter", "replay"],
    ["deadletter", "replay", "--dry-run"],
    ["deadletter", "dismiss", "x", "--note=x"],
    ["deadletter", "export", "--out=out"],
]


def unpack(number: int, place: Path) -> Path:
    """Unpack the warehouse that was kept of a format."""
    with tarfile.open(DATA / f"warehouse-format-{number}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    return place / f"warehouse-format-{number}"


@pytest.fixture(scope="module", params=some_of([1, FORMAT - 1], range(1, FORMAT)))
def earlier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack a warehouse of each earlier format."""
    return unpack(request.param, tmp_path_factory.mktemp("format"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_warehouse_of_another_format(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """It ends with exit 1, both numbers and what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ndjson").touch()
    ended = run([*command, f"--warehouse={earlier}"])

    number = earlier.name.rpartition("-")[2]
    advice = "make a new warehouse" if number == "1" else "bring it to that with `manyhands migrate"
    said = f"{earlier} has format {number}, and this manyhands {FORMAT}; {advice}"
    assert (1, 1) == (ended.code, len(ended.stderr.splitlines()))
    assert said in ended.stderr


def test_a_later_format_is_refused_too(tmp_path: Path) -> None:
    """There a new warehouse would be the wrong advice."""
    on = f"--warehouse={tmp_path / 'w'}"
    assert 0 == run(["init", on]).code
    with connect(Warehouse(tmp_path / "w")) as connection:
        connection.execute(f"UPDATE warehouse.setting SET format = {FORMAT + 1}")

    ended = run(["status", on])

    assert 1 == ended.code
    assert f"has format {FORMAT + 1}, and this manyhands {FORMAT}; use the manyhands" in (
        ended.stderr
    )


def test_a_stored_relation_that_changes_raises_the_format(tmp_path: Path) -> None:
    """A warehouse made now has the relations and columns of the one kept of this format."""
    kept = unpack(FORMAT, tmp_path)
    assert 0 == run(["init", f"--warehouse={tmp_path / 'new'}"]).code
    columns = []
    for folder in (kept, tmp_path / "new"):
        with connect(Warehouse(folder)) as connection:
            columns.append(connection.execute(_COLUMNS).fetchall())

    assert columns[0] == columns[1]


def test_a_warehouse_of_this_format_goes_on(tmp_path: Path) -> None:
    """What it took before is a duplicate, and the close after its own passes the gate."""
    kept = unpack(FORMAT, tmp_path)
    words = [f"--warehouse={kept}", "--as-of=2027-01-01T00:00:00Z", "--json"]

    again = run(["ingest", str(kept / "events"), *words])
    closed = run(["close", "--period=2026-12", *words])

    assert (0, 0, 0) == (again.code, again.json["accepted"], closed.code)
