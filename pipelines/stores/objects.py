"""The objects of a place: read, written, copied and removed by S3's protocol.

Google Cloud Storage speaks it too, with HMAC keys. What is asked of both is asked by the same
client, which is an extra, and kept for the process.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError
from pipelines.stores import clients
from pipelines.stores.clients import store_of
from pipelines.stores.errors import NotThereError, explained
from pipelines.stores.place import Place

WHAT: Final = "data path"
GOOGLE: Final = "https://storage.googleapis.com"
_AMAZON: Final = "https://s3.{region}.amazonaws.com"
_REGION: Final = "us-east-1"
_PLAIN: Final = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}
"""Other stores than Amazon's don't know the checksums that its client adds."""
_IS_THERE: Final = 412
"""HTTP status of a condition that doesn't hold."""
_AT_ONCE: Final = 16
"""Requests that wait for their answers at the same time."""


@dataclass(frozen=True)
class Keys:
    """What a store knows a caller by, and where it is."""

    key_id: str
    secret: str
    token: str
    region: str
    endpoint: str
    """A URL."""

    def __repr__(self) -> str:
        """Return it without what is secret."""
        return f"Keys({self.endpoint})"

    @property
    def host(self) -> str:
        """The endpoint's host and port."""
        return urlsplit(self.endpoint).netloc

    @property
    def is_encrypted(self) -> bool:
        """Whether the endpoint speaks TLS."""
        return urlsplit(self.endpoint).scheme == "https"


def keys_of(place: Place) -> Keys:
    """Return the keys for a place: from the environment, or from a file, as AWS's tools read both.

    For `gs://` these are HMAC keys: `GS_ACCESS_KEY_ID` and `GS_SECRET_ACCESS_KEY`, or the profile
    `gs` of the file.

    Raises UsageError where the extra isn't installed, ManyhandsError where there are no keys.
    """
    store = store_of(place, WHAT, "s3")
    from botocore.session import Session

    with explained(WHAT, place, "", store):
        found = _google(Session) if place.scheme == "gs" else _amazon(Session())
    if found is None:
        named = "GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, or a profile gs"
        if place.scheme == "s3":
            named = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
        message = (
            f"the {WHAT} {place} can't be used: there are no keys; set {named} in AWS's file of"
            " credentials, and run the command again"
        )
        raise ManyhandsError(message)
    return found


def _amazon(session: Any) -> Keys | None:  # noqa: ANN401  botocore's
    region = session.get_config_variable("region") or _REGION
    endpoint = (
        os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL")
        or session.get_scoped_config().get("endpoint_url")
        or _AMAZON.format(region=region)
    )
    return _keys(session.get_credentials(), region, endpoint)


def _google(session: Callable[..., Any]) -> Keys | None:
    key_id = os.environ.get("GS_ACCESS_KEY_ID")
    secret = os.environ.get("GS_SECRET_ACCESS_KEY")
    endpoint = os.environ.get("GS_ENDPOINT_URL", GOOGLE)
    if key_id and secret:
        return Keys(key_id, secret, "", _REGION, endpoint)
    named = session(profile="gs")
    if "gs" not in named.available_profiles:
        return None
    return _keys(named.get_credentials(), _REGION, endpoint)


def _keys(credentials: Any, region: str, endpoint: str) -> Keys | None:  # noqa: ANN401  botocore's
    if credentials is None:
        return None
    frozen = credentials.get_frozen_credentials()
    return Keys(frozen.access_key, frozen.secret_key, frozen.token or "", region, endpoint)


