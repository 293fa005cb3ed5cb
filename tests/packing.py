"""Copies and builds of the project, and environments to install them in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
_NOT_SOURCES = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "warehouse", "demo-warehouse"
)


def copy_sources(folder: Path) -> Path:
    """Copy the project as it would be cloned into a folder that isn't there yet; return it."""
    shutil.copytree(ROOT, folder, ignore=_NOT_SOURCES)
    return folder


def build_wheel(sources: Path, folder: Path) -> tuple[Path, str]:
    """Build the wheel into a folder; return its path and all that the build printed."""
    words = ["-m", "pip", "wheel", "--verbose", "--no-deps", "--no-build-isolation"]
    printed = run(sys.executable, *words, f"--wheel-dir={folder}", ".", cwd=sources)
    (wheel,) = folder.glob("*.whl")
    return wheel, printed


def run(*words: str | Path, cwd: Path) -> str:
    """Run a command that has to succeed, without this process's PYTHONPATH; return its output."""
    ended = subprocess.run(
        words,
        check=False,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
