"""What a close is of: one value that all of its steps are given."""

from dataclasses import dataclass, field

from pipelines.close.reporting import NOBODY, Reporting
from pipelines.close.times import Times
from pipelines.lake.closes import FIRST_PREVIOUS_DIGEST, PeriodClose
from pipelines.royalties.periods import Period


@dataclass(frozen=True)
class Closing:
    """A period, how far its close reads the log, and the close before it."""

    period: Period
    log_seq: int
    previous: PeriodClose | None
    """None for the first close."""
    reporting: Reporting = NOBODY
    """The sources that have to report before the period closes."""
    known_seq: int = 0
    """How far the log is known by the close before, which it takes as it stands, and computes only
    what changed since; 0 where it computes everything. What it states is the same."""
    times: Times = field(default_factory=Times, compare=False)
    """How long its steps took so far."""

    @property
    def previous_digest(self) -> str:
        """The digest of the close before, 64 zeros for the first."""
        return self.previous.digest if self.previous else FIRST_PREVIOUS_DIGEST