@dataclass(frozen=True)
class Objects:
    """The objects of a place; paths are relative to it.

    Each method raises TryAgainError where the store can't be reached, NotFoundError where there is
    no such bucket, and ManyhandsError where the store doesn't know the caller, or refuses.
    """

    place: Place

    def names(self, folder: str, after: str = "") -> list[str]:
        """Return the paths of the objects in a folder, at any depth, in order.

        With `after`, only those whose path in the folder comes after it.
        """
        more = {"StartAfter": self.place.key(f"{folder}/{after}")} if after else {}
        found: list[str] = []
        while True:
            page = self._listed(folder, **more)
            found.extend(one["Key"] for one in page.get("Contents", []))
            if not page.get("IsTruncated"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        own = len(self.place.key("x")) - 1
        return [key[own:] for key in found]

    def is_empty(self) -> bool:
        """Return whether there is no object at all."""
        return not self._listed("", MaxKeys=1).get("Contents")

    def exists(self, path: str) -> bool:
        """Return whether there is an object."""
        return self.written_at(path) is not None

    def written_at(self, path: str) -> datetime | None:
        """Return when an object was written, by the store's clock; None where it isn't there."""
        found = self._look_for("call_s3", path, "head_object", **self._named(path))
        return None if found is None else found["LastModified"]

    def create(self, path: str, content: bytes) -> None:
        """Make a small object, whose content is like no other's.

        Raises ConflictError where it is there already, and the store can say so.
        """
        only_new = {"IfNoneMatch": "*"} if self.place.scheme == "s3" else {}
        try:
            self._ask("call_s3", path, "put_object", **self._named(path), Body=content, **only_new)
        except ManyhandsError as error:
            if getattr(error.__cause__, "status", 0) != _IS_THERE:
                raise
            if self.read(path) == content:  # an answer was lost, and the client asked again
                return
            message = f"{self.place}: another process made {path} first; run the command again"
            raise ConflictError(message) from error

    def read(self, path: str) -> bytes | None:
        """Return what is in a small object; None where it isn't there."""
        found: bytes | None = self._look_for("cat_file", path, self._path(path))
        return found

    def upload(self, file: Path, path: str) -> None:
        """Write a file to an object, whole or not at all."""
        self._ask("put_file", path, str(file), self._path(path))

    def download(self, path: str, file: Path) -> bool:
        """Write an object to a file, and return whether there is one."""
        self._look_for("get_file", path, self._path(path), str(file))
        return file.exists()

    def copy(self, copies: Iterable[tuple[str, str]]) -> None:
        """Copy objects within the store; one that isn't there any more is left out."""
        at_once(
            [
                partial(self._look_for, "cp_file", path, self._path(path), self._path(other))
                for path, other in copies
            ]
        )

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects; one that isn't there is no error."""
        at_once(
            [
                partial(self._ask, "call_s3", path, "delete_object", **self._named(path))
                for path in paths
            ]
        )

    def _listed(self, folder: str, **more: object) -> Any:  # noqa: ANN401  the store's answer
        key = self.place.key(folder)
        prefix = f"{key}/" if key else ""
        words = {"Bucket": self.place.bucket, "Prefix": prefix, **more}
        return self._ask("call_s3", folder, "list_objects_v2", **words)

    def _look_for(self, *asked: str, **named: str) -> Any:  # noqa: ANN401  the store's answer
        """Return the store's answer; None where there is no such object."""
        try:
            return self._ask(*asked, **named)
        except NotFoundError:
            return None

    def _ask(self, method: str, path: str, *words: object, **named: object) -> Any:  # noqa: ANN401
        store = store_of(self.place, WHAT, "s3")
        try:
            with explained(WHAT, self.place, path, store):
                return getattr(_client(self.place, os.getpid()), method)(*words, **named)
        except NotThereError as error:
            if str(error):
                message = f"the {WHAT} {error}"
                raise ManyhandsError(message) from error
            message = f"the {WHAT} {self.place}: there is no such bucket; make it, or name another"
            raise NotFoundError(message) from error
        except ManyhandsError:
            forget_clients()  # keys may have expired
            raise

    def _named(self, path: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.key(path)}

    def _path(self, path: str) -> str:
        return f"{self.place.bucket}/{self.place.key(path)}"


def at_once(calls: Iterable[Callable[[], object]]) -> list[Any]:
    """Make calls that wait for answers, several at a time; return what they return, in order.

    Raises what the first of them raises, when all have ended.
    """
    waiting = list(calls)
    if not waiting:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(waiting))) as pool:
        return [one.result() for one in [pool.submit(call) for call in waiting]]


def forget_clients() -> None:
    """Let keys be looked for anew by the next request."""
    _client.cache_clear()


@lru_cache
def _client(place: Place, _: int) -> Any:  # noqa: ANN401  a file system of fsspec's
    keys = keys_of(place)
    return clients.s3_client(
        {"s3": {"addressing_style": "path"}, **_PLAIN},
        key=keys.key_id,
        secret=keys.secret,
        token=keys.token or None,
        endpoint_url=keys.endpoint,
        client_kwargs={"region_name": keys.region},
    )
