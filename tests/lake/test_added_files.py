"""The file of a manifest's checked rows becomes a data file as it is (SPEC §3.3)."""

import errno
import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.manifests import Manifests
from pipelines.lake import log, manifest_staging
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.log import StagedBatch, append
from pipelines.lake.manifest import rows_path
from pipelines.lake.setting import Setting
from pipelines.lake.transaction import LostRaceError
from pipelines.lake.warehouse import Warehouse
from tests.conftest import Run
from tests.lake.sending import batch, received, rows, send
from tests.marketplace import Events

MANIFEST = b'{"image_id":"i"}\n{"image_id":"j","weight":"2"}\n'
DIGEST = sha256(MANIFEST).hexdigest()
ENTRIES = [(DIGEST, "i", 1000), (DIGEST, "j", 2000)]
AS_OF = "--as-of=2027-02-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _however_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_staging, "LEAST_ADDED", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty warehouse beside the manifest `m`."""
    (tmp_path / "m").write_bytes(MANIFEST)
    create(Warehouse(tmp_path / "warehouse"), Setting())
    return tmp_path / "warehouse"


def _model(name: str) -> dict[str, object]:
    events = Events(f"/{name}")
    events.model(name, {"uri": "m", "sha256": DIGEST, "rows": 2})
    return events.events[0]


def _files(folder: Path) -> list[Path]:
    return list((folder / "data/main/manifest_entry").iterdir())


def _entries(folder: Path) -> list[tuple[object, ...]]:
    return rows(folder, "FROM manifest_entry ORDER BY ALL")


def _sum(folder: Path) -> list[tuple[object, ...]]:
    query = "SELECT rows_added, md5_sum FROM row_sum WHERE relation = 'manifest_entry'"
    return rows(folder, query)


def test_the_kept_rows_are_the_data_file(folder: Path) -> None:
    """To the byte, and without a second copy; the commit keeps its digest."""
    send(folder, [_model("a")], [folder.parent])

    (file,) = _files(folder)
    assert file.samefile(rows_path(Warehouse(folder), DIGEST))
    assert ENTRIES == _entries(folder)
    said = rows(folder, "SELECT commit_extra_info FROM ducklake_snapshots('warehouse')")
    digest = sha256(file.read_bytes()).hexdigest()
    assert digest in str(said)


def test_what_a_commit_says_of_its_rows_is_the_same_where_they_are_copied(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their number and the sum of their digests, which each close's gate looks at."""
    send(folder, [_model("a")], [folder.parent])
    monkeypatch.setattr(manifest_staging, "LEAST_ADDED", 3)
    create(Warehouse(tmp_path / "copied"), Setting())
    send(tmp_path / "copied", [_model("a")], [folder.parent])

    assert _sum(tmp_path / "copied") == _sum(folder)
    assert ENTRIES == _entries(tmp_path / "copied")


def test_a_file_is_added_once(folder: Path) -> None:
    """Two models of a batch share it, and so does one of a later batch."""
    send(folder, [_model("a"), _model("b")], [folder.parent])
    send(folder, [_model("c")], [folder.parent])

    assert 1 == len(_files(folder))
    assert ENTRIES == _entries(folder)


def test_a_file_whose_event_is_no_news_is_not_added(folder: Path) -> None:
    """Of an event that is a conflict nothing is stored."""
    inline = Events("/a")
    inline.model("a", [{"image_id": "k"}])
    send(folder, inline.events)
    send(folder, [_model("a")], [folder.parent])

    ((image_id,),) = rows(folder, "SELECT image_id FROM manifest_entry")
    assert "k" == image_id


Add = Callable[[str, Path], None]


def _others_first(times: int) -> Callable[[duckdb.DuckDBPyConnection, Add], None]:
    """Return what writes a batch, but loses the race so many times once all is written."""
    write, lost = log._write_and_add, iter(range(times))

    def written(connection: duckdb.DuckDBPyConnection, add: Add) -> None:
        write(connection, add)
        if next(lost, None) is not None:
            raise LostRaceError

    return written


def test_who_loses_the_race_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next attempt adds the file anew, once."""
    monkeypatch.setattr(log, "_write_and_add", _others_first(2))
    send(folder, [_model("a")], [folder.parent])

    assert 1 == len(_files(folder))
    assert ENTRIES == _entries(folder)


def test_two_committers_of_one_manifest_add_it_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one looks again at what the log has."""
    warehouse = Warehouse(folder)
    manifests = Manifests(warehouse, (folder.parent,), 1 << 30)
    first, second = (batch(received([_model(name)]), manifests) for name in "ab")
    judge = log._judge

    def overtaken(connection: duckdb.DuckDBPyConnection, own: StagedBatch) -> None:
        judge(connection, own)
        monkeypatch.setattr(log, "_judge", judge)
        with connect(warehouse) as other:
            append(other, warehouse, first)

    monkeypatch.setattr(log, "_judge", overtaken)
    with connect(warehouse) as connection:
        assert 2 == append(connection, warehouse, second).head

    assert ENTRIES == _entries(folder)


def test_a_disk_without_links_gets_a_copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a data file like any other."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    send(folder, [_model("a")], [folder.parent])

    (file,) = _files(folder)
    kept = rows_path(Warehouse(folder), DIGEST)
    assert not file.samefile(kept)
    assert kept.read_bytes() == file.read_bytes()
    assert ENTRIES == _entries(folder)


def test_rows_that_an_earlier_version_kept_are_copied(folder: Path) -> None:
    """Its files have an image and a weight, and no sum in their footer."""
    send(folder, [], [folder.parent])
    kept = rows_path(Warehouse(folder), DIGEST)
    weights = pa.array([1000, 2000], pa.int32())
    pq.write_table(pa.table({"image_id": ["i", "j"], "weight_milli": weights}), kept)
    send(folder, [_model("a")], [folder.parent])

    assert ENTRIES == _entries(folder)
    assert kept.stat().st_nlink == 1


def test_all_that_is_done_with_a_warehouse_takes_an_added_file(
    manyhands: Run, tmp_path: Path
) -> None:
    """Ingest, close, verify, maintain beside other files of the relation, rebuild: all agree."""
    (tmp_path / "m").write_bytes(MANIFEST)
    events = Events()
    events.terms(training_share="0.5", generation_share="0.2")
    events.contributor("ana")
    events.licence("i", "ana")
    events.model("1", {"uri": "m", "sha256": DIGEST, "rows": 2})
    events.generation("1", "100")
    later = Events("/later")
    later.model("2", [{"image_id": "i"}])
    for number, some in enumerate((events, later)):
        source = some.write(tmp_path / f"{number}.ndjson")
        assert 0 == manyhands("ingest", source, f"--manifest-roots={tmp_path}", AS_OF).code
    kept = rows_path(Warehouse(tmp_path / "warehouse"), DIGEST)
    assert 2 == kept.stat().st_nlink
    assert 0 == manyhands("close", "--due", AS_OF).code
    verified = manyhands("verify")
    assert ("", 0) == (verified.stdout, verified.code)

    assert "manifest_entry" in manyhands("maintain", "--json").json["merged"]
    verified = manyhands("verify")
    assert ("", 0) == (verified.stdout, verified.code)
    assert 3 == len(_entries(tmp_path / "warehouse"))
    assert 0 == manyhands("rebuild", f"--to={tmp_path / 'again'}").code
    statements = manyhands("statements", "list", "--json").json
    assert json.dumps(statements) == json.dumps(
        manyhands("statements", "list", "--json", f"--warehouse={tmp_path / 'again'}").json
    )
