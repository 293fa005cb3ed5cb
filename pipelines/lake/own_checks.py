"""Reads checks of the user's own: a folder of SQL files with heads like those of sql/checks.

A file's text has to be one SELECT of what the built-in checks see, with functions that only compute
(SPEC §8, promise 9); what is anything else is refused before it runs.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

import duckdb

from pipelines.errors import UsageError
from pipelines.lake import sql
from pipelines.lake.connection import stored_relations
from pipelines.lake.functions import FUNCTIONS
from pipelines.lake.query import Scope, refuse_unless_within

LEVELS: Final = ("stop", "warn")
_MOST_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,127}")
_LEVEL: Final = re.compile(r"-- level:(.*)")
_TEMPLATE: Final = re.compile(r"[{}]|(?<![:\w\\]):\w")
"""What Great Expectations and SQLAlchemy take for a value that is to be filled in."""

_STAGED_LATER: Final = {
    "close_step",
    "cosignature",
    "log_block",
    "period_close",
    "publication",
    "tree_node",
}
"""Results that are staged after the gate, or never."""
_INPUTS: Final = ("close_input", "currency", "lineage_part", "period_ahead", "period_month")
_MACROS: Final = ("came_since", "touches")
"""Those of `functions/close` by which built-in checks tell what the close reads."""
_NOT_STAGED: Final = {"block_digest", "first_money", "known_block", "row_added"}
"""Rules that no close has staged before its gate."""


@dataclass(frozen=True)
class OwnCheck(sql.Relation):
    """A check of the user's own."""

    warns: bool = False
    """Whether what it finds is shown, and the close goes on."""


def read_checks(folder: Path) -> tuple[OwnCheck, ...]:
    """Read the checks of a folder: its files that end in `.sql`, sorted by name.

    Raises UsageError, naming the file and what is wrong, where the folder or one of them is of no
    use.
    """
    with duckdb.connect() as connection:
        return tuple(_read(connection, path) for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        _refuse(folder, f"{error.strerror}; name a folder of .sql files")
    files = [path for path in found if path.suffix == ".sql" and not path.name.startswith(".")]
    if not files:
        _refuse(folder, "there is no .sql file in it; name a folder of checks")
    return files


def _read(connection: duckdb.DuckDBPyConnection, path: Path) -> OwnCheck:
    name = path.stem
    if not _NAME.fullmatch(name):
        _refuse(path, "name a check with small letters, digits and _, a letter first")
    if name in sql.names("checks"):
        _refuse(path, "a built-in check has this name; use another")
    level, text = _without_level(path, _text(path))
    try:
        relation = sql.parse(name, text, str(path))
    except ValueError as error:
        raise UsageError(str(error)) from error
    query = relation.query.strip().removesuffix(";")
    _refuse_unless_safe(connection, path, query)
    return OwnCheck(
        name,
        relation.meaning,
        relation.grain,
        relation.columns,
        f"{query}\n",
        warns=level == "warn",
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            _refuse(path, f"it is over {_MOST_BYTES} bytes")
        return content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        _refuse(path, f"{error.strerror}; make it a file that can be read")
    except UnicodeDecodeError:
        _refuse(path, "not UTF-8 text")


def _without_level(path: Path, text: str) -> tuple[str, str]:
    """Return a check's level, and its text without the line of the head that says it."""
    level, kept = LEVELS[0], []
    lines = text.split("\n")
    size = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    for number, line in enumerate(lines):
        match = _LEVEL.fullmatch(line) if number < size else None
        if match is None:
            kept.append(line)
        elif (level := match[1].strip()) not in LEVELS:
            _refuse(path, f"a level is {' or '.join(LEVELS)}, not {level!r}")
    return level, "\n".join(kept)


def _refuse_unless_safe(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """Insist on one SELECT within the scope of checks, alone and where the gate puts it."""
    if found := _TEMPLATE.search(query):
        _refuse(path, f"write it without {found[0]!r}, which stands for a value to be filled in")
    try:
        for text in (query, f"FROM ({query}\n)"):
            refuse_unless_within(connection, text, scope_of_checks())
    except UsageError as error:
        message = f"{path}: {error}"
        raise UsageError(message) from error
    except (RecursionError, duckdb.Error):
        _refuse(path, "the query can't be read; write it with less nesting")


@cache
def scope_of_checks() -> Scope:
    """Return what a check may name: what is staged of a close, and what the close reads."""
    staged = frozenset(
        {
            *_INPUTS,
            *set(sql.names("rules")) - _NOT_STAGED,
            *set(sql.names("results")) - _STAGED_LATER,
        }
    )
    relations = {
        "": staged,
        "main": staged,
        "stored": frozenset(relation.name for relation in stored_relations()),
        "earlier": frozenset(
            relation.name
            for relation in sql.relations("results")
            if any(column.name == "period" for column in relation.columns)
        ),
        "in_force": frozenset(sql.names("in_force")),
    }
    macros = {*sql.names("functions"), *_MACROS}
    functions = frozenset(name.lower() for name in {*FUNCTIONS, *macros})
    return Scope(relations, "a close", functions=functions, rule="a check is exactly one SELECT")


def _refuse(path: Path, what: str) -> NoReturn:
    message = f"{path}: {what}"
    raise UsageError(message)
