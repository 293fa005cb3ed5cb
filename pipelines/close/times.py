"""Takes how long the steps of a close last: nothing that a close states depends on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic_ns
from typing import Final

_NS_PER_MS: Final = 1_000_000


class Times:
    """How long each step took, in whole milliseconds, in the order of the steps."""

    def __init__(self) -> None:
        """Begin with no step."""
        self.milliseconds: dict[str, int] = {}

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Take how long the context lasts, where it ends well."""
        begun_at = monotonic_ns()
        yield
        self.milliseconds[step] = (monotonic_ns() - begun_at) // _NS_PER_MS
