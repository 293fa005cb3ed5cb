"""What a store fails with is the event's fault, the operator's, or nobody's (SPEC §3.3, §7.3)."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gcsfs.retry
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from pipelines.errors import ManyhandsError, TryAgainError, UsageError
from pipelines.ingest.manifests import Manifests
from pipelines.ingest.opened_manifest import opened
from pipelines.ingest.roots import read_root
from pipelines.lake.manifest_rows import ManifestError
from pipelines.lake.warehouse import Warehouse
from pipelines.stores import clients
from pipelines.stores.place import Place
from schemas.rejection import Reason
from tests.stores import (
    BUCKET,
    SCHEMES,
    Store,
    answering,
    asked,
    client,
    nobody,
    running,
    silent,
)

Standing = Callable[[str], AbstractContextManager[Store]]
S3_ERROR = "<Error><Code>{}</Code><Message>an-access-key is in it</Message></Error>"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the libraries try again at once, and wait a second for an answer."""

    async def at_once(_: float) -> None:
        """Wait for nothing."""

    monkeypatch.setattr(gcsfs.retry, "asyncio", SimpleNamespace(sleep=at_once))
    monkeypatch.setattr(clients, "_ANSWER_S", 1)
    monkeypatch.setattr(clients, "_REQUEST_S", 1)


def _read(scheme: str) -> bytes:
    root = f"{scheme}://{BUCKET}/some"
    with opened(f"{root}/m", [read_root(root)]) as found:
        return found.file.read()


def _asked(place: Store, error: type[Exception]) -> Any:  # noqa: ANN401  an exception of that type
    """Return what a read of a place raises."""
    with (
        pytest.MonkeyPatch.context() as patch,
        asked(place, patch),
        pytest.raises(error) as raised,
    ):
        _read(place.scheme)
    assert "an-access-key" not in str(raised.value)
    return raised.value


@contextmanager
def _nobody(scheme: str) -> Iterator[Store]:
    yield nobody(scheme)


@contextmanager
def _no_such_host(scheme: str) -> Iterator[Store]:
    yield Store(scheme, "http://no-such-host.invalid:80")


def _status(status: int) -> Standing:
    return lambda scheme: answering(scheme, status, b"invalid")


def _cut_off(scheme: str) -> AbstractContextManager[Store]:
    return answering(scheme, 200, b'{"name": ', cut=100)


def _something_else(scheme: str) -> AbstractContextManager[Store]:
    return answering(scheme, 200, b"<html>log in to this network first</html>")


@pytest.mark.processes
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("place", "what"),
    [
        (_status(429), "HTTP 429"),
        (_status(500), "HTTP 500"),
        (_status(503), "HTTP 503"),
        (_nobody, "no connection"),
        (_no_such_host, "no connection"),
        (silent, "no answer in time"),
        (_cut_off, "no connection"),
    ],
)
def test_an_outage_is_nobodys_fault(scheme: str, place: Standing, what: str) -> None:
    """It is told by the root, and the same command may succeed later."""
    with place(scheme) as stand_in:
        raised = _asked(stand_in, TryAgainError)

    root = f"the manifest root {scheme}://{BUCKET}/some"
    assert f"{root} can't be reached now ({what}); run the command again later" == str(raised)


@pytest.mark.processes
@pytest.mark.long
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("place", [silent, _status(503), _nobody])
def test_an_outage_is_told_within_a_minute(scheme: str, place: Standing) -> None:
    """With all attempts that the libraries make, and their pauses."""
    with place(scheme) as stand_in:
        begun_at = time.monotonic()
        _asked(stand_in, TryAgainError)

    assert 60 > time.monotonic() - begun_at


@pytest.mark.processes
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_denied_object_is_unavailable(scheme: str) -> None:
    """The store knows who asks, and says no."""
    body = S3_ERROR.format("AccessDenied").encode() if scheme == "s3" else b""
    with answering(scheme, 403, body) as stand_in:
        refused = _asked(stand_in, ManifestError)

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert f"{scheme}://{BUCKET}/some denies access to m" == refused.message


@pytest.mark.processes
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_request_that_is_refused_is_unavailable(scheme: str) -> None:
    """Such as a name that the store can't have."""
    with answering(scheme, 400) as stand_in:
        refused = _asked(stand_in, ManifestError)

    assert Reason.MANIFEST_UNAVAILABLE == refused.reason
    assert f"{scheme}://{BUCKET}/some refuses the request for m (HTTP 400)" == refused.message


NOT_KNOWN = "there are no credentials that it takes; set them, and run the command again"


@pytest.mark.processes
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_caller_that_is_not_known_is_no_fault_of_the_event(scheme: str) -> None:
    """The operator sets credentials, and nothing was refused meanwhile."""
    body = b'{"error": {"code": 401, "message": "Invalid Credentials"}}'
    with answering(scheme, 401, body) as stand_in:
        raised = _asked(stand_in, ManyhandsError)

    assert 1 == raised.exit_code
    assert NOT_KNOWN in str(raised)


