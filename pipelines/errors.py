"""What a command can fail with; each error carries its exit code (SPEC §7.3).

A message says what happened, to what, and what to do.
"""


class ManyhandsError(Exception):
    """Something failed in a way that the user can act on (exit 1)."""

    exit_code = 1


class UsageError(ManyhandsError):
    """The command or its input can't be used as it was given (exit 2)."""

    exit_code = 2


class NotFoundError(ManyhandsError):
    """A source, a warehouse, a period or a statement isn't there (exit 3)."""

    exit_code = 3


class GateError(ManyhandsError):
    """The gate found something; nothing was issued (exit 4)."""

    exit_code = 4


class DeadLettersError(ManyhandsError):
    """Dead letters stand open, and the close was told to stop at them (exit 4)."""

    exit_code = 4


class FindingsError(ManyhandsError):
    """Verifying found something (exit 4)."""

    exit_code = 4


class RefusedEventsError(ManyhandsError):
    """An ingest would refuse some of the events that were checked (exit 4)."""

    exit_code = 4


class ProofError(ManyhandsError):
    """A proof, a signature or a checkpoint doesn't hold (exit 4)."""

    exit_code = 4


class GateNotRunError(ManyhandsError):
    """Checks of the gate couldn't run and none found anything; nothing was issued (exit 1)."""


class ConflictError(ManyhandsError):
    """Somebody else closed the period, or it is out of order (exit 5)."""

    exit_code = 5


class TryAgainError(ManyhandsError):
    """Not now: the period isn't over, or the catalog is busy (exit 75)."""

    exit_code = 75


class UnknownOutcomeError(TryAgainError):
    """Nobody can say now whether a commit was made (exit 75)."""
