"""Worked cases of tests/vectors/, each played once for all tests that look at it or go on."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import scenario
from tests.made_once import MadeOnce


@dataclass(frozen=True)
class Worked:
    """A worked case that was played."""

    warehouse: Path
    """Its warehouse, which is only read or copied."""
    found: dict[str, Any]
    """What it came to, in the shape of the expected."""

    @property
    def words(self) -> list[str]:
        """The words that name its warehouse."""
        return [f"--warehouse={self.warehouse}"]

    def copied(self, folder: Path) -> list[str]:
        """Copy its warehouse into a folder, and return the words that name the copy."""
        shutil.copytree(self.warehouse, folder / "warehouse")
        return [f"--warehouse={folder / 'warehouse'}"]


WorkedCase = Callable[[str], Worked]


@pytest.fixture(scope="session")
def worked_case(made_once: MadeOnce) -> WorkedCase:
    """Return what plays the case of a name, or has it from the test that played it first."""

    def played(name: str) -> Worked:
        def play(folder: Path) -> None:
            steps, _ = scenario.read(name)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MANYHANDS_MANIFEST_ROOTS", str(scenario.VECTORS))
                found = scenario.run(steps, folder, scenario.in_process)
            (folder / "found.json").write_text(json.dumps(found))

        folder = made_once(f"worked-{name}", play)
        return Worked(folder / "warehouse", json.loads((folder / "found.json").read_text()))

    return played
