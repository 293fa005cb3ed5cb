"""Read portions of sources: from bytes to lines (SPEC §3.1, §3.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

import apache_beam as beam

from pipelines.sources.batches import Portion
from pipelines.sources.lines import Lines
from schemas.json_text import BLANK
from schemas.record import Received


def read(lines: Lines) -> Iterator[Received]:
    """Read lines one by one; those of nothing but white space are skipped."""
    for number, line in enumerate(lines.text.removesuffix(b"\n").split(b"\n")):
        if lines.size >= 0 or line.strip(BLANK):
            yield Received(
                lines.position + number,
                lines.origin,
                str(lines.first_line + number),
                line,
                size=lines.size,
                sha256=lines.sha256,
            )


class Handed:
    """A portion that stays in this process: its pickle names it, and is of use while it is there.

    Beam compresses what a pipeline begins with, several times, which takes longer than all steps.
    The portion is emptied when it is read, so that its text isn't held beside what is made of it.
    """

    def __init__(self, portion: Portion) -> None:
        self._portion = portion
        _HANDED[id(self)] = self

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to find it again."""
        return _handed, (id(self),)

    def read(self) -> list[Received]:
        """Read all of its lines, once."""
        if not self._portion:
            message = "a portion can be read only once"
            raise RuntimeError(message)
        received = [received for lines in self._portion for received in read(lines)]
        self._portion.clear()
        return received


_HANDED: Final[WeakValueDictionary[int, Handed]] = WeakValueDictionary()
"""Those that a pipeline holds, as what it begins with."""


def _handed(name: int) -> Handed:
    return _HANDED[name]


@dataclass
class Read(beam.PTransform[Any, Any]):
    """Read a batch of portions into lists of `Received`; it is empty afterwards."""

    batch: list[Portion]

    def expand(self, pipeline: Any) -> Any:  # noqa: ANN401  Beam's
        """Return one list a portion."""
        handed = beam.Create([Handed(portion) for portion in self.batch], reshuffle=False)
        return pipeline | handed | beam.Map(Handed.read).with_output_types(list[Received])
