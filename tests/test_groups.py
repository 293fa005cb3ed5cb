"""Each test is run by one of `make test`, `make thorough`, `make processes` and `make faults`."""

import shlex
import tomllib
from itertools import chain, combinations
from pathlib import Path

from _pytest.mark.expression import Expression

ROOT = Path(__file__).parent.parent
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"][
    "ini_options"
]
MARKERS = [marker.partition(":")[0] for marker in OPTIONS["markers"]]


def _of_the_makefile(target: str) -> str:
    """Return the expression by which a target chooses tests, in its first command."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = text.partition(f"\n{target}: setup\n")[2].partition("\n")[0]
    return _expression(command.partition(" -m pytest ")[2])


def _expression(words: str) -> str:
    split = shlex.split(words)
    return split[split.index("-m") + 1]


def _chooses(expression: str, marks: tuple[str, ...]) -> bool:
    def is_marked(name: str, /, **_: object) -> bool:
        return name in marks

    return Expression.compile(expression).evaluate(is_marked)


def test_whatever_marks_a_test_has_one_target_runs_it() -> None:
    """None is run twice, and none by nobody."""
    expressions = {
        "test": _expression(OPTIONS["addopts"]),
        "thorough": _of_the_makefile("thorough"),
        "processes": _of_the_makefile("processes"),
        "faults": _of_the_makefile("faults"),
    }
    marked = chain.from_iterable(
        combinations(MARKERS, number) for number in range(len(MARKERS) + 1)
    )
    running = {
        marks: [name for name, chosen in expressions.items() if _chooses(chosen, marks)]
        for marks in marked
    }

    assert {
        (): ["test"],
        ("long",): ["faults"],
        ("thorough",): ["thorough"],
        ("processes",): ["processes"],
        ("long", "thorough"): ["faults"],
        ("long", "processes"): ["faults"],
        ("thorough", "processes"): ["processes"],
        ("long", "thorough", "processes"): ["faults"],
    } == running


def test_a_clean_clone_is_tested_by_all_targets_but_the_one_of_hours() -> None:
    """`.ci/run` has no command of its own for tests."""
    made = [
        line.removeprefix("make ")
        for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        if line.startswith("make ")
    ]

    assert ["check", "test", "thorough", "processes", "package"] == made
