"""How much memory the engine may take is a setting, typed and bounded (SPEC §8, promise 8)."""

from pathlib import Path

import pytest

from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.memory import read_bytes
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run


@pytest.mark.parametrize(
    ("text", "size"), [("64MiB", 1 << 26), ("4GB", 4 * 10**9), ("64TiB", 1 << 46)]
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    """Units of a thousand and of 1,024 are told apart."""
    assert size == read_bytes(text)


@pytest.mark.parametrize("text", ["x", "-5", "", "5", "0GB", "63MiB", "65TiB", "1.5GB", "80%"])
def test_what_is_no_size_is_a_usage_error(
    manyhands: Run, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Exit 2 and the variable's name, before anything is done."""
    monkeypatch.setenv("MANYHANDS_MEMORY_LIMIT", text or " ")
    ended = manyhands("init")

    assert 2 == ended.code
    assert "MANYHANDS_MEMORY_LIMIT" in ended.stderr
    assert "is not a size from 64MiB to 64TiB" in ended.stderr


def test_the_setting_reaches_the_engine(tmp_path: Path) -> None:
    """As it was set for this warehouse, whatever was read before."""
    warehouse = Warehouse(tmp_path / "w", memory_bytes=300 << 20)
    create(warehouse, Setting())
    with connect(warehouse) as connection:
        limit = connection.execute("SELECT current_setting('memory_limit')").fetchone()

    assert ("300.0 MiB",) == limit