@pytest.mark.processes
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_s3_says_in_the_body_that_it_does_not_know_the_caller(status: int, code: str) -> None:
    """A HEAD's answer has none, so it is asked again."""
    with answering("s3", status, S3_ERROR.format(code).encode()) as stand_in:
        raised = _asked(stand_in, ManyhandsError)

    assert 1 == raised.exit_code
    assert NOT_KNOWN in str(raised)


@pytest.mark.processes
def test_s3_without_credentials_is_no_fault_of_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked without."""
    with answering("s3", 200) as stand_in, asked(stand_in, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(ManyhandsError, match=NOT_KNOWN):
            _read("s3")


@pytest.mark.processes
def test_s3_knows_a_caller_without_rights_from_one_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By moto's own judgement; what was not known is looked for anew."""
    with running("s3") as store, asked(store, monkeypatch):
        store.put("some/m", b"content")
        assert b"content" == _read("s3")
        iam = client("iam", store)
        iam.create_user(UserName="reader")
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        reset = f"{store.url}/moto-api/reset-auth"
        assert 200 == requests.post(reset, data=b"0", timeout=30).status_code
        try:
            clients._client.cache_clear()
            with pytest.raises(ManyhandsError, match=NOT_KNOWN):
                _read("s3")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
            with pytest.raises(ManifestError, match="denies access to m"):
                _read("s3")
        finally:
            requests.post(reset, data=b"inf", timeout=30)


@pytest.mark.processes
def test_what_is_no_answer_of_google_is_an_outage() -> None:
    """As networks give that want a password first."""
    with _something_else("gs") as stand_in:
        assert "no connection" in str(_asked(stand_in, TryAgainError))


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("name", ["m.parquet", "m.ndjson"])
def test_a_store_that_fails_while_a_manifest_is_read_is_an_outage(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, failing: int
) -> None:
    """What looks at its beginning, and what copies it, don't take it for a damaged one."""
    pq.write_table(pa.table({"image_id": ["a"]}), tmp_path / "m.parquet")
    (tmp_path / "m.ndjson").write_bytes(b'{"image_id":"a"}\n')
    content = (tmp_path / name).read_bytes()
    store.put("some/m", content)
    (tmp_path / "warehouse").mkdir()
    root = read_root(f"{store.scheme}://{BUCKET}/some")
    manifests = Manifests(Warehouse(tmp_path / "warehouse"), (root,), 1 << 30)
    reads, files = iter(range(100)), clients.files_of(Place(store.scheme, BUCKET, ""))
    real = files.cat_file

    def cat_file(*place: str, **words: float) -> bytes:
        if next(reads) == failing:
            raise TimeoutError
        return bytes(real(*place, **words))

    monkeypatch.setattr(files, "cat_file", cat_file)
    with pytest.raises(TryAgainError, match="no answer in time"):
        manifests.fetch(f"{root}/m", sha256(content).hexdigest(), 1)

    assert [] == list(manifests.warehouse.manifests.glob("*"))
    manifests.fetch(f"{root}/m", sha256(content).hexdigest(), 1)


# names


@pytest.mark.parametrize(
    ("name", "root", "shown"),
    [
        ("s3://bucket", Place("s3", "bucket", ""), "s3://bucket"),
        ("s3://bucket/", Place("s3", "bucket", ""), "s3://bucket"),
        ("gs://my.bucket/a//b/", Place("gs", "my.bucket", "a/b"), "gs://my.bucket/a/b"),
    ],
)
def test_a_root_is_a_bucket_and_a_prefix(name: str, root: Place, shown: str) -> None:
    """Slashes at the ends, and more than one, mean nothing."""
    assert root == read_root(name)
    assert shown == str(root)


@pytest.mark.parametrize(
    "name",
    [
        "https://bucket",
        "file:///etc",
        "memory://a",
        "gcs://bucket",
        "s3://",
        "s3:///a",
        "s3://bucket/../other",
        "s3://bucket/./a",
        "s3://a::file:",
        "S3://bucket",
    ],
)
def test_other_roots_are_refused(name: str) -> None:
    """Whatever else fsspec could open."""
    with pytest.raises(UsageError, match="name a local folder, gs://BUCKET/PREFIX or s3://"):
        read_root(name)


def test_a_password_in_a_root_is_refused_and_not_shown() -> None:
    """Credentials are found elsewhere."""
    with pytest.raises(UsageError) as refused:
        read_root("s3://key:a-secret-key@bucket/a")

    assert "a-secret-key" not in str(refused.value)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_root_whose_extra_is_not_installed_is_refused(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, {"gs": "gcsfs.core", "s3": "s3fs"}[scheme], None)

    with pytest.raises(UsageError, match=f"install manyhands with its extra {scheme}$"):
        clients.store_of(Place(scheme, "bucket", ""), "manifest root")
