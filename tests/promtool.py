"""Prometheus' own judge of rules; where it is missing, the tests that need it are skipped.

With MANYHANDS_TEST_SERVERS=required, as `.ci/run` sets it, they fail. Debian's package
`prometheus` has it; `apt-get download` and `dpkg -x` get it without starting a service.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.required import skip_unless_required

MISSING: Final = "promtool is not installed"


def promtool(*words: str, folder: Path) -> tuple[int, str]:
    """Run promtool in a folder; return its exit code and what it says."""
    program = shutil.which("promtool")
    if program is None:
        skip_unless_required(MISSING)
    done = subprocess.run(
        [str(program), *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
