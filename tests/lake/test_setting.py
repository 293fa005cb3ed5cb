"""A warehouse has a format, and only a program of the same opens it (SPEC §7.1)."""

import tarfile
from pathlib import Path

import pytest

from pipelines.lake.connection import connect
from pipelines.lake.setting import FORMAT
from pipelines.lake.warehouse import Warehouse
from tests.conftest import run

FIRST = Path(__file__).parents[1] / "data" / "warehouse-format-1.tar.gz"
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
    ["deadletter", "list"],
    ["deadletter", "show", "x"],
]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack a warehouse of format 1."""
    place = tmp_path_factory.mktemp("format")
    with tarfile.open(FIRST) as archive:
        archive.extractall(place, filter="data")
    (catalog,) = place.rglob("catalog.sqlite")
    return catalog.parent


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_warehouse_of_another_format(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """It ends with exit 1, both numbers and what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ndjson").touch()
    ended = run([*command, f"--warehouse={first}"])

    said = f"{first} has format 1, and this manyhands {FORMAT}; make a new warehouse and ingest"
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
