"""Runs the program as other users of the machine, which takes root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TEAM = 60_000
OWNER, COLLEAGUE, STRANGER = 60_001, 60_002, 60_003

_PROJECT = Path(__file__).parents[2]
_NEEDED = (_PROJECT, Path(sys.prefix), Path(sys.base_prefix))
_OPEN_TO_ALL = 0o001
_REACH = """
stash=$1 covered=$2 needed=$3; shift 3
number=0; for path in $needed; do
    mkdir -p $stash/$number && mount --bind $path $stash/$number; number=$((number + 1)); done
for path in $covered; do mount -t tmpfs -o mode=755 none $path; done
number=0; for path in $needed; do
    mkdir -p $path && mount --bind $stash/$number $path; number=$((number + 1)); done
exec "$@"
"""
"""Covers folders that are closed to others with ones that have only what is needed of them.

It happens in a mount namespace of the command's own, so nobody else sees it.
"""


@contextmanager
def folder_for_users() -> Iterator[Path]:
    """Make a folder that every user can reach; skip the test where users can't be changed."""
    if os.geteuid() != 0:
        pytest.skip("only root can run commands as other users")
    missing = [tool for tool in ("setpriv", "unshare") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{missing} of util-linux aren't installed")
    trial = [*_reaching(tempfile.gettempdir())[:2], "true"] if _closed() else ["true"]
    if subprocess.run(trial, check=False).returncode:
        pytest.skip(f"{_closed()} is closed to other users, and this root may not mount")
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def as_user(user: int, *words: str, umask: str = "002") -> subprocess.CompletedProcess[str]:
    """Run Python with these words as a user whose only group is TEAM; a stranger's is its own."""
    group = user if user == STRANGER else TEAM
    become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    shell = ["sh", "-c", f'umask {umask}; exec "$@"', "sh", sys.executable]
    with tempfile.TemporaryDirectory() as stash:
        return subprocess.run(
            [*_reaching(stash), *become, *shell, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"HOME": "/", "PATH": os.environ["PATH"], "PYTHONPATH": str(_PROJECT)},
        )


def _reaching(stash: str) -> list[str]:
    if not _closed():
        return []
    lists = (" ".join(map(str, paths)) for paths in (_closed(), _NEEDED))
    return ["unshare", "--mount", "sh", "-ec", _REACH, "sh", stash, *lists]


def _closed() -> list[Path]:
    """Return the folders on the way to the program that other users may not enter."""
    ways = {folder for path in _NEEDED for folder in path.parents}
    closed = [folder for folder in ways if not folder.stat().st_mode & _OPEN_TO_ALL]
    return [folder for folder in closed if not set(closed) & set(folder.parents)]
