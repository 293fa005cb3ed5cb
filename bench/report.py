"""Writes what was measured, each figure beside its bound."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_SMALL = 10

PACKAGES = ("duckdb", "duckdb-extension-ducklake", "apache-beam", "pydantic", "great-expectations")


@dataclass(frozen=True)
class Figure:
    """One thing measured; `bound` is the most that it may come to, or the least with `at_least`."""

    work: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False

    @property
    def held(self) -> str:
        """Return whether the bound held; empty where there is none."""
        if self.bound is None:
            return ""
        held = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "yes" if held else "**no**"

    def row(self) -> str:
        """Return the figure as a row of a table."""
        bound = (
            "" if self.bound is None else f"{'≥' if self.at_least else '≤'} {_shown(self.bound)}"
        )
        value = f"{self.value:,.1f}" if self.unit == "s" else _shown(self.value)
        return f"| {self.work} | {value} | {self.unit} | {bound} | {self.held} |"


def _shown(value: float) -> str:
    """Return a number with two decimals where it is small, unless it is whole."""
    return f"{value:,.0f}" if abs(value) >= _SMALL or value == round(value) else f"{value:.2f}"


@dataclass(frozen=True)
class Section:
    """What one benchmark ran on, the commands that were measured, and what they came to."""

    title: str
    about: str
    commands: Sequence[str]
    figures: Sequence[Figure]


def report(sections: Iterable[Section], *, scale: float, seed: int) -> str:
    """Return the results as Markdown."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = [
        "# Results",
        "",
        "Each command ran once, as a process of its own.",
        "Seconds are wall clock, start of the process included; MiB are the most resident at once.",
        *([] if scale == 1 else ["A trial: the bounds are those of scale 1."]),
        "",
        f"- command: `python -m bench --scale {scale:g} --seed {seed}` (`make bench`)",
        f"- machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        f"- versions: Python {platform.python_version()}, {versions}",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.about, ""]
        lines += ["```", *section.commands, "```", ""]
        lines += ["| work | measured | unit | bound | held |", "|---|---:|---|---:|---|"]
        lines += [figure.row() for figure in section.figures]
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    """Keep the results beside this module."""
    Path(__file__).with_name("RESULTS.md").write_text(text, encoding="utf-8")
