"""Manifests are read from buckets as from folders (SPEC §3.3)."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.ingest.manifests import Manifests
from pipelines.ingest.remote_file import BLOCK_BYTES, RemoteFile
from pipelines.ingest.roots import read_root
from pipelines.lake.manifest import rows_path
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.warehouse import Warehouse
from pipelines.stores.place import Place
from schemas.rejection import Reason
from tests.stores import BUCKET, Store, asked, running

AS_OF = "--as-of=2026-12-01T00:00:00Z"
NONE = "0" * 64
LINE = b'{"image_id":"a"}\n'
OTHER = b'{"image_id":"b"}\n'
SECRETS = ("an-access-key", "a-secret-key")
PROJECT = Path(__file__).parents[2]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _manifests(folder: Path, *roots: Path | str) -> Manifests:
    (folder / "warehouse/data").mkdir(parents=True)
    named = tuple(read_root(str(root)) for root in roots)
    return Manifests(Warehouse(folder / "warehouse"), named, 1 << 30)


@pytest.fixture
def manifests(tmp_path: Path, store: Store) -> Manifests:
    """Return manifests under one root, a prefix of a bucket that has other things too."""
    store.put("outside.ndjson", LINE)
    return _manifests(tmp_path, f"{store.scheme}://{BUCKET}/some/prefix/")


def _uri(manifests: Manifests, path: str) -> str:
    """Return what an event names a path under the first root in a bucket by."""
    root = next(root for root in manifests.roots if isinstance(root, Place))
    return f"{root}/{path}"


def _kept(manifests: Manifests, digest: str) -> list[Any]:
    kept = duckdb.from_parquet(str(rows_path(manifests.warehouse, digest)))
    return kept.select("image_id", "weight_milli").order("image_id").fetchall()


def _refused(manifests: Manifests, path: str, digest: str = NONE) -> ManifestError:
    return _refused_uri(manifests, _uri(manifests, path), digest)


def _refused_uri(manifests: Manifests, uri: str, digest: str = NONE) -> ManifestError:
    with pytest.raises(ManifestError) as refused:
        manifests.fetch(uri, digest, 1)
    assert [] == list(manifests.warehouse.manifests.glob("*"))
    return refused.value


# what is there


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("m.ndjson", "m.ndjson"),
        ("a/b/m.ndjson", "a/b/m.ndjson"),
        ("./a//m.ndjson", "a/m.ndjson"),
        ("a b?#%2F+ü&=.x", "a b?#%2F+ü&=.x"),
    ],
)
def test_an_object_is_read_by_its_path_in_a_root(
    manifests: Manifests, store: Store, path: str, key: str
) -> None:
    """As a path in a folder is; no character in it has another meaning."""
    store.put(f"some/prefix/{key}", LINE)

    manifests.fetch(_uri(manifests, path), _digest(LINE), 1)

    assert [("a", 1000)] == _kept(manifests, _digest(LINE))
    assert LINE == (manifests.warehouse.manifests / _digest(LINE)).read_bytes()


def test_a_uri_begins_with_a_root(manifests: Manifests, store: Store, tmp_path: Path) -> None:
    """It is in that root alone, and none that begins otherwise is looked for."""
    store.put("some/prefix/a/m", LINE)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/m").write_bytes(OTHER)
    (root,) = manifests.roots
    both = replace(manifests, roots=(tmp_path, root))
    for uri in (f"{root}x/a/m", f"{store.scheme}://{BUCKET}/outside.ndjson", f"https://{BUCKET}/m"):
        assert Reason.MANIFEST_UNAVAILABLE == _refused_uri(both, uri, _digest(LINE)).reason

    both.fetch(f"{root}/a/m", _digest(LINE), 1)

    assert [("a", 1000)] == _kept(manifests, _digest(LINE))


def test_a_bucket_can_be_a_root(manifests: Manifests, store: Store) -> None:
    """Without a prefix."""
    whole = replace(manifests, roots=(read_root(f"{store.scheme}://{BUCKET}"),))

    whole.fetch(_uri(whole, "outside.ndjson"), _digest(LINE), 1)

    assert [("a", 1000)] == _kept(manifests, _digest(LINE))


def test_a_large_object_is_read_a_block_at_a_time(
    manifests: Manifests, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet, whose end is looked at first; no read asks for more than a block."""
    query = "SELECT md5(i::VARCHAR) AS image_id, '1.5' AS weight FROM range(400000) AS t (i)"
    duckdb.execute(f"COPY ({query}) TO '{tmp_path}/m.parquet' (FORMAT parquet)")
    content = (tmp_path / "m.parquet").read_bytes()
    store.put("some/prefix/m.parquet", content)
    sizes, read = [], RemoteFile._read

    def noted(self: RemoteFile, start: int, end: int) -> bytes:
        sizes.append(end - start)
        return read(self, start, end)

    monkeypatch.setattr(RemoteFile, "_read", noted)
    manifests.fetch(_uri(manifests, "m.parquet"), _digest(content), 400_000)

    assert 2 * BLOCK_BYTES < len(content)
    assert BLOCK_BYTES == max(sizes)
    assert 400_000 == len(_kept(manifests, _digest(content)))


