"""What a step hands on: lists of what passed, and lists of what it refused, apart."""

import pickle
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeVar

from apache_beam.coders import Coder, registry
from apache_beam.pvalue import TaggedOutput
from apache_beam.typehints.typehints import ListConstraint

from schemas.record import Rejected

REJECTED: Final = "rejected"
"""The tag of the output that carries what a step refused, as lists of `Rejected`."""

T = TypeVar("T")
Refusals = TaggedOutput[Literal["rejected"], list[Rejected]]


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


class ListCoder(Coder):
    """Pickles a list at once, and takes its length for its size.

    Beam asks for the size of every tenth element and more, and would pickle each record for it.
    """

    def encode(self, value: list[Any]) -> bytes:
        """Return a list as bytes."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> list[Any]:
        """Return the list of bytes that a worker of ours wrote."""
        decoded: list[Any] = pickle.loads(encoded)  # noqa: S301  our own bytes
        return decoded

    def estimate_size(self, value: list[Any]) -> int:
        """Return a size that is no work to find."""
        return len(value)

    def is_deterministic(self) -> bool:
        """Return that a list is no key."""
        return False

    @classmethod
    def from_type_hint(cls, typehint: object, registry: object) -> Any:  # noqa: ANN401, ARG003  Beam's
        """Return the coder of any list."""
        return cls()


registry.register_coder(ListConstraint, ListCoder)
