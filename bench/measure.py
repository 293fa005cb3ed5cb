"""Runs a command as a process of its own and measures it."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from pipelines.errors import ManyhandsError

RSS_UNITS_PER_MIB = 1 << 20 if sys.platform == "darwin" else 1 << 10
"""What `ru_maxrss` counts in: bytes on macOS, KiB elsewhere."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured:
    """What a process took, and what it printed."""

    seconds: float
    """From start to end on the wall clock."""
    work: float
    """Seconds of the processors, its own and of the processes that it waited for."""
    peak_mib: int
    """Most memory resident at once, of the process or of one that it waited for."""
    stdout: str


def apart(work: Callable[..., Result], *given: object) -> Result:
    """Do something in a new process, which knows nothing of this one.

    A child's peak memory is at least what its parent held when it started.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


def manyhands(*words: str, folder: Path, settings: Mapping[str, str] | None = None) -> Measured:
    """Run `manyhands` from a folder; of the environment's own settings only `settings` are there.

    Raises ManyhandsError where it exits with another code than 0.
    """
    program = str(Path(sys.executable).with_name("manyhands"))
    return run([program, *words], folder=folder, settings=settings)


def run(
    command: Sequence[str], *, folder: Path, settings: Mapping[str, str] | None = None
) -> Measured:
    """Run a command from a folder, without the environment's own settings of manyhands.

    Raises ManyhandsError where it exits with another code than 0.
    """
    environment = {key: os.environ[key] for key in os.environ if not key.startswith("MANYHANDS_")}
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        streams = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr}
        started_at = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environment, "NO_COLOR": "1", **(settings or {})},
            **streams,  # type: ignore[call-overload]  # streams as the class takes them
        )
        _end_first(process.pid)
        usage = _wait(process)
        seconds = time.perf_counter() - started_at
        if process.returncode:
            stderr.seek(0)
            name = Path(command[0]).name
            words = " ".join([name, *command[1:]])
            message = f"{words}: exit {process.returncode}: {stderr.read()[-2_000:]}"
            raise ManyhandsError(message)
        stdout.seek(0)
        work = usage.ru_utime + usage.ru_stime
        return Measured(seconds, work, usage.ru_maxrss // RSS_UNITS_PER_MIB, stdout.read())


def _end_first(pid: int) -> None:
    """Let Linux end this process before others where memory runs out."""
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000", encoding="ascii")


def _wait(process: "subprocess.Popen[str]") -> resource.struct_rusage:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage
