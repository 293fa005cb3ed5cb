"""The shape of an event's text: its keys in order, and what may stand at each (SPEC §3).

A text that a shape's pattern matches whole is JSON with exactly these keys, none of them twice, and
each of its strings is one that its field allows by its pattern. What a field says beyond that, its
lengths and functions, is left to whoever asks for the shape.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from schemas.envelope import Envelope
from schemas.events import EVENT_TYPES, schema_urn
from schemas.grammar import Field, Items, Object, Text, grammar
from schemas.json_text import UnreadableError, read_json

MOST_PATTERN: Final = 65_536
"""Characters of the longest pattern that is made."""

_BLANK: Final = r"[ \t\r\n]*"
_ANY_TEXT: Final = r'"[^"\\\x00-\x1f]*"'
_ANY_INTEGER: Final = "(?:0|-?[1-9][0-9]{0,17})"
_PLAIN_KEY: Final = re.compile("[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Shape:
    """What texts have in common that a pattern matches whole; equal where the pattern is."""

    pattern: str
    """A regular expression that RE2 has too."""
    kind: str
    """The event's type."""
    envelope: Object = field(compare=False)
    """With the fields that are there; of those that aren't only the default."""
    data: Object = field(compare=False)
    """As `envelope`."""


class _UnknownError(Exception):
    """A text has something that no pattern is made for."""


def shape_of(text: bytes) -> Shape | None:
    """Return the shape of an event's text; None where it has none that is known.

    The text needn't be valid: its shape says what others like it have to be.
    """
    try:
        event = read_json(text)
        return _shape(event) if isinstance(event, dict) else None
    except (UnreadableError, _UnknownError):
        return None


def _shape(event: dict[str, object]) -> Shape:
    kind = event.get("type")
    model = EVENT_TYPES.get(kind) if isinstance(kind, str) else None
    of_envelope, of_data = grammar(Envelope), grammar(model) if model else None
    if of_envelope is None or of_data is None or not isinstance(kind, str):
        raise _UnknownError
    patterns, present = {}, {}
    for name, value in event.items():
        if name == "data":
            patterns[name], data = _object(value, of_data)
        elif name in {"type", "dataschema"} and isinstance(value, str):
            patterns[name] = _literal(kind if name == "type" else schema_urn(kind))
        elif name in of_envelope.fields:
            patterns[name], present[name] = _field(value, of_envelope.fields[name])
        else:
            patterns[name] = _extension(value)
    if "data" not in patterns:
        raise _UnknownError
    apart = {"data", "type", "dataschema"}
    known = {name: one for name, one in of_envelope.fields.items() if name not in apart}
    envelope = replace(of_envelope, fields=_present(known, present))
    pattern = f"{_BLANK}{_members(patterns)}{_BLANK}"
    if len(pattern) > MOST_PATTERN:
        raise _UnknownError
    return Shape(pattern, kind, envelope, data)


def _object(value: object, of: Object) -> tuple[str, Object]:
    """Return the pattern of an object, and the fields that are there."""
    if not isinstance(value, dict) or not value.keys() <= of.fields.keys():
        raise _UnknownError
    found = {name: _field(one, of.fields[name]) for name, one in value.items()}
    present = {name: one for name, (_, one) in found.items()}
    pattern = _members({name: pattern for name, (pattern, _) in found.items()})
    return pattern, replace(of, fields=_present(of.fields, present))


def _present(fields: Mapping[str, Field], present: Mapping[str, Field]) -> dict[str, Field]:
    if any(of.is_required and name not in present for name, of in fields.items()):
        raise _UnknownError
    return {name: present.get(name) or replace(of, kind=None) for name, of in fields.items()}


def _field(value: object, of: Field) -> tuple[str, Field]:
    if value is None and of.may_be_null:
        return "null", replace(of, kind=None)
    match of.kind:
        case Text(pattern=pattern) if isinstance(value, str):
            return f'"(?:{pattern})"', of
        case Object() as kind:
            pattern, present = _object(value, kind)
            return pattern, replace(of, kind=present)
        case Items() as kind if value == []:
            return rf"\[{_BLANK}\]", replace(of, kind=None, default=_of_nothing(kind))
        case Items() as kind if isinstance(value, list):
            pattern, item = _object(value[0], kind.item)
            more = f"(?:{_BLANK},{_BLANK}{pattern})*"
            listed = rf"\[{_BLANK}{pattern}{more}{_BLANK}\]"
            return listed, replace(of, kind=replace(kind, item=item))
    raise _UnknownError


def _of_nothing(of: Items) -> str:
    """Return the canonical form of an empty list, where one is allowed and stays one."""
    if of.least:
        raise _UnknownError
    value: object = []
    try:
        for function in of.functions:
            value = function(value)
    except ValueError:
        raise _UnknownError from None
    if value != []:
        raise _UnknownError
    return "[]"


def _extension(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "(?:true|false)"
        case str():
            return _ANY_TEXT
        case int():
            return _ANY_INTEGER
    raise _UnknownError


def _literal(text: str) -> str:
    return f'"{text}"'


def _members(patterns: Mapping[str, str]) -> str:
    """Return the pattern of an object with these members in this order."""
    if not all(_PLAIN_KEY.fullmatch(name) for name in patterns):
        raise _UnknownError
    members = [f'"{name}"{_BLANK}:{_BLANK}{pattern}' for name, pattern in patterns.items()]
    return rf"\{{{_BLANK}{f'{_BLANK},{_BLANK}'.join(members)}{_BLANK}\}}"
