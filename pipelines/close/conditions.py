"""What a close must meet besides the gate's checks: one value, by default nothing."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.close.reporting import NOBODY, Reporting
from pipelines.errors import DeadLettersError
from pipelines.lake.refused import Refused


@dataclass(frozen=True)
class Conditions:
    """What was asked of a close by the one who started it."""

    fail_on_dead_letters: bool = False
    """Whether it closes no period while dead letters of a time before its end are open."""
    expected_digest: str = ""
    """The digest that it has to have; empty: any."""
    draft: Path | None = None
    """The folder of the draft that it has to be the same as."""
    checks: Path | None = None
    """The folder of checks that the gate runs beside its own."""
    reporting: Reporting = NOBODY
    """The sources that have to have reported what they sent."""

    def refuse_dead_letters(self, refused: Refused, period: str) -> None:
        """Raise DeadLettersError where dead letters stop the close of a period."""
        if self.fail_on_dead_letters and refused.letters:
            by_reason = ", ".join(f"{count} {reason}" for reason, count in refused.letters.items())
            message = (
                f"{period} was not closed: dead letters with a time before its end are open:"
                f" {by_reason}; `manyhands deadletter list` names them. Send what should count,"
                " dismiss what never will (`manyhands deadletter dismiss`), or close without"
                " --fail-on-dead-letters"
            )
            raise DeadLettersError(message)


NONE = Conditions()
