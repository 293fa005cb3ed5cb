"""Manifests that aren't inline are found, copied, hashed and checked (SPEC §3.3)."""

import errno
import json
import os
import socket
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.manifests import Manifests
from pipelines.lake import disk, manifest_entries, manifest_rows
from pipelines.lake.manifest import NoRoomError, rows_path
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.repeats import Hashes
from pipelines.lake.warehouse import Warehouse
from schemas.rejection import Reason
from tests.conftest import Run
from tests.lake.sending import rows
from tests.marketplace import Events

NONE = "0" * 64


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a manifest root."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def manifests(tmp_path: Path, root: Path) -> Manifests:
    """Return manifests under two roots, the first of them empty, kept in a bare folder."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "warehouse/data").mkdir(parents=True)
    return Manifests(Warehouse(tmp_path / "warehouse"), (tmp_path / "empty", root), 1 << 30)


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return sha256(content).hexdigest()


def _write_parquet(path: Path, query: str) -> str:
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return sha256(path.read_bytes()).hexdigest()


def _rows(manifests: Manifests, digest: str) -> list[tuple[str, int]]:
    kept = duckdb.from_parquet(str(rows_path(manifests.warehouse, digest)))
    rows = kept.select("image_id", "weight_milli").order("image_id").fetchall()
    return [(image_id, weight_milli) for image_id, weight_milli in rows]


def _reason(manifests: Manifests, uri: str, digest: str, rows: int) -> Reason:
    with pytest.raises(ManifestError) as refused:
        manifests.fetch(uri, digest, rows)
    assert refused.value.message
    return refused.value.reason


@pytest.mark.parametrize(
    ("weight", "milli"),
    [
        ("NULL", 1000),
        ("'1.50'", 1500),
        ("'1000.000'", 1_000_000),
        ("CAST(0.123 AS DECIMAL(3, 3))", 123),
        ("CAST(0.1230 AS DECIMAL(4, 4))", 123),
        ("CAST(1000 AS DECIMAL(38, 0))", 1_000_000),
        ("CAST(1.5 AS DECIMAL(38, 37))", 1500),
    ],
)
def test_a_parquet_manifest_has_its_weights_exactly(
    manifests: Manifests, root: Path, weight: str, milli: int
) -> None:
    """A weight is text or a DECIMAL of any width; null is 1."""
    query = f"SELECT 'img-' || i AS image_id, {weight} AS weight FROM range(2) AS t (i)"
    digest = _write_parquet(root / "m.parquet", query.replace("NULL", "CAST(NULL AS VARCHAR)"))

    manifests.fetch("m.parquet", digest, 2)

    assert [("img-0", milli), ("img-1", milli)] == _rows(manifests, digest)


def test_a_parquet_manifest_needs_no_weights(manifests: Manifests, root: Path) -> None:
    """Without the column each image weighs 1."""
    digest = _write_parquet(root / "m.parquet", "SELECT 'a' AS image_id")

    manifests.fetch("m.parquet", digest, 1)

    assert [("a", 1000)] == _rows(manifests, digest)


def test_an_ndjson_manifest_is_read_as_events_lines_are(manifests: Manifests, root: Path) -> None:
    """Blank lines are skipped, a CR is white space, the last line needs no end."""
    first, second = b'{"image_id":"a"}\r\n', b'{"weight":"2.50","image_id":"b"}\n'
    last = b'{"image_id":"c","weight":null}'
    digest = _write(root / "m.txt", first + b" \t\r\n\n" + second + last)

    manifests.fetch("m.txt", digest, 3)

    assert [("a", 1000), ("b", 2500), ("c", 1000)] == _rows(manifests, digest)


@pytest.mark.parametrize(
    "columns",
    [
        "CAST(1.5 AS DOUBLE) AS weight",
        "CAST(1 AS INTEGER) AS weight",
        "CAST(0.1234 AS DECIMAL(9, 4)) AS weight",
        "CAST(0 AS DECIMAL(9, 3)) AS weight",
        "CAST(-1 AS DECIMAL(9, 3)) AS weight",
        "CAST(1000.001 AS DECIMAL(9, 3)) AS weight",
        "'1e2' AS weight",
        "'01' AS weight",
        "'0.000' AS weight",
        "'1000.001' AS weight",
        "'1' || chr(10) AS weight",
        "'.5' AS weight",
        "'1' AS weight, 1 AS other",
        "'1' AS WEIGHTS",
    ],
)
def test_a_parquet_manifest_with_other_weights_or_columns_is_refused(
    manifests: Manifests, root: Path, columns: str
) -> None:
    """A float, an integer, a weight beyond its limits, a column that isn't known."""
    digest = _write_parquet(root / "m.parquet", f"SELECT 'a' AS image_id, {columns}")

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m.parquet", digest, 1)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT CAST(NULL AS VARCHAR) AS image_id",
        "SELECT '' AS image_id",
        "SELECT 'a' || chr(10) AS image_id",
        "SELECT repeat('a', 129) AS image_id",
        "SELECT 1 AS image_id",
        "SELECT 'a' AS IMAGE_ID",
        "SELECT '1' AS weight",
        "SELECT unnest(['a', 'b', 'a']) AS image_id",
        "SELECT 'a' AS image_id WHERE false",
    ],
)
def test_a_parquet_manifest_with_other_images_is_refused(
    manifests: Manifests, root: Path, query: str
) -> None:
    """An image is an identifier and stands once."""
    digest = _write_parquet(root / "m.parquet", query)

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m.parquet", digest, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"x" * 5_000 + b"\xff\xff\xff\x7fPAR1",
        b"\xff\xfe\x00",
        b"[]\n",
        b'{"image_id":"a"}\n{"image_id":"a"}\n',
        b'{"image_id":"a","image_id":"a"}\n',
        b'{"image_id":"a","weight":1}\n',
        b'{"image_id":"a","note":null}\n',
        b'{"image_id":"' + b"a" * (1 << 20) + b'"}\n',
        b'{"image_id":' + b"[" * 17 + b"]" * 17 + b"}\n",
        b'{"image_id":"a"}\n{"image_id":\n',
    ],
)
def test_whatever_stands_in_a_file_is_refused_and_no_more(
    manifests: Manifests, root: Path, content: bytes
) -> None:
    """A file that is no manifest is a mismatch, never a failure."""
    digest = _write(root / "m", content)

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", digest, 1)


