"""Says what a call of Pub/Sub failed with, and what to do: the one place that reads its errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from pipelines.errors import ManyhandsError, NotFoundError, TryAgainError

PASSING: Final = (
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""What the same call may not fail with the next time."""

_ROLES: Final = {
    "pubsub.subscriptions.consume": "roles/pubsub.subscriber",
    "pubsub.subscriptions.get": "roles/pubsub.viewer",
    "pubsub.topics.get": "roles/pubsub.viewer",
    "pubsub.topics.publish": "roles/pubsub.publisher",
}
"""The rights that our calls take, each with a role that has it."""


class UnreachableError(TryAgainError):
    """The broker gave no answer; it may later."""


@contextmanager
def explaining(name: str, right: str) -> Iterator[None]:
    """Raise what a call fails with as `explained` says it."""
    try:
        yield
    except (exceptions.GoogleAPIError, GoogleAuthError) as error:
        raise explained(error, name, right) from error


def explained(error: Exception, name: str, right: str) -> ManyhandsError:
    """Return the error of a call that took a right to a topic or subscription, by its name."""
    cause = error.cause if isinstance(error, exceptions.RetryError) else error
    if isinstance(cause, exceptions.NotFound):
        kind = right.split(".")[1].removesuffix("s")
        return NotFoundError(f"{name}: no such {kind}; make it, or name another")
    if isinstance(cause, exceptions.PermissionDenied):
        return ManyhandsError(
            f"{name}: this account lacks the right {right} on it;"
            f" grant it, {_ROLES[right]} for example"
        )
    if isinstance(cause, (*PASSING, TimeoutError)) or getattr(cause, "retryable", False):
        return UnreachableError(
            f"{name}: the broker can't be reached ({_in_words(cause)}); run the command again later"
        )
    if isinstance(cause, DefaultCredentialsError):
        return ManyhandsError(
            "no credentials for Google Cloud were found; set GOOGLE_APPLICATION_CREDENTIALS,"
            " or PUBSUB_EMULATOR_HOST for an emulator"
        )
    if isinstance(cause, exceptions.Unauthenticated | GoogleAuthError):
        return ManyhandsError(
            f"{name}: there are no credentials that count ({_in_words(cause)}); name some in"
            " GOOGLE_APPLICATION_CREDENTIALS"
        )
    return ManyhandsError(f"{name}: the broker refused: {_in_words(cause)}")


def _in_words(error: BaseException | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__
