"""Says what a call of Pub/Sub failed with, and what to do: the one place that reads its errors."""

from typing import Final

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError

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

_ROLES: Final = {"get": "roles/pubsub.viewer", "publish": "roles/pubsub.publisher"}


def explained(error: Exception, topic: str, act: str) -> ManyhandsError:
    """Return the error of a call that was to `get` a topic, or to `publish` to it."""
    cause = error.cause if isinstance(error, exceptions.RetryError) else error
    if isinstance(cause, exceptions.NotFound):
        return NotFoundError(f"{topic}: no such topic to publish to; make it, or name another")
    if isinstance(cause, exceptions.PermissionDenied):
        return ManyhandsError(
            f"{topic}: this account lacks the right pubsub.topics.{act} on it;"
            f" grant it, {_ROLES[act]} for example"
        )
    if isinstance(cause, (*PASSING, TimeoutError)) or getattr(cause, "retryable", False):
        return TryAgainError(
            f"{topic}: the broker can't be reached ({_in_words(cause)});"
            " what it has is recorded; run the command again later"
        )
    if isinstance(cause, exceptions.Unauthenticated | GoogleAuthError):
        return ManyhandsError(
            f"{topic}: there are no credentials that count ({_in_words(cause)}); name some in"
            " GOOGLE_APPLICATION_CREDENTIALS"
        )
    return ManyhandsError(f"{topic}: the broker refused: {_in_words(cause)}")


def _in_words(error: BaseException | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__
