"""Fixtures shared by the tests: commands in one process, and a warehouse to run them on."""

import gc
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipelines.cli import main
from pipelines.lake import creation, engine
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests import faketime, prism, promtool, stores
from tests.dask_cluster import dask_cluster
from tests.emulator import MISSING, emulator
from tests.made_once import made_once
from tests.postgres import postgres
from tests.proof import programs
from tests.stores import running_store, store
from tests.worked_cases import worked_case

__all__ = [
    "dask_cluster",
    "emulator",
    "made_once",
    "postgres",
    "running_store",
    "store",
    "worked_case",
]

# The same examples every time, and no deadline: a busy machine is no failure.
settings.register_profile("everyday", deadline=None, derandomize=True)
settings.register_profile("long", settings.get_profile("everyday"), max_examples=2_000)
settings.load_profile("everyday")

SLOW_EXAMPLES = 50
"""How many examples take as long as one that ingests and closes."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Let the engine of each worker keep to one core; real processes take all of them."""
    bounded = engine.bounded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "bounded", lambda *given: bounded(*given) | {"threads": 1})
        yield


@pytest.fixture(scope="session", autouse=True)
def _kept_from_collector() -> None:
    """Load what is largest, and keep it from the collector, which each ingest sets going.

    A worker comes to need it, as a rule; a few tests that are run by themselves may not.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        importlib.import_module("pipelines.gate.expectations")
        gc.freeze()


_fill = creation._fill


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Write the catalog of an empty warehouse once for each setting; all others get copies.

    Real processes write each of theirs, and so do tests that use `made_anew`.
    """
    made: dict[tuple[Setting, int], Path] = {}

    def copy(warehouse: Warehouse, setting: Setting, number: int) -> None:
        if warehouse.server:
            _fill(warehouse, setting, number)
            return
        if (setting, number) not in made:
            made[setting, number] = tmp_path_factory.mktemp("made")
            _fill(warehouse.at(made[setting, number]), setting, number)
        for path in sorted(made[setting, number].rglob("*")):
            place = warehouse.folder / path.relative_to(made[setting, number])
            if path.is_dir():
                place.mkdir()
            else:
                shutil.copyfile(path, place)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creation, "_fill", copy)
        yield


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each warehouse be made from nothing, as the program does it."""
    monkeypatch.setattr(creation, "_fill", _fill)


SERVERS = {"dask_cluster", "emulator", "postgres", "running_s3", "running_store"}
"""Fixtures that run a server; `make processes` runs the tests that need one."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs a server."""
    if isinstance(item, pytest.Function) and SERVERS.intersection(item.fixturenames):
        item.add_marker(pytest.mark.processes)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests were skipped for want of a program, whatever else is printed."""
    reasons = [str(one.longrepr) for one in terminalreporter.stats.get("skipped", [])]
    for missing in (
        MISSING,
        faketime.MISSING,
        prism.MISSING,
        programs.MISSING,
        promtool.MISSING,
        stores.MISSING,
    ):
        if skipped := sum(missing in reason for reason in reasons):
            terminalreporter.write_line(f"{skipped} tests were skipped: {missing}", yellow=True)


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:  # noqa: ANN401  a JSON document
        """The document on stdout."""
        return json.loads(self.stdout)


Run = Callable[..., Outcome]


def run(words: Sequence[str]) -> Outcome:
    """Run a command through the command line's entry point."""
    stdout, stderr = StringIO(), StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = main(list(words))
    return Outcome(code, stdout.getvalue(), stderr.getvalue())


@pytest.fixture
def manyhands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands on the warehouse `tmp_path/warehouse`, from `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANYHANDS_WAREHOUSE", str(tmp_path / "warehouse"))

    def call(*words: str) -> Outcome:
        return run(words)

    return call
