"""Read a source policy from a TOML file: its tables `[[source-policy]]`, an entry each."""

import os
import posixpath
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import TypeAdapter, ValidationError

from pipelines.errors import UsageError
from pipelines.ingest.policy import ANY, Entry, Policy
from pipelines.sources.opened import STANDARD_INPUT
from pipelines.sources.subscriptions import PREFIX
from schemas.events import EVENT_TYPES
from schemas.scalars import Source

TABLES: Final = "source-policy"

_SUBSCRIPTION: Final = re.compile(rf"{PREFIX}projects/[^/*\s]+/subscriptions/[^/*\s]+")
_SOURCE: Final = TypeAdapter[str](Source)


def read_policy(name: str, *, among_settings: bool = False) -> Policy:
    """Return the policy of a file, in which there may be other settings where it is said so.

    Raises UsageError, naming the file, the entry and the field, where the file can't be read or
    isn't one of a policy: it is better to ingest nothing than to trust everybody.
    """
    tables = _tables(name, among_settings=among_settings)
    entries = [_entry(table, f"{name}: entry {n}") for n, table in enumerate(tables, start=1)]
    return Policy(tuple(entries), name, _current_folder())


def _tables(name: str, *, among_settings: bool) -> list[Mapping[str, Any]]:
    values = _values(name)
    others = sorted(values.keys() - {TABLES})
    if others and not among_settings:
        _refuse(name, others[0], f"unknown; a source policy has tables [[{TABLES}]] alone")
    tables = values.get(TABLES, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        _refuse(name, TABLES, f"should be tables, each of which begins with [[{TABLES}]]")
    if not tables:
        _refuse(name, TABLES, f"has no entry, so nobody could send anything; add [[{TABLES}]]")
    return tables


def _values(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{name or 'an empty name'}: {error.strerror}; name the file of the source policy"
        raise UsageError(message) from error
    except ValueError as error:
        message = f"{name}: not TOML: {error}"
        raise UsageError(message) from error


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  as text
    except OSError:
        return ""


def _entry(table: Mapping[str, Any], place: str) -> Entry:
    for field in table:
        if field not in {"source", *_CHECKS, "reports"}:
            _refuse(place, field, f"unknown; an entry has source, {', '.join(_CHECKS)}, reports")
    source = _source(table.get("source"), place, "source")
    return Entry(
        source=source,
        reports=_reports(table.get("reports", False), source, place),
        **{
            field: _list(table[field], place, field, check)
            for field, check in _CHECKS.items()
            if field in table
        },
    )


def _list(
    values: object, place: str, field: str, check: Callable[[object, str, str], str]
) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        _refuse(place, field, "should be a list of one or more texts, or left out")
    return tuple(check(value, place, field) for value in values)


def _source(value: object, place: str, field: str) -> str:
    try:
        if value != ANY:
            _SOURCE.validate_python(value.removesuffix(ANY) if isinstance(value, str) else value)
    except ValidationError:
        what = "should be a source, or the beginning of one and * at its end"
        _refuse(place, field, f"{what}, not {value!r}")
    return str(value)


def _reports(value: object, source: str, place: str) -> bool:
    if not isinstance(value, bool):
        _refuse(place, "reports", f"should be true or false, not {value!r}")
    if value and source.endswith(ANY):
        _refuse(place, "reports", f"is for one source, without {ANY}, not for {source}")
    return value


def _over(value: object, place: str, field: str) -> str:
    if not isinstance(value, str) or not (
        value == STANDARD_INPUT or _SUBSCRIPTION.fullmatch(value) or _is_path(value)
    ):
        what = "should be pubsub:projects/P/subscriptions/S, a full path of files (with * only at"
        _refuse(place, field, f"{what} its end, and without //, . and ..) or -, not {value!r}")
    return value


def _is_path(text: str) -> bool:
    """Return whether a text is a full path of a file, written the short way, or such a prefix."""
    path = text.removesuffix(ANY)
    shortest = posixpath.normpath(path)
    forms = {shortest, f"{shortest}/"} if text.endswith(ANY) else {shortest}
    return path.startswith("/") and ANY not in path and path in forms


def _type(value: object, place: str, field: str) -> str:
    if not isinstance(value, str) or value not in EVENT_TYPES:
        _refuse(place, field, f"should be of {', '.join(EVENT_TYPES)}, not {value!r}")
    return value


_CHECKS: Final = {"over": _over, "types": _type, "reverses": _source}
"""The fields of an entry that are lists, and what checks what they hold."""


def _refuse(place: str, field: str, what: str) -> NoReturn:
    message = f"{place}: {field}: {what}"
    raise UsageError(message)
