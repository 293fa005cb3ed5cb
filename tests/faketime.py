"""A clock that is off, for one process: the library of Debian's package `faketime`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.required import skip_unless_required

MISSING: Final = "faketime is not installed"
NOTICED_IN_S: Final = 2
"""So long a process may go by what a clock's file said before."""


def _library() -> str:
    """Return the library for programs with threads."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        skip_unless_required(MISSING)
    return str(found[0])


def off_by(offset: str) -> dict[str, str]:
    """Return the environment of a process whose clocks are off from its start on: `+48h`."""
    return {"LD_PRELOAD": _library(), "FAKETIME": offset}


@dataclass(frozen=True)
class Clock:
    """A clock that is as far from the machine's as its file says.

    Not for Python: with a monotonic clock that isn't off, its `sleep` fails under the library.
    """

    path: Path

    def set(self, offset: str) -> None:
        """Set it, for the processes that go by it and run, too: `+48h`."""
        self.path.write_text(f"{offset}\n", encoding="ascii")
        self.path.chmod(0o644)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that goes by it; at first it is right."""
        if not self.path.exists():
            self.set("+0")
        return {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
