"""Runs a command as a process of its own and measures it."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ManyhandsError

RSS_UNITS_PER_MIB = 1 << 20 if sys.platform == "darwin" else 1 << 10
"""What `ru_maxrss` counts in: bytes on macOS, KiB elsewhere."""


@dataclass(frozen=True)
class Measured:
    """What a process took, and what it printed."""

    seconds: float
    """From start to end on the wall clock."""
    peak_mib: int
    """Most memory resident at once, of the process or of one that it waited for."""
    stdout: str


def manyhands(*words: str, folder: Path, settings: Mapping[str, str] | None = None) -> Measured:
    """Run `manyhands` from a folder; of the environment's own settings only `settings` are there.

    Raises ManyhandsError where it exits with another code than 0.
    """
    environment = {key: os.environ[key] for key in os.environ if not key.startswith("MANYHANDS_")}
    command = [str(Path(sys.executable).with_name("manyhands")), *words]
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        streams = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr}
        started_at = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "NO_COLOR": "1", **(settings or {})},
            **streams,  # type: ignore[call-overload]  # streams as the class takes them
        )
        usage = _wait(process)
        seconds = time.perf_counter() - started_at
        if process.returncode:
            stderr.seek(0)
            message = f"manyhands {' '.join(words)}: exit {process.returncode}: {stderr.read()}"
            raise ManyhandsError(message)
        stdout.seek(0)
        return Measured(seconds, usage.ru_maxrss // RSS_UNITS_PER_MIB, stdout.read())


def _wait(process: "subprocess.Popen[str]") -> resource.struct_rusage:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage
