"""The gate: the checks that all must pass before anything is issued (SPEC §6, Gate)."""

from pipelines.gate.checking import check, keep, prepare, run
from pipelines.gate.verdict import CheckResult, Level, Outcome, Verdict

__all__ = ["CheckResult", "Level", "Outcome", "Verdict", "check", "keep", "prepare", "run"]
