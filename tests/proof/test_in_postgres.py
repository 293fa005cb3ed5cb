"""A catalog in PostgreSQL keeps the tree, checkpoints and cosignatures as one in a folder does."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.lake import cosignatures, reading
from pipelines.lake.catalogs import located
from pipelines.lake.connection import connect
from pipelines.lake.cosignatures import Cosignature
from pipelines.proof.faults import faults
from tests.conftest import run
from tests.postgres import Postgres
from tests.proof.conftest import NEXT, Log
from tests.proof.witness import NAME, running


def test_a_signed_warehouse_goes_on_in_postgresql(
    postgres: Postgres, log: Log, tmp_path: Path
) -> None:
    """It is made again there; then closed, signed, cosigned and proven."""
    named = postgres.warehouse()
    target = [word.replace("--", "--to-").replace("--to-warehouse", "--to") for word in named]
    done = run(["rebuild", log.on, *target, f"--to-data-path={tmp_path / 'data'}"])
    assert 0 == done.code, done.stderr
    proof = tmp_path / "2026-10-ana"
    with running() as witness:
        url = f"{witness.url}#{witness.key}"
        as_of = "--as-of=2027-02-02T00:00:00Z"
        words = ["close", *named, f"--period={NEXT[1]}", as_of, f"--signing-key={log.key}"]
        assert 0 == run([*words, f"--witnesses={url}"]).code
        kept = run(["checkpoint", "show", *named]).stdout
        (tmp_path / "kept").write_text(kept, encoding="utf-8")
        assert 0 == run(["statements", "proof", "2026-10/ana", f"--out={tmp_path}", *named]).code
        keys = [f"--key={log.verifier_key}", f"--key={witness.key}"]
    checked = ["verify", f"--proof={proof}.tlog-proof", f"--statement={proof}.json", *keys]

    assert 0 == run(checked).code
    assert 0 == run(["verify", f"--checkpoint={tmp_path / 'kept'}", *named, *keys]).code
    with reading.connect(postgres.place(named)) as connection:
        assert [] == list(faults(connection))


def test_a_cosignature_that_two_ask_for_is_kept_once(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the second has no lock, and looks at what is there before the first commits."""
    named = postgres.warehouse()
    assert 0 == run(["init", *named, f"--data-path={tmp_path / 'data'}"]).code
    warehouse = replace(located(postgres.place(named)), lock_seconds=0.0)
    stored = cosignatures.stored
    at = datetime(2027, 1, 2)  # noqa: DTZ001  naive is UTC here
    one = Cosignature(NEXT[0], "https://w.example", NAME, "00000000", "line\n", None, at)

    def overtaken(connection: duckdb.DuckDBPyConnection) -> list[Cosignature]:
        there = stored(connection)
        monkeypatch.setattr(cosignatures, "stored", stored)
        with connect(warehouse) as other:
            cosignatures.keep(other, warehouse, [one])
        return there

    monkeypatch.setattr(cosignatures, "stored", overtaken)
    with connect(warehouse) as connection:
        cosignatures.keep(connection, warehouse, [one])

        assert [one] == stored(connection)
