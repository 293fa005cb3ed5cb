"""Writes what was measured, each figure beside its bound, and contestants beside each other."""

import os
import platform
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from types import MappingProxyType

from bench.measure import RSS_UNITS_PER_MIB

_SMALL = 10
_HEADING = "## "

PACKAGES = ("duckdb", "duckdb-extension-ducklake", "apache-beam", "pydantic", "great-expectations")
RESULTS = Path(__file__).with_name("RESULTS.md")


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


@dataclass(frozen=True)
class Compared:
    """What several rounds came to, of ours or of a peer."""

    name: str
    values: Sequence[float]
    """One of each round; none where it failed."""
    unit: str
    peak_mib: int
    ratio: float
    """Of the median to that of ours."""

    def row(self) -> str:
        """Return it as a row of a table: least, middle, most, and the ratio."""
        if not self.values:
            return f"| {self.name} | failed | | | | | |"
        least, middle, most = min(self.values), median(self.values), max(self.values)
        values = " | ".join(_shown(value) for value in (least, middle, most))
        return f"| {self.name} | {values} | {self.unit} | {self.ratio:.3g} | {self.peak_mib:,} |"


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
    compared: Sequence[Compared] = ()
    """Ours first."""
    plots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """SVG by the name of its file, which stands beside the report."""


def report(
    sections: Iterable[Section],
    *,
    trial: bool = False,
    peers: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the results as Markdown; `peers` are the versions of what was measured beside us."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores, system = os.cpu_count(), f"{platform.system()} {platform.machine()}{_processor()}"
    others = ", ".join(f"{name} {number}" for name, number in peers.items())
    lines = [
        "# Results",
        "",
        "Each command ran as a process of its own, once where no rounds are named.",
        "Seconds are wall clock, start of the process included; MiB are the most resident at once,",
        f"at least the {_held_mib()} of the process that measures.",
        *(["A trial: the bounds are those of the full sizes."] if trial else []),
        "",
        f"- machine: {cores} cores, {_memory_gib()} GiB of memory, {system}",
        f"- versions: Python {platform.python_version()}, {versions}",
        *([f"- beside us: {others}"] if others else []),
    ]
    for section in sections:
        lines += ["", *_lines(section)]
    return "\n".join(lines) + "\n"


def _lines(section: Section) -> list[str]:
    lines = [f"{_HEADING}{section.title}", "", section.about, ""]
    lines += ["```", *section.commands, "```", ""]
    if section.compared:
        lines += ["| | min | median | max | unit | times ours | MiB |"]
        lines += ["|---|---:|---:|---:|---|---:|---:|"]
        lines += [*(compared.row() for compared in section.compared), ""]
    lines += ["| work | measured | unit | bound | held |", "|---|---:|---|---:|---|"]
    lines += [figure.row() for figure in section.figures]
    for name in section.plots:
        lines += ["", f"![{section.title}]({name})"]
    return lines


def _held_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // RSS_UNITS_PER_MIB


def _processor() -> str:
    """Return what Linux calls the processor, behind a comma; nothing where it doesn't say."""
    said = Path("/proc/cpuinfo")
    lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f", {names[0]}" if names else ""


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def merged(old: str, new: str) -> str:
    """Return a report with the head and the sections of a new one, and what only the old one has.

    A section keeps its place among the old ones; one that is new there comes last.
    """
    head, *parts = new.split(f"\n{_HEADING}")
    _, *kept = old.split(f"\n{_HEADING}")
    sections = {part.partition("\n")[0]: part.rstrip("\n") for part in kept}
    sections |= {part.partition("\n")[0]: part.rstrip("\n") for part in parts}
    return f"\n\n{_HEADING}".join([head.rstrip("\n"), *sections.values()]) + "\n"


def write(text: str, sections: Iterable[Section], path: Path = RESULTS) -> None:
    """Keep the results in a file, over those of the same title, and their plots beside it."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(merged(old, text), encoding="utf-8")
    for section in sections:
        for name, svg in section.plots.items():
            path.with_name(name).write_text(svg, encoding="utf-8")
