"""Compares what a warehouse stores with what was made again from its log, field by field."""

from collections.abc import Iterator
from typing import Final

from pipelines.lake import verifying
from pipelines.lake.verifying import KEYS, Difference, shown
from pipelines.verify.finding import Code, Finding
from pipelines.verify.replaying import Replay

_RESULTS: Final = frozenset({"allocation", "held", "pool", "statement", "statement_line"})
_DIGESTS: Final = frozenset({"digest", "log_digest", "sealed"})
_LONGEST: Final = 200
"""So many characters of a value are shown."""


def differing(name: str, replay: Replay) -> Iterator[Finding]:
    """Yield how a relation isn't what was made again, as far as the log was replayed."""
    source = replay.source
    if name == "manifest_weight" and verifying.is_kept_later(source.connection, source.warehouse):
        return
    for one in verifying.differences(source.connection, name, replay.bounds):
        if name == "event" and one.key["seq"] in replay.reported:
            continue
        yield from _findings(name, one)


def _findings(name: str, one: Difference) -> Iterator[Finding]:
    key = " ".join(f"{column}={_shown(value)}" for column, value in one.key.items())
    if not one.found:
        yield Finding(_code(name, ""), name, key, _row(one.expected), "no row")
    elif not one.expected:
        yield Finding(_code(name, ""), name, key, "no row", _row(one.found))
    elif not one.expected.keys() - one.key.keys():
        yield Finding(_code(name, ""), name, key, "another row", "this one")
    else:
        for column, value in one.expected.items():
            found = _shown(one.found[column])
            yield Finding(_code(name, column), name, f"{key} {column}", _shown(value), found)


def _code(name: str, column: str) -> Code:
    """Return what kind of finding it is that a column of a relation isn't as it should be."""
    if name == "event":
        return Code.CONTENT
    if column == "previous_digest":
        return Code.CHAIN
    if column in _DIGESTS:
        return Code.SEAL
    if name in _RESULTS or "period" in KEYS[name]:
        return Code.RESULT
    return Code.SEAL if name == "log_block" else Code.FACT


def _row(fields: dict[str, object]) -> str:
    return _cut(", ".join(f"{column}={_shown(value)}" for column, value in fields.items()))


def _shown(value: object) -> str:
    return _cut(shown(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
