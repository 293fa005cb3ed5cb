"""Fixtures of the faults: a scene for each, and chance."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from secrets import randbelow

import pytest

from tests.emulator import Emulator
from tests.faults.scene import Scene


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark all of this folder."""
    item.add_marker(pytest.mark.processes)


@pytest.fixture
def scene(emulator: Emulator, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """Set the scene for one case; its processes end with it."""
    name = "f" + "".join(letter for letter in request.node.name if letter.isalnum())[-100:]
    made = Scene(emulator, tmp_path, name)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    """Return what decides by chance; where the test fails its seed is printed.

    MANYHANDS_TEST_SEED gives the same again.
    """
    seed = int(os.environ.get("MANYHANDS_TEST_SEED") or randbelow(1_000_000))
    request.node.add_report_section("setup", "seed", f"MANYHANDS_TEST_SEED={seed}")
    return Random(seed)  # noqa: S311  it is to be the same again
