"""What every source yields: batches of what it received, acknowledged once they are committed."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from pipelines.sources.lines import Lines
from schemas.record import Received

Portion: TypeAlias = Sequence[Lines | Received]
"""About a block of what was received: an element of a pipeline.

A file's text is cut into lines within the pipeline; a message is one event as it is.
"""


class Batch(Protocol):
    """What is ingested and committed at once (SPEC §4)."""

    @property
    def events(self) -> Iterator[Portion]:
        """What was received, in its order and with its positions in the batch; read it once."""
        ...

    def acknowledge(self) -> None:
        """Let the source forget the batch: it is committed."""
        ...

    def release(self) -> None:
        """Let the source send the batch again: it isn't committed."""
        ...