def test_a_damaged_parquet_file_is_refused_and_no_more(manifests: Manifests, root: Path) -> None:
    """Bytes at random anywhere in it make it wrong, or another manifest; nothing fails."""
    random = Random(7)  # noqa: S311  the same bytes every time
    query = "SELECT 'i' || i AS image_id, CAST(i % 9 + 1 AS VARCHAR) AS weight FROM range(500) t(i)"
    _write_parquet(root / "good.parquet", query)
    good = (root / "good.parquet").read_bytes()
    refused = 0
    for _ in range(60):
        damaged = bytearray(good)
        for _ in range(random.choice((1, 4))):
            damaged[random.randrange(4, len(good) - 8)] = random.randrange(256)
        digest = _write(root / "damaged.parquet", bytes(damaged))
        try:
            manifests.fetch("damaged.parquet", digest, 500)
        except ManifestError:
            refused += 1

    assert refused > 30


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_rows_is_that_of_the_event(
    manifests: Manifests, root: Path, rows: int
) -> None:
    """One too few and one too many are a mismatch, also where the copy is there already."""
    digest = _write(root / "m", b'{"image_id":"a"}\n{"image_id":"b"}\n')

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", digest, rows)
    manifests.fetch("m", digest, 2)
    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", digest, rows)


def test_an_ndjson_manifest_has_a_limit(
    manifests: Manifests, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it Parquet is asked for."""
    monkeypatch.setattr(manifest_rows, "MOST_NDJSON_ROWS", 2)
    digest = _write(root / "m", b"".join(b'{"image_id":"%d"}\n' % number for number in range(3)))

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", digest, 3)


def test_other_bytes_are_a_mismatch_and_leave_nothing(manifests: Manifests, root: Path) -> None:
    """A file whose SHA-256 isn't the event's is not kept."""
    _write(root / "m", b'{"image_id":"a"}\n')

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", NONE, 1)
    assert [] == list(manifests.warehouse.manifests.iterdir())


def test_a_manifest_is_read_once_per_digest(manifests: Manifests, root: Path) -> None:
    """Where the copy is there, the uri isn't looked at again; the copy is the file to the byte."""
    content = b'{"image_id":"a"}\n'
    digest = _write(root / "m", content)
    manifests.fetch("m", digest, 1)
    (root / "m").unlink()

    manifests.fetch("m", digest, 1)
    manifests.fetch("elsewhere", digest, 1)

    assert content == (manifests.warehouse.manifests / digest).read_bytes()


@pytest.mark.parametrize(
    "uri",
    [
        "",
        ".",
        "gone.ndjson",
        "folder",
        "..",
        "../root/m",
        "folder/../m",
        "/etc/passwd",
        "//etc/passwd",
        "m/m",
        "a\0b",
        "x" * 500,
        "s3://bucket/m",
        "gs://bucket/m",
        "https://example.com/m",
        "file:///etc/passwd",
        "outside",
        "outside-folder/secret",
        "loop",
    ],
)
def test_a_uri_never_leads_out_of_the_roots(
    manifests: Manifests, tmp_path: Path, root: Path, uri: str
) -> None:
    """Absolute paths, `..`, schemes, links that leave, loops and folders: unavailable."""
    secret = _write(tmp_path / "secret", b'{"image_id":"a"}\n')
    _write(root / "m", b'{"image_id":"a"}\n')
    (root / "folder").mkdir()
    (root / "outside").symlink_to(tmp_path / "secret")
    (root / "outside-folder").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")

    assert Reason.MANIFEST_UNAVAILABLE == _reason(manifests, uri, secret, 1)


def test_a_link_within_its_root_is_followed(manifests: Manifests, root: Path) -> None:
    """A link is a way to name a file of the root."""
    digest = _write(root / "m", b'{"image_id":"a"}\n')
    (root / "latest").symlink_to("m")

    manifests.fetch("latest", digest, 1)

    assert [("a", 1000)] == _rows(manifests, digest)


def test_a_disk_that_fails_is_no_mismatch(
    manifests: Manifests, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is our fault is an error that ends the command, not a reason to refuse the event."""
    digest = _write_parquet(root / "m.parquet", "SELECT 'a' AS image_id")

    def fail(*_: object) -> None:
        message = "No space left on device"
        raise OSError(message)

    monkeypatch.setattr(disk, "sync_file", fail)
    with pytest.raises(OSError, match="No space left"):
        manifests.fetch("m.parquet", digest, 1)

    monkeypatch.undo()
    manifests.fetch("m.parquet", digest, 1)
    assert [("a", 1000)] == _rows(manifests, digest)


@pytest.mark.parametrize("uri", ["", "/etc/passwd", "../m.ndjson", "a/../m.ndjson", "gs://b/o"])
def test_a_uri_is_judged_also_where_its_digest_is_known(
    manifests: Manifests, root: Path, uri: str
) -> None:
    """What becomes of an event doesn't depend on which manifests came before it."""
    digest = _write(root / "m.ndjson", b'{"image_id":"i"}\n')
    manifests.fetch("m.ndjson", digest, 1)

    assert Reason.MANIFEST_UNAVAILABLE == _reason(manifests, uri, digest, 1)


def _nothing_was_copied(manifests: Manifests) -> bool:
    return not manifests.warehouse.manifests.exists()


@pytest.mark.parametrize(
    ("name", "what"), [("pipe", "a named pipe"), ("folder", "a folder"), ("socket", "a socket")]
)
def test_what_is_no_file_is_said_to_be_none(
    manifests: Manifests, root: Path, name: str, what: str
) -> None:
    """It is not waited for, and the message says what it is."""
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(root / "socket"))

    with pytest.raises(ManifestError, match=f"^{name} is {what}, not a file$") as refused:
        manifests.fetch(name, NONE, 1)

    assert Reason.MANIFEST_UNAVAILABLE == refused.value.reason


def test_a_device_is_no_file(manifests: Manifests) -> None:
    """One that never ends, such as /dev/zero, is not read."""
    devices = replace(manifests, roots=(Path("/dev"),))

    with pytest.raises(ManifestError, match=r"^zero is a device, not a file$"):
        devices.fetch("zero", NONE, 1)


def test_a_file_in_a_later_root_is_found_behind_what_is_no_file(
    manifests: Manifests, tmp_path: Path, root: Path
) -> None:
    """Roots are gone through in turn for a file."""
    digest = _write(root / "m", b'{"image_id":"a"}\n')
    (tmp_path / "empty/m").mkdir()

    manifests.fetch("m", digest, 1)

    assert [("a", 1000)] == _rows(manifests, digest)


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_has_at_most_the_bytes_that_are_allowed(
    manifests: Manifests, root: Path, more: int
) -> None:
    """One byte more, and it is not copied; the message has both numbers and the setting."""
    content = b'{"image_id":"a"}\n'
    digest = _write(root / "m", content + b"\n" * more)
    bounded = replace(manifests, most_bytes=len(content))

    if more:
        with pytest.raises(ManifestError, match="m has 18 bytes, and at most 17") as refused:
            bounded.fetch("m", digest, 1)
        assert Reason.MANIFEST_UNAVAILABLE == refused.value.reason
        assert "MANYHANDS_MANIFEST_BYTES" in refused.value.message
        assert _nothing_was_copied(manifests)
    else:
        bounded.fetch("m", digest, 1)
        assert [("a", 1000)] == _rows(manifests, digest)


def test_a_huge_file_of_nothing_is_refused_before_it_is_copied(
    manifests: Manifests, root: Path
) -> None:
    """It is no Parquet by its first bytes, and its first line is no row."""
    with (root / "m").open("wb") as file:
        file.truncate(200 << 20)

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m", NONE, 1)
    assert _nothing_was_copied(manifests)


def test_a_file_of_more_rows_is_refused_before_it_is_copied(
    manifests: Manifests, root: Path
) -> None:
    """Parquet by its footer, NDJSON by its first rows."""
    table = pa.table({"image_id": pa.array(["same"] * 3_000_000)})
    pq.write_table(table, root / "m.parquet")
    (root / "m.ndjson").write_bytes(b'{"image_id":"a"}\n' * 100_000)

    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m.parquet", NONE, 5)
    assert Reason.MANIFEST_MISMATCH == _reason(manifests, "m.ndjson", NONE, 5)
    assert _nothing_was_copied(manifests)


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_while_it_is_copied_is_no_mismatch(
    manifests: Manifests, root: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    """Somebody else may take the room that was there before, or a quota be reached."""
    digest = _write(root / "m", b'{"image_id":"a"}\n')
    manifests.warehouse.manifests.mkdir()

    def fail(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(disk, "sync_file", fail)
    with pytest.raises(NoRoomError, match=r"has 17 bytes, but [0-9]+ are free in "):
        manifests.fetch("m", digest, 1)

    assert [] == list(manifests.warehouse.manifests.iterdir())


def _trained(number: int, uri: str, sha256: str, rows: int) -> dict[str, Any]:
    events = Events()
    events.model(str(number), {"uri": uri, "sha256": sha256, "rows": rows})
    return {**events.events[0], "id": f"model-{number}"}


def test_a_manifest_without_room_ends_the_command_and_nothing_is_lost(
    manyhands: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 names the event and both sizes; with room again the same command takes all."""
    digest = _write(root / "m", b'{"image_id":"a"}\n')
    events = Events()
    events.generation("1", "1")
    lines = [*events.events, _trained(1, "m", digest, 1)]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["ingest", "a.ndjson", f"--manifest-roots={root}", "--as-of=2026-12-01T00:00:00Z"]

    with monkeypatch.context() as small:
        small.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=16))
        failed = manyhands(*words)
    assert 1 == failed.code
    assert "event model-1 of " in failed.stderr
    assert "its manifest m has 17 bytes, but 16 are free in " in failed.stderr
    assert [(0,)] == rows(tmp_path / "warehouse", "SELECT seq FROM head")
    assert [] == list((tmp_path / "warehouse/staged").iterdir())

    assert 2 == manyhands(*words, "--json").json["accepted"]


def test_an_event_whose_manifest_is_at_fault_does_not_stop_its_neighbours(
    manyhands: Run, root: Path, tmp_path: Path
) -> None:
    """Too large, a named pipe, a file of nothing, other rows: each is refused, the rest flows."""
    digest = _write(root / "good", b'{"image_id":"a"}\n')
    large = _write(root / "large", b'{"image_id":"b"}\n' + b"\n" * 100)
    os.mkfifo(root / "pipe")
    with (root / "nothing").open("wb") as file:
        file.truncate(50)
    named = [("large", large, 1), ("pipe", NONE, 1), ("nothing", NONE, 1), ("good", digest, 2)]
    lines = [_trained(number, *manifest) for number, manifest in enumerate(named)]
    lines.append(_trained(9, "good", digest, 1))
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "manyhands.toml").write_text("manifest-bytes = 64")

    outcome = manyhands(
        "ingest", "a.ndjson", f"--manifest-roots={root}", "--as-of=2026-12-01T00:00:00Z", "--json"
    )

    assert {"manifest_unavailable": 2, "manifest_mismatch": 2} == outcome.json["rejected"]
    assert [("model-9",)] == rows(tmp_path / "warehouse", "SELECT id FROM event")


def test_images_whose_hashes_are_equal_are_told_apart(
    manifests: Manifests, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes say only that nothing is listed twice; where two are equal the images are compared."""

    def equal_hashes(connection: duckdb.DuckDBPyConnection) -> Hashes:
        ((count,),) = connection.execute("SELECT count(*) FROM entry").fetchall()
        return np.ones(count, np.uint64)

    monkeypatch.setattr(manifest_entries, "_hashes", equal_hashes)
    different = _write(root / "different", b'{"image_id":"a"}\n{"image_id":"b"}\n')
    equal = _write(root / "equal", b'{"image_id":"b"}\n{"image_id":"a"}\n{"image_id":"b"}\n')

    manifests.fetch("different", different, 2)

    assert [("a", 1000), ("b", 1000)] == _rows(manifests, different)
    with pytest.raises(ManifestError, match="image b is listed twice"):
        manifests.fetch("equal", equal, 3)


def test_an_image_that_is_listed_again_far_below_is_found(manifests: Manifests, root: Path) -> None:
    """Rows are read in portions; a repeat is found across them."""
    query = "SELECT 'i' || i % 1_000_003 AS image_id FROM range(1_000_004) AS t (i)"
    digest = _write_parquet(root / "m.parquet", query)

    with pytest.raises(ManifestError, match="image i0 is listed twice"):
        manifests.fetch("m.parquet", digest, 1_000_004)
