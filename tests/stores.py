"""Object stores on this machine that speak the protocols: moto for S3, fake-gcs-server for GCS.

moto is a dev dependency. `go install github.com/fsouza/fake-gcs-server` builds the other; where
it is missing, the tests that need it are skipped; with MANYHANDS_TEST_SERVERS=required, as
`.ci/run` sets it, they fail.
"""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import quote

import botocore.session
import pytest
import requests

from pipelines.stores import clients, objects
from tests.emulator import free_port, wait_until
from tests.required import skip_unless_required

MISSING: Final = "fake-gcs-server is not on the path"
BUCKET: Final = "training"
_STARTED_IN_S: Final = 30.0
_NONE: Final = os.devnull

SCHEMES: Final = ("gs", "s3")


@dataclass(frozen=True)
class Store:
    """A store with a bucket, or what stands in its place."""

    scheme: str
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process that asks this store needs."""
        if self.scheme == "gs":
            return {"STORAGE_EMULATOR_HOST": self.url, "NO_GCE_CHECK": "true"}
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "an-access-key",
            "AWS_SECRET_ACCESS_KEY": "a-secret-key",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": _NONE,
            "AWS_SHARED_CREDENTIALS_FILE": _NONE,
            "GS_ENDPOINT_URL": self.url,
            "GS_ACCESS_KEY_ID": "an-access-key",
            "GS_SECRET_ACCESS_KEY": "a-secret-key",
        }

    def make_bucket(self) -> None:
        """Make the bucket."""
        if self.scheme == "gs":
            body = json.dumps({"name": BUCKET}).encode()
            self._send("POST", "/storage/v1/b?project=p", body, "application/json")
        else:
            self._s3.create_bucket(Bucket=BUCKET)

    def put(self, key: str, content: bytes, encoding: str = "") -> None:
        """Write an object, or replace it."""
        if self.scheme == "gs":
            name = f"name={quote(key, safe='')}&contentEncoding={encoding}"
            self._send("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&{name}", content)
        else:
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=content, ContentEncoding=encoding)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of the objects that begin with a prefix, of a store that speaks S3."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def remove(self, key: str) -> None:
        """Remove an object."""
        if self.scheme == "gs":
            self._send("DELETE", f"/storage/v1/b/{BUCKET}/o/{quote(key, safe='')}")
        else:
            self._s3.delete_object(Bucket=BUCKET, Key=key)

    @property
    def _s3(self) -> Any:  # noqa: ANN401  botocore's
        return client("s3", self)

    def _send(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream"
    ) -> None:
        answer = requests.request(
            method, self.url + path, data=body, headers={"Content-Type": kind}, timeout=30
        )
        answer.raise_for_status()


def client(service: str, store: Store) -> Any:  # noqa: ANN401  botocore's
    """Return a client of a service of AWS' that moto has."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    key, secret = (store.environment[name] for name in names)
    return botocore.session.get_session().create_client(
        service,
        "us-east-1",
        endpoint_url=store.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def program() -> str:
    """Return the program: the one that MANYHANDS_TEST_FAKE_GCS names, or the one on the path."""
    found = os.environ.get("MANYHANDS_TEST_FAKE_GCS") or shutil.which("fake-gcs-server")
    if found is None:
        skip_unless_required(MISSING)
    return found


@contextmanager
def _gs_server(port: int) -> Iterator[Store]:
    found = program()
    words = ["-scheme=http", "-host=127.0.0.1", f"-port={port}", "-backend=memory"]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [found, *words, f"-external-url={url}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _listens(port), _STARTED_IN_S, "fake-gcs-server answers")
        yield Store("gs", url)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _s3_server(port: int) -> Iterator[Store]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        yield Store("s3", f"http://127.0.0.1:{port}")
    finally:
        server.stop()


_SERVERS: Final = {"gs": _gs_server, "s3": _s3_server}


@contextmanager
def running(scheme: str, port: int = 0) -> Iterator[Store]:
    """Run a store, with an empty bucket."""
    with _SERVERS[scheme](port or free_port()) as store:
        store.make_bucket()
        yield store


@pytest.fixture(scope="session", params=SCHEMES)
def running_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Run a store of each kind for all tests of a worker."""
    with running(request.param) as store:
        yield store


@pytest.fixture
def store(running_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Let this process's clients ask a store."""
    with asked(running_store, monkeypatch):
        yield running_store


@contextmanager
def asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process's clients ask a store, or what stands in its place."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield
    forget_clients()


def forget_clients() -> None:
    """Let this process look for the stores and their keys anew."""
    clients.forget_clients()
    objects.forget_clients()


@contextmanager
def answering(scheme: str, status: int, body: bytes = b"", cut: int = 0) -> Iterator[Store]:
    """Run what answers every request in the same way, `cut` bytes short, in a store's place."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + cut))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  as the library has it

        def log_message(self, *_: Any) -> None:  # noqa: ANN401  as the library has it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Store(scheme, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent(scheme: str) -> Iterator[Store]:
    """Run what takes connections and never answers, in a store's place."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield Store(scheme, f"http://127.0.0.1:{listening.getsockname()[1]}")


def nobody(scheme: str, port: int = 0) -> Store:
    """Return a place that nobody listens on."""
    return Store(scheme, f"http://127.0.0.1:{port or free_port()}")
