"""Reads `sql/`: the rules and relations, one a file; a file's head is its documentation and DDL.

`sql/` holds SQL alone. It is installed as data under a name of its own, `manyhands_sql`: other
projects install a package `sql`, and of two with one name the later overwrites the earlier.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_AROUND = Path(__file__).parents[2]
_INSTALLED, _CHECKOUT = _AROUND / "manyhands_sql", _AROUND / "sql"
_FOLDER = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
_COLUMN = re.compile(r"-- (\w+) (.+?): (.+)")


@dataclass(frozen=True)
class Column:
    """A column as a head declares it: its name, its DuckDB type and what it means."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Relation:
    """A relation: what a row means, its columns, and the SELECT that fills it."""

    name: str
    meaning: str
    grain: str
    columns: tuple[Column, ...]
    query: str


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the names of a folder's files, sorted, without their ending."""
    entries = (_FOLDER / folder).iterdir()
    return tuple(sorted(e.name.removesuffix(".sql") for e in entries if e.name.endswith(".sql")))


@cache
def text(folder: str, name: str) -> str:
    """Read one file whole."""
    return (_FOLDER / folder / f"{name}.sql").read_text(encoding="utf-8")


@cache
def relation(folder: str, name: str) -> Relation:
    """Parse a relation's file.

    Raises ValueError where the head lacks its meaning or its grain.
    """
    return parse(name, text(folder, name), f"sql/{folder}/{name}.sql")


def parse(name: str, written: str, place: str) -> Relation:
    """Parse what is written in the file of a relation.

    Raises ValueError, naming the place, where the head lacks its meaning or its grain.
    """
    lines = written.splitlines()
    size = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    prose, _, declared = "\n".join(lines[:size]).partition("\n--\n")
    meaning, grain_mark, grain = re.sub(r"\n?-- ", " ", prose).strip().partition(" Grain: ")
    if not meaning or not grain_mark:
        message = f"{place}: the head must say what a row means and 'Grain: …'"
        raise ValueError(message)
    return Relation(name, meaning, grain, _columns(declared), "\n".join(lines[size:]))


def relations(folder: str) -> tuple[Relation, ...]:
    """Parse all relations of a folder, sorted by name."""
    return tuple(relation(folder, name) for name in names(folder))


def declared(columns: Iterable[Column]) -> str:
    """Return columns as a CREATE TABLE declares them."""
    return ", ".join(f"{column.name} {column.type}" for column in columns)


def _columns(head: str) -> tuple[Column, ...]:
    unfolded = re.sub(r"\n--   ", " ", head)
    return tuple(
        Column(*match.groups())
        for line in unfolded.splitlines()
        if (match := _COLUMN.fullmatch(line))
    )
