"""Reads files and streams into bounded batches, each byte once (SPEC §4)."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pipelines.errors import ManyhandsError, UsageError
from pipelines.sources.batch import Batch, Portion
from pipelines.sources.limits import Limits
from pipelines.sources.lines import Lines, lines_of
from pipelines.sources.opened import Source, opened
from pipelines.sources.streams import BLOCK_BYTES, UnfinishedError

PORTION_BYTES: Final = 16 << 20
"""Bytes of text of an element of a pipeline: thousands of events are proven at once."""

_SHOWN: Final = 10
"""So many sources that went wrong are named."""


def batches(sources: Iterable[Source], limits: Limits) -> Iterator[Batch]:
    """Read sources into batches; a batch goes on from one source to the next.

    The first batch is read at once, so that nothing is made for a source that is refused.
    Each batch has to be acknowledged before the next one is asked for.

    Raises ManyhandsError, or UsageError where all that went wrong is that sources can't be NDJSON,
    when all other sources are through. It says what of each is in the log: what was acknowledged.
    """
    read = _read(sources, limits)
    return _begun(list(islice(read, 1)), read)


def _begun(first: list[Batch], rest: Iterator[Batch]) -> Iterator[Batch]:
    while first:
        yield first.pop()  # and hold it no longer
    yield from rest


@dataclass
class _Batch:
    """A batch, filled until it is full or the sources end."""

    portions: deque[list[Lines]] = field(default_factory=deque)
    lines: int = 0
    size: int = 0
    """Bytes of text."""
    room: int = 0
    """Bytes until the last portion is full."""
    acknowledged: bool = False

    @property
    def events(self) -> Iterator[Portion]:
        """The portions; each is held no longer once it is taken."""
        while self.portions:
            yield self.portions.popleft()

    def acknowledge(self) -> None:
        """Count its lines as lines that are in the log."""
        self.acknowledged = True

    def release(self) -> None:
        """Do nothing: the same command reads a file again."""

    def has_room(self, lines: Lines, limits: Limits) -> bool:
        """Return whether lines fit; whatever they are, they fit in an empty batch."""
        return self.lines == 0 or (
            self.lines + lines.count <= limits.lines and self.size + len(lines.text) <= limits.size
        )

    def add(self, lines: Lines) -> None:
        """Add lines behind the others."""
        if self.room <= 0:
            self.portions.append([])
            self.room = PORTION_BYTES
        lines.position = self.lines
        self.portions[-1].append(lines)
        self.lines += lines.count
        self.size += len(lines.text)
        self.room -= len(lines.text)

    def drop(self, position: int) -> None:
        """Drop all lines from a position on."""
        kept = ([one for one in part if one.position < position] for part in self.portions)
        self.portions = deque(portion for portion in kept if portion)
        self.lines = position
        self.size = sum(len(lines.text) for portion in self.portions for lines in portion)
        self.room = 0


def _read(sources: Iterable[Source], limits: Limits) -> Iterator[Batch]:
    batch = _Batch()
    faults: list[ManyhandsError] = []
    for source in sources:
        began_at, taken = batch.lines, 0
        try:
            for lines in read_lines(source, limits):
                if not batch.has_room(lines, limits):
                    yield from _until_acknowledged(batch)
                    taken += batch.lines - began_at
                    began_at = 0
                    batch = _Batch()
                batch.add(lines)
        except UnfinishedError as error:
            if not error.is_sound:
                batch.drop(began_at)
            faults.append(_unfinished(source, error, taken + batch.lines - began_at))
        except UsageError as error:
            faults.append(error)
    if batch.lines:
        yield from _until_acknowledged(batch)
    fail(faults)


def _until_acknowledged(batch: _Batch) -> Iterator[Batch]:
    """Yield a batch; what is said to be in the log is so, since nothing is read beyond a gap."""
    yield batch
    if not batch.acknowledged:
        message = "a batch of files has to be acknowledged before the next one is asked for"
        raise RuntimeError(message)


def read_lines(source: Source, limits: Limits) -> Iterator[Lines]:
    """Read a source to its end, a block of whole lines at a time.

    Raises UsageError where it can't be NDJSON, UnfinishedError where it isn't read to its end.
    """
    try:
        with opened(source) as stream:
            most_bytes, most_lines = min(BLOCK_BYTES, limits.size), max(1, limits.lines // 4)
            yield from lines_of(stream, source.name, most_bytes, most_lines)
    except OSError as error:
        what = f"could not be read to its end ({error.strerror or error})"
        raise UnfinishedError(what, "when that is mended, run the command again") from error


def _unfinished(source: Source, error: UnfinishedError, taken: int) -> ManyhandsError:
    """Say what happened to a source of which some lines are in the log, and what to do."""
    kept = f"its lines 1 to {taken} are in the log" if taken else "nothing of it is in the log"
    doubt = " and may be damaged" if taken and not error.is_sound else ""
    message = f"{source.name} {error}; {kept}{doubt}; {error.remedy}"
    return ManyhandsError(f"{message} (events that are in the log count as duplicates)")


def fail(faults: Sequence[ManyhandsError]) -> None:
    """Raise what went wrong with sources, if anything did, as one error."""
    if not faults:
        return
    kind = UsageError if all(isinstance(fault, UsageError) for fault in faults) else ManyhandsError
    more = len(faults) - _SHOWN
    rest = [f"and {more} more sources went wrong"] if more > 0 else []
    raise kind("\n".join([*map(str, faults[:_SHOWN]), *rest]))
