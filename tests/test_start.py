"""Who finds nothing to do ends soon: nothing is loaded that isn't used."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

ROUNDS: Final = 5
MOST: Final = 18
"""Times the processor time of `import duckdb`.

That took 0.09 s where `ingest` of an empty file took 1.1 s and `close --due` without anything due
0.9 to 1.2 s: 10 to 14 times. An ingest that loads Beam takes 26 times, a close that loads Great
Expectations more.
"""

COMMANDS: Final = {
    "ingest": ["ingest", "empty.ndjson"],
    "close": ["close", "--due"],
    "duckdb": ["-c", "import duckdb"],
}
HEAVY: Final = "{'apache_beam', 'great_expectations', 'pandas'}"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with a warehouse, `warehouse`, and a file without events."""
    (tmp_path / "empty.ndjson").touch()
    _run(tmp_path, ["-m", "pipelines.cli", "init"])
    return tmp_path


def _run(folder: Path, words: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    # what Python compiled is kept, as for whoever installed it
    kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=kept, check=True, capture_output=True)


def _work(folder: Path, words: Sequence[str]) -> float:
    """Return the processor time of a process in seconds."""
    before = os.times()
    _run(folder, words if words[0] == "-c" else ["-m", "pipelines.cli", *words])
    after = os.times()
    user, system = (
        getattr(after, name) - getattr(before, name)
        for name in ("children_user", "children_system")
    )
    return float(user + system)


@pytest.mark.processes
def test_who_finds_nothing_to_do_takes_little_more_than_the_engine(place: Path) -> None:
    """The least of several rounds each, in processor time, which a busy machine stretches less."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, words in COMMANDS.items():
            taken[name].append(_work(place, words))

    times = {name: min(seconds) / min(taken["duckdb"]) for name, seconds in taken.items()}

    assert {name: ratio for name, ratio in times.items() if ratio > MOST} == {}


@pytest.mark.processes
@pytest.mark.parametrize("words", [["ingest", "empty.ndjson"], ["close", "--due"]], ids=" ".join)
def test_neither_beam_nor_the_gate_is_loaded_for_nothing(place: Path, words: Sequence[str]) -> None:
    """Nor pandas, which DuckDB loads for the first parameter that it is given."""
    code = (
        f"import sys; from pipelines.cli import main; code = main({words!r});"
        f"sys.exit(' '.join({HEAVY} & set(sys.modules)) or code)"
    )

    ended = _run(place, ["-c", code])

    assert 0 == ended.returncode


@pytest.mark.thorough
def test_of_great_expectations_only_what_the_gate_uses_is_loaded(tmp_path: Path) -> None:
    """What draws charts and knows distributions is there once somebody asks it for something."""
    code = (
        "import sys; from pipelines.gate import prepare; prepare();"
        "import pipelines.gate.expectations as gate;"
        "print(sorted({'altair.vegalite', 'scipy.stats._stats_py'} & set(sys.modules)));"
        "import altair, scipy.stats;"
        "print(callable(altair.Chart), callable(scipy.stats.norm.pdf), gate.validate.__name__)"
    )

    ended = _run(tmp_path, ["-c", code])

    assert b"[]\nTrue True validate\n" == ended.stdout