def test_roots_are_asked_in_their_order(manifests: Manifests, store: Store) -> None:
    """What is not in one may be in the next that the uri begins with."""
    store.put("some/prefix/m", LINE)
    store.put("some/prefix/prefix/m", OTHER)
    outer = read_root(f"{store.scheme}://{BUCKET}/some")
    both = replace(manifests, roots=(outer, *manifests.roots))

    both.fetch(_uri(manifests, "m"), _digest(LINE), 1)
    both.fetch(_uri(manifests, "prefix/m"), _digest(OTHER), 1)

    assert 2 == len(list(manifests.warehouse.manifests.glob("*.parquet")))


def test_a_relative_uri_is_looked_for_in_folders_alone(
    manifests: Manifests, store: Store, tmp_path: Path
) -> None:
    """A root in a bucket has to be named, so that no event asks all stores for what it has."""
    store.put("some/prefix/m", LINE)
    (tmp_path / "m").write_bytes(OTHER)
    both = replace(manifests, roots=(*manifests.roots, tmp_path))

    refused = _refused_uri(manifests, "m", _digest(LINE))
    both.fetch("m", _digest(OTHER), 1)

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert refused.message.startswith("should be a path relative to a manifest root that is a fold")
    assert [("b", 1000)] == _kept(manifests, _digest(OTHER))


def test_a_root_goes_to_other_processes_without_a_client(
    manifests: Manifests, store: Store
) -> None:
    """What is pickled is a name; each process opens a client of its own."""
    store.put("some/prefix/m", LINE)
    _refused(manifests, "gone")

    sent = pickle.dumps(manifests)
    pickle.loads(sent).fetch(_uri(manifests, "m"), _digest(LINE), 1)  # noqa: S301  our own

    assert len(sent) < 2_000
    assert [("a", 1000)] == _kept(manifests, _digest(LINE))


# what is not


@pytest.mark.parametrize(
    "uri",
    [
        "gone.ndjson",
        "folder",
        ".",
        "..",
        "../../outside.ndjson",
        "/outside.ndjson",
        "folder/../m",
        "gs://training/outside.ndjson",
        "s3://training/outside.ndjson",
        "folder/m?versionId=1",
        "folder/m#1",
        "x" * 1_200,
        "a\nb",
    ],
)
def test_a_uri_that_is_not_there_or_leads_elsewhere_is_unavailable(
    manifests: Manifests, store: Store, uri: str
) -> None:
    """A root is never left, whatever the event has written."""
    store.put("some/prefix/folder/m", LINE)
    store.put("m", LINE)

    for named in (uri, _uri(manifests, uri)):
        refused = _refused_uri(manifests, named, _digest(LINE))
        assert Reason.MANIFEST_UNAVAILABLE == refused.reason


def test_a_bucket_that_is_not_there_is_unavailable(manifests: Manifests, store: Store) -> None:
    """As a folder that isn't."""
    elsewhere = replace(manifests, roots=(read_root(f"{store.scheme}://no-such-bucket/a"),))

    assert Reason.MANIFEST_UNAVAILABLE == _refused(elsewhere, "m").reason


