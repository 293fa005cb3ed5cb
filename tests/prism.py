"""Beam's runner in Go, which somebody has to build: `.ci/run` does (docs/development.md)."""

import os
import shutil
from typing import Final

from tests.required import skip_unless_required

MISSING: Final = "Beam's prism is not on the path"


def program() -> str:
    """Return the program: the one that MANYHANDS_TEST_PRISM names, or the one on the path."""
    found = os.environ.get("MANYHANDS_TEST_PRISM") or shutil.which("prism")
    if found is None:
        skip_unless_required(MISSING)
    return found
