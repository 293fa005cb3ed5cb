"""A producer's check: what an ingest into an empty log would make of files (SPEC §3.3, §3.4, §4).

It takes the ingest's own steps, one event after the other, and writes nothing but the copies of
manifests, among the temporary files. It needs no warehouse, and starts without Beam and DuckDB.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pipelines.errors import ManyhandsError, UsageError
from pipelines.ingest.figures import Figures, Report
from pipelines.ingest.identities import Identities
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.read import read
from pipelines.ingest.refuse import refused
from pipelines.ingest.roots import Root
from pipelines.ingest.validate import LEAST, read_event
from pipelines.sources.batches import fail, read_lines
from pipelines.sources.limits import DEFAULT_LIMITS
from pipelines.sources.lines import Lines
from pipelines.sources.opened import Source
from pipelines.sources.streams import UnfinishedError
from schemas.record import Event, Received, Rejected
from schemas.rejection import Reason

if TYPE_CHECKING:
    from pipelines.ingest.manifests import Manifests

_SHOWN_EVERY: Final = 50_000
_AT_ONCE_BYTES: Final = 1 << 20
"""Bytes of text that are read at once: a check holds little."""


@dataclass(frozen=True)
class Rules:
    """What events are held against, beside their schemas and each other."""

    now: datetime
    """Naive, in UTC."""
    memory_bytes: int
    """What checking a manifest may hold before it writes to a temporary file."""
    manifest_roots: tuple[Root, ...] = ()
    manifest_bytes: int = DEFAULT_LIMITS.manifest_size
    policy: Policy = EVERYONE


@dataclass
class Check:
    """Judges what is read, one after the other, and adds up what is accepted."""

    rules: Rules
    stack: ExitStack
    """Ends with the check."""
    report: Report | None = None
    """Adds up one source's events too."""
    show: Callable[[str], None] = lambda _: None
    """Called now and then with how far it is."""
    figures: Figures = field(default_factory=Figures)
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    faults: list[ManyhandsError] = field(default_factory=list)
    """Why sources couldn't be read to their end."""
    _identities: Identities = field(default_factory=Identities)
    _manifests: "Manifests | None" = None

    def refusals(self, sources: Iterable[Source]) -> Iterator[Rejected]:
        """Read sources to their end, and yield what is refused, in the order received.

        Raises ManyhandsError where a manifest can't be copied for want of room, credentials or
        network.
        """
        for source in sources:
            for event in self._read(source):
                self.received += 1
                if not self.received % _SHOWN_EVERY:
                    self.show(f"{self.received} events checked")
                refusal = self._judge(event)
                if refusal is not None:
                    self._count(refusal)
                    yield refusal

    @property
    def refused(self) -> int:
        """How many events are refused, as conflicts or for another reason."""
        return self.conflict + self.rejected.total()

    @property
    def is_sound(self) -> bool:
        """Whether all was read, and nothing refused."""
        return not self.faults and not self.refused

    def fail_where_unread(self) -> None:
        """Raise ManyhandsError where a source wasn't read to its end, naming all such sources."""
        fail(self.faults)

    def _read(self, source: Source) -> Iterator[Event | Rejected]:
        through = 0
        try:
            for portion in _portions(read_lines(source, DEFAULT_LIMITS)):
                yield from _read_events(list(read(portion)), self.rules)
                through += sum(lines.count for lines in portion)
        except UnfinishedError as error:
            checked = f"its lines 1 to {through} were checked" if through else "none was checked"
            doubt = "" if error.is_sound or not through else " and may be damaged"
            message = f"{source.name} {error}; {checked}{doubt}; {error.remedy}"
            self.faults.append(ManyhandsError(message))
        except UsageError as error:
            self.faults.append(error)

    def _judge(self, event: Event | Rejected) -> Rejected | None:
        """Return why something is refused; None where it is accepted, or a duplicate."""
        if isinstance(event, Rejected):
            return event
        standing = self._identities.find(event)
        if standing is None:
            return self._accept(event)
        if standing.is_same:
            self.duplicate += 1
            return None
        first = f"line {standing.line} of {standing.origin}"
        message = f"{first} has other content for this source and id"
        return refused("check", event.received, Reason.ID_CONFLICT, "", message)

    def _accept(self, event: Event) -> Rejected | None:
        """Accept an event of a new identity, unless its manifest can't be used."""
        if event.manifest is not None:
            from pipelines.ingest.manifests import fetch_manifest

            fetch_manifest(event, self._open_manifests())
            if event.fault is not None:
                reason, message = event.fault
                path = "data.manifest"
                return refused("check", event.received, Reason(reason), path, message)
        self._identities.add(event)
        self.accepted += 1
        self.figures.add(event)
        if self.report:
            self.report.add(event)
        return None

    def _open_manifests(self) -> "Manifests":
        """Return the ingest's manifests, with a folder among the temporary files for a warehouse.

        The engine is loaded here, where an event names a manifest by uri, and only then.
        """
        if self._manifests is None:
            from pipelines.ingest.manifests import Manifests
            from pipelines.lake import scratch
            from pipelines.lake.memory import refuse_too_little
            from pipelines.lake.warehouse import Warehouse

            refuse_too_little()
            folder = self.stack.enter_context(scratch.temporary())
            warehouse = Warehouse(folder, self.rules.memory_bytes)
            rules = self.rules
            self._manifests = Manifests(warehouse, rules.manifest_roots, rules.manifest_bytes)
        return self._manifests

    def _count(self, refusal: Rejected) -> None:
        if refusal.reason == Reason.ID_CONFLICT:
            self.conflict += 1
        else:
            self.rejected[refusal.reason] += 1


def _portions(pieces: Iterable[Lines]) -> Iterator[list[Lines]]:
    """Yield some lines at a time; those that were read before a fault too."""
    portion: list[Lines] = []
    fault = None
    try:
        for lines in pieces:
            portion.append(lines)
            if sum(len(one.text) for one in portion) >= _AT_ONCE_BYTES:
                yield portion
                portion = []
    except (UnfinishedError, UsageError) as error:
        fault = error
    if portion:
        yield portion
    if fault:
        raise fault


def _read_events(messages: list[Received], rules: Rules) -> Iterable[Event | Rejected]:
    """Read what was received; the engine is loaded where that is quicker, and only then."""
    if len(messages) < LEAST:
        return (read_event(one, rules.now, rules.policy) for one in messages)
    from pipelines.ingest.prove import read_events

    return read_events(messages, rules.now, rules.policy)


@contextmanager
def checking(rules: Rules, report: Report | None, show: Callable[[str], None]) -> Iterator[Check]:
    """Yield a check; what it wrote is removed when the context ends."""
    with ExitStack() as stack:
        yield Check(rules, stack, report, show)