def test_other_bytes_are_a_mismatch(manifests: Manifests, store: Store) -> None:
    """The event says which bytes they are."""
    store.put("some/prefix/m", LINE)

    refused = _refused(manifests, "m")

    assert Reason.MANIFEST_MISMATCH == refused.reason
    assert f"its SHA-256 is {_digest(LINE)}, not {NONE}" == refused.message


def test_other_rows_are_a_mismatch(manifests: Manifests, store: Store) -> None:
    """A second row, and a Parquet file that is none."""
    store.put("some/prefix/two", LINE + OTHER)
    store.put("some/prefix/none", b"PAR1 and no more")

    for uri, content in (("two", LINE + OTHER), ("none", b"PAR1 and no more")):
        assert Reason.MANIFEST_MISMATCH == _refused(manifests, uri, _digest(content)).reason


def test_an_object_has_at_most_the_bytes_that_are_allowed(
    manifests: Manifests, store: Store
) -> None:
    """It isn't read where the store says that it has more."""
    store.put("some/prefix/m", LINE)
    small = replace(manifests, most_bytes=len(LINE) - 1)

    refused = _refused(small, "m", _digest(LINE))

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert "/m has 17 bytes, and at most 16 are allowed" in refused.message


@pytest.mark.parametrize("said", [5, 16, 18, 5_000])
def test_a_size_that_the_store_says_is_not_believed(
    manifests: Manifests, store: Store, monkeypatch: pytest.MonkeyPatch, said: int
) -> None:
    """What is read is no more than that, and then it is held against the event."""
    store.put("some/prefix/m", LINE)
    looked_up = RemoteFile._look_up
    monkeypatch.setattr(RemoteFile, "_look_up", lambda self: {**looked_up(self), "size": said})

    reason = _refused(manifests, "m", _digest(LINE)).reason

    assert (Reason.MANIFEST_MISMATCH if said < 17 else Reason.MANIFEST_UNAVAILABLE) == reason


# what changes


def _before_each_look(
    monkeypatch: pytest.MonkeyPatch, attribute: str, change: Callable[[int], None]
) -> None:
    """Call something before each call of a method, with how many there were."""
    real, calls = getattr(RemoteFile, attribute), iter(range(1_000))

    def changed(self: RemoteFile, *words: int) -> Any:  # noqa: ANN401  its own
        change(next(calls))
        return real(self, *words)

    monkeypatch.setattr(RemoteFile, attribute, changed)


def test_what_is_replaced_while_it_is_read_is_read_again(
    manifests: Manifests, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: what is there then is what the event says."""
    store.put("some/prefix/m", LINE + b"\n")

    def replace_once(number: int) -> None:
        if not number:
            store.put("some/prefix/m", LINE)

    _before_each_look(monkeypatch, "_read", replace_once)
    manifests.fetch(_uri(manifests, "m"), _digest(LINE), 1)

    assert [("a", 1000)] == _kept(manifests, _digest(LINE))


def test_what_is_replaced_each_time_it_is_read_is_unavailable(
    manifests: Manifests, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be read for ever."""
    store.put("some/prefix/m", LINE)
    _before_each_look(
        monkeypatch, "_read", lambda number: store.put("some/prefix/m", b"\n" * number + LINE)
    )
    refused = _refused(manifests, "m")

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert refused.message.endswith("/m was replaced each of the 2 times that it was read")


def test_what_is_removed_while_it_is_read_is_unavailable(
    manifests: Manifests, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone, like one that never was there."""
    store.put("some/prefix/m", LINE)

    def remove_once(number: int) -> None:
        if not number:
            store.remove("some/prefix/m")

    _before_each_look(monkeypatch, "_read", remove_once)

    assert Reason.MANIFEST_UNAVAILABLE == _refused(manifests, "m", _digest(LINE)).reason


@pytest.mark.processes
def test_bytes_that_the_store_would_unpack_are_not_read(tmp_path: Path) -> None:
    """Google Cloud Storage unpacks what is stored with an encoding, to another length."""
    with running("gs") as store, pytest.MonkeyPatch.context() as patch, asked(store, patch):
        store.put("m", LINE, encoding="gzip")
        manifests = _manifests(tmp_path, f"gs://{BUCKET}")

        refused = _refused(manifests, "m", _digest(LINE))

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert "m is stored with the encoding gzip; store it without" == refused.message
