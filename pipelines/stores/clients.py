"""Opens the clients of object stores: Google Cloud Storage by gcsfs, S3 by s3fs.

Each is an extra, imported where a root of its kind is named. A client is kept for the process:
it is no part of what is handed to another one. Credentials are found as these libraries do.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from json import JSONDecodeError
from typing import Any, Final

from pipelines.errors import UsageError
from pipelines.stores.place import Place

SECONDS: Final = 45.0
"""So long may one request take, with all attempts that its library makes."""
_CONNECT_S: Final = 5
_ANSWER_S: Final = 15
_REQUEST_S: Final = 30
_ATTEMPTS: Final = 2
_SERVER_AT_FAULT: Final = 500
_LATER: Final = {408, 429}


def is_outage(status: int) -> bool:
    """Return whether an HTTP status says that the same request may succeed later."""
    return status >= _SERVER_AT_FAULT or status in _LATER


@dataclass(frozen=True)
class Store:
    """The client of a kind of store, and its errors that have no status."""

    make: Callable[[], Any]
    """Returns a file system of fsspec's."""
    outages: tuple[type[Exception], ...]
    """No network, no answer, one that is cut off, one that isn't the store's."""
    credentials: tuple[type[Exception], ...]
    """There are none, or they can't be read."""


def store_of(place: Place, what: str, protocol: str = "") -> Store:
    """Return the store of a place, by its own protocol or another; nothing is connected to.

    Raises UsageError, which says `what` the place is, where its extra isn't installed.
    """
    try:
        return _STORES[protocol or place.scheme]()
    except ImportError as error:
        raise not_installed(place, what, error) from error


def not_installed(place: Place, what: str, error: ImportError) -> UsageError:
    """Return the error of a place whose extra isn't installed."""
    return UsageError(
        f"{what} {place}: what reads it is not installed ({error});"
        f" install manyhands with its extra {place.scheme}"
    )


def files_of(root: Place) -> Any:  # noqa: ANN401  a file system of fsspec's
    """Return this process's client for a root."""
    return _client(root.scheme, os.getpid())


def forget_clients() -> None:
    """Let credentials be looked for anew by the next request."""
    _client.cache_clear()


@lru_cache
def _client(scheme: str, _: int) -> Any:  # noqa: ANN401  a file system of fsspec's
    return _STORES[scheme]().make()


def _gs() -> Store:
    import aiohttp
    import requests
    from gcsfs.core import GCSFileSystem
    from gcsfs.retry import NonRetryableError
    from google.auth.exceptions import GoogleAuthError, TransportError

    async def raise_if_later(answer: aiohttp.ClientResponse) -> None:
        if is_outage(answer.status):  # gcsfs makes errors of these that have no status
            answer.raise_for_status()

    def make() -> GCSFileSystem:
        for name in ("gcsfs", "google.auth"):  # they log what is raised
            logging.getLogger(name).setLevel(logging.CRITICAL)
        return GCSFileSystem(
            access="read_only",
            requests_timeout=_REQUEST_S,
            session_kwargs={"raise_for_status": raise_if_later},
            skip_instance_cache=True,
            use_listings_cache=False,
        )

    outages = (aiohttp.ClientError, requests.RequestException, TransportError, JSONDecodeError)
    return Store(make, outages, (GoogleAuthError, NonRetryableError))


def s3_client(config: Mapping[str, object], **given: object) -> Any:  # noqa: ANN401  fsspec's
    """Return a client of S3's protocol that gives up in time."""
    from s3fs import S3FileSystem

    files = S3FileSystem(
        config_kwargs={
            "connect_timeout": _CONNECT_S,
            "read_timeout": _ANSWER_S,
            "retries": {"mode": "standard", "total_max_attempts": _ATTEMPTS},
            **config,
        },
        skip_instance_cache=True,
        use_listings_cache=False,
        **given,
    )
    files.retries = _ATTEMPTS  # of a body that is cut off
    return files


def _s3() -> Store:
    import aiohttp
    import s3fs  # noqa: F401  what makes a client needs it
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    outages = (
        aiohttp.ClientError,
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        ResponseParserError,
    )
    credentials = (
        exceptions.CredentialRetrievalError,
        exceptions.NoAuthTokenError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.ProfileNotFound,
        exceptions.TokenRetrievalError,
    )
    return Store(partial(s3_client, {}), outages, credentials)


_STORES: Final[Mapping[str, Callable[[], Store]]] = {"gs": _gs, "s3": _s3}
