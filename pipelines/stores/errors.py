"""Says what the error of an object store means: for an event, for its operator, for the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipelines.errors import ManyhandsError, TryAgainError
from pipelines.stores.clients import Store, forget_clients, is_outage
from pipelines.stores.place import Place

_REFUSED: Final = 400
_UNKNOWN_CALLER: Final = 401
_DENIED: Final = 403
_ABSENT: Final = 404
_LATER_CODES: Final = {"RequestTimeout", "SlowDown"}
CREDENTIALS_CODES: Final = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "NotSignedUp",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
"""S3 says by them, with the status 400 or 403, that it doesn't know who asks."""


class NotThereError(Exception):
    """A place has no file of that name: the message says what it has, empty where nothing."""

    def __init__(self, message: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """The store's HTTP status, where it refused the request."""


@contextmanager
def explained(what: str, place: Place, path: str, store: Store) -> Iterator[None]:
    """Raise what a store's error means; one that isn't known is raised as it is.

    `what` the place is stands in the message: a manifest root, the data path.

    Raises NotThereError where the file isn't there, or this caller may not read it; TryAgainError
    where the store can't be reached or can't answer; ManyhandsError where it doesn't know the
    caller. No text of the store's is shown: it may hold what is secret.
    """
    try:
        yield
    except Exception as error:
        status, code = _status(error)
        if _is_outage(error, status, code, store):
            message = (
                f"the {what} {place} can't be reached now ({_what(error, status)});"
                " run the command again later"
            )
            raise TryAgainError(message) from error
        if status == _UNKNOWN_CALLER or code in CREDENTIALS_CODES or _is(error, store.credentials):
            message = (
                f"the {what} {place} can't be used: there are no credentials that it takes;"
                " set them, and run the command again"
            )
            forget_clients()
            raise ManyhandsError(message) from error
        if status == _ABSENT:
            raise NotThereError from error
        if status == _DENIED:
            message = f"{place} denies access to {path}"
            raise NotThereError(message) from error
        if status:
            message = f"{place} refuses the request for {path} (HTTP {status})"
            raise NotThereError(message, status) from error
        raise


def _is_outage(error: Exception, status: int, code: str, store: Store) -> bool:
    if status:
        return is_outage(status) or code in _LATER_CODES
    return _is(error, (TimeoutError, ConnectionError, *store.outages))


def _is(error: Exception, kinds: tuple[type[Exception], ...]) -> bool:
    return isinstance(error, kinds) or isinstance(error.__cause__, kinds)


def _what(error: Exception, status: int) -> str:
    if status:
        return f"HTTP {status}"
    is_late = isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
    return "no answer in time" if is_late else "no connection"


def _status(error: Exception) -> tuple[int, str]:
    """Return the HTTP status that an error stands for, and S3's code; 0 and "" where none does."""
    for one in (error, error.__cause__):
        response = getattr(one, "response", None)  # botocore's, of which s3fs makes an OSError
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return int(status), str(response.get("Error", {}).get("Code", ""))
    stated = str(getattr(error, "status", None) or getattr(error, "code", None))
    return int(stated) if stated.isdecimal() else _status_of_type(error), ""


def _status_of_type(error: Exception) -> int:
    """Return what gcsfs has made an error without a status of."""
    if isinstance(error, FileNotFoundError):
        return _ABSENT
    if isinstance(error, PermissionError) or str(error).startswith("Forbidden: "):
        return _DENIED
    return _REFUSED if str(error).startswith("Bad Request: ") else 0
