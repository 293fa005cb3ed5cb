"""Refuse what was received, with a reason (SPEC §3.4)."""

from pipelines import __version__
from schemas.record import Received, Rejected
from schemas.rejection import Reason


def refused(step: str, received: Received, reason: Reason, path: str, message: str) -> Rejected:
    """Refuse what was received, in the name of a step."""
    return Rejected(received, reason.value, path, message, f"manyhands/{__version__} {step}")
