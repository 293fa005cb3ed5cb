"""Starts the command line as processes, with their streams and signals as a test wants them."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MANYHANDS = str(Path(sys.executable).with_name("manyhands"))
NOW = "--as-of=2026-02-01T00:00:00Z"


def with_default_signals() -> None:
    """Take no signal as ignored: whoever runs the tests in the background, or by nohup, does."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def started(
    words: Sequence[str], folder: Path, *, redirected: str = "", ignored: int = 0
) -> "subprocess.Popen[str]":
    """Start a command in a folder, which has its temporary files too, with a shell's redirections.

    The signal `ignored` is ignored when it begins, as `nohup` does; others are not.
    """

    def begin() -> None:
        with_default_signals()
        if ignored:
            signal.signal(ignored, signal.SIG_IGN)

    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$0" "$@" {redirected}', MANYHANDS, *words],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(temporary)},
        preexec_fn=begin,  # noqa: PLW1509  no thread of ours holds a lock
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(words: Sequence[str], folder: Path, redirected: str) -> tuple[int, str, str]:
    """Run a command with a shell's redirections; return its exit code, stdout and stderr."""
    process = started(words, folder, redirected=redirected)
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


def left_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder and in its folder for temporary files."""
    return {path.name for path in [*folder.iterdir(), *(folder / "temporary").iterdir()]}
