"""What a step makes of each element: passed, or refused with a reason."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from apache_beam.pvalue import TaggedOutput

from pipelines import __version__
from pipelines.steps import REJECTED
from schemas.record import Received, Rejected
from schemas.rejection import Reason

T = TypeVar("T")
Refusals = TaggedOutput[Literal["rejected"], list[Rejected]]


def refused(step: str, received: Received, reason: Reason, path: str, message: str) -> Rejected:
    """Refuse what was received, in the name of a step."""
    return Rejected(received, reason.value, path, message, f"manyhands/{__version__} {step}")


def apart(outcomes: Iterable[T | Rejected]) -> Iterator[list[T] | Refusals]:
    """Yield what passed on the main output and what failed on `REJECTED`, each in its order."""
    passed: list[T] = []
    failed: list[Rejected] = []
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            failed.append(outcome)
        else:
            passed.append(outcome)
    if passed:
        yield passed
    if failed:
        yield TaggedOutput(REJECTED, failed)
