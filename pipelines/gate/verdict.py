"""What the gate says of a staged close: a value, told to people and kept as JSON."""

import json
from dataclasses import dataclass
from enum import StrEnum

from pipelines.values import JsonValue

ROWS_SHOWN = 10
"""How many offending rows a verdict carries of each check."""


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    """It found offending rows."""
    ERROR = "error"
    """It could not run: nothing is known, so nothing may be issued."""


class Level(StrEnum):
    """What becomes of a close in which a check found something."""

    STOP = "stop"
    WARN = "warn"
    """It is shown, and the close goes on."""


@dataclass(frozen=True)
class Found:
    """What running a check gave: a count of offending rows, or why there is none."""

    count: int = 0
    message: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    """Of its file."""
    meaning: str
    """What must hold, as the file's head says."""
    outcome: Outcome
    count: int = 0
    """How many rows offend."""
    rows: tuple[dict[str, JsonValue], ...] = ()
    """The first of them, at most ROWS_SHOWN, in the order of their columns."""
    message: str = ""
    """Why it could not run, in one line."""
    level: Level = Level.STOP

    def as_json(self) -> dict[str, JsonValue]:
        """Return the result as JSON has it."""
        return {
            "check": self.name,
            "meaning": self.meaning,
            "level": self.level.value,
            "outcome": self.outcome.value,
            "count": self.count,
            "rows": list(self.rows),
            "message": self.message,
        }

    def explain(self) -> str:
        """Return in lines what it found, with the first rows."""
        rows = [f"    {json.dumps(row, ensure_ascii=False)}" for row in self.rows]
        unseen = self.count - len(self.rows)
        more = [f"    and {unseen} more"] if unseen else []
        noun = "row" if self.count == 1 else "rows"
        found = f"  {self.name} found {self.count} {noun}. {self.meaning}"
        return "\n".join([found, *rows, *more])


@dataclass(frozen=True)
class Verdict:
    """What all checks found in the staged close of a period."""

    period: str
    checks: tuple[CheckResult, ...]

    @property
    def found(self) -> tuple[CheckResult, ...]:
        """The checks that found rows and stop the close: the data are at fault."""
        return self._found_at(Level.STOP)

    @property
    def warned(self) -> tuple[CheckResult, ...]:
        """The checks that found rows, and let the close go on."""
        return self._found_at(Level.WARN)

    @property
    def not_run(self) -> tuple[CheckResult, ...]:
        """The checks that couldn't run: nothing is known of the data."""
        return tuple(check for check in self.checks if check.outcome is Outcome.ERROR)

    @property
    def passed(self) -> bool:
        """Whether the close may go on: there are checks, all ran, and none stops it."""
        return bool(self.checks) and not self.found and not self.not_run

    def as_json(self) -> dict[str, JsonValue]:
        """Return the verdict as JSON has it."""
        checks: list[JsonValue] = [check.as_json() for check in self.checks]
        return {"period": self.period, "passed": self.passed, "checks": checks}

    def _found_at(self, level: Level) -> tuple[CheckResult, ...]:
        return tuple(
            check
            for check in self.checks
            if check.outcome is Outcome.FAILED and check.level is level
        )

    def explain_found(self) -> str:
        """Return in lines which checks found something, with their first rows."""
        tally = f"{len(self.found)} of {len(self.checks)} checks found something"
        return "\n".join([tally, *(check.explain() for check in self.found)])

    def explain_not_run(self) -> str:
        """Return in lines which checks couldn't run and why; what has one reason, in one line."""
        by_message: dict[str, list[str]] = {}
        for check in self.not_run:
            by_message.setdefault(check.message, []).append(check.name)
        tally = f"{len(self.not_run)} of {len(self.checks)} checks could not run"
        told = [f"  {', '.join(names)}: {message}" for message, names in by_message.items()]
        return "\n".join([tally, *told])
