"""What the models take, read off the schemas by which pydantic itself validates (SPEC §3.2, §3.3).

It is for who checks many texts at once, without pydantic, and takes only what is sure to be valid.
What isn't understood here is None, so that a model that says something new is left to pydantic.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from schemas.canonical import canonical_json

Function: TypeAlias = Callable[..., Any]
Schema: TypeAlias = Mapping[str, Any]
"""A node of pydantic's core schema."""

_CHARACTER: Final = r"[A-Za-z0-9:/_,=%@&~-]|\\\."
_SET: Final = r"\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9._:~/@+=%?&#-])+\]"
_PLAIN: Final = re.compile(rf"(?:{_CHARACTER}|{_SET}|[()|?*+]|\{{[0-9]+(?:,[0-9]+)?\}})*")
"""A pattern of which no match has a quote, a backslash, a control or a non-ASCII character."""


@dataclass(frozen=True)
class Text:
    """A string."""

    pattern: str
    """Of all of it, without anchors; no match of it needs an escape in JSON."""
    max_length: int | None = None
    functions: tuple[Function, ...] = ()
    """What checks it beyond the pattern, and makes it canonical, in their order."""
    null_after: int | None = None
    """How many of the functions null never comes to; None: null is refused."""


@dataclass(frozen=True)
class Object:
    """An object with exactly these fields, in the order of the canonical form."""

    fields: Mapping[str, "Field"]
    functions: tuple[Function, ...] = ()
    null_after: int | None = None
    """How many of the functions null never comes to; None: null is refused."""


@dataclass(frozen=True)
class Items:
    """A list of objects."""

    item: Object
    least: int
    most: int | None
    functions: tuple[Function, ...] = ()
    null_after: int | None = None
    """How many of the functions null never comes to; None: null is refused."""


Kind: TypeAlias = Text | Object | Items


@dataclass(frozen=True)
class Field:
    """A field of an object."""

    kind: Kind | None
    """None: of what isn't understood."""
    is_required: bool
    default: str | None = None
    """The canonical JSON of one that is absent; None: it is left out."""
    may_be_null: bool = False
    """Whether null is the same as absent."""


@cache
def grammar(model: type[BaseModel]) -> Object | None:
    """Return what a model takes."""
    kind = _kind(model.__pydantic_core_schema__)
    return kind if isinstance(kind, Object) else None


def _kind(schema: Schema) -> Kind | None:
    read = _READ_BY.get(schema["type"])
    return read(schema) if read and "serialization" not in schema else None


def _says_only(schema: Schema, *names: str) -> bool:
    return set(schema) <= {"type", "metadata", "ref", *names}


def _text(schema: Schema) -> Text | None:
    if not _says_only(schema, "strict", "pattern", "max_length") or "pattern" not in schema:
        return None
    pattern = _whole(schema["pattern"])
    return Text(pattern, schema.get("max_length")) if pattern is not None else None


def _whole(pattern: str) -> str | None:
    """Return an anchored pattern, or alternatives that each are, without its anchors."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    parts = pattern[1:-1].split("$|^")
    try:
        is_plain = all(_PLAIN.fullmatch(part) and re.compile(part) for part in parts)
    except re.error:  # what stands between anchors isn't a pattern by itself
        return None
    return "|".join(parts) if is_plain else None


def _one_of(schema: Schema) -> Text | None:
    texts = schema["expected"]
    patterns = [_literal(text) if isinstance(text, str) else None for text in texts]
    return Text("|".join(p for p in patterns if p)) if all(patterns) else None


def _literal(text: str) -> str | None:
    pattern = text.replace(".", r"\.")
    return pattern if re.fullmatch(f"(?:{_CHARACTER})+", pattern) else None


def _items(schema: Schema) -> Items | None:
    known = ("items_schema", "min_length", "max_length", "fail_fast", "strict")
    item = _kind(schema["items_schema"])
    if not _says_only(schema, *known) or not isinstance(item, Object):
        return None
    return Items(item, schema.get("min_length", 0), schema.get("max_length"))


def _checked(schema: Schema) -> Kind | None:
    inner, function = _kind(schema["schema"]), schema["function"]
    if inner is None or function["type"] != "no-info":
        return None
    return replace(inner, functions=(*inner.functions, function["function"]))


def _object(schema: Schema) -> Object | None:
    inner = schema["schema"]
    is_plain = inner["type"] == "model-fields" and _says_only(
        inner, "fields", "model_name", "computed_fields"
    )
    is_own = schema["root_model"] or schema["custom_init"] or "post_init" in schema
    configured = {"strict", "extra_fields_behavior", "title"}
    if not is_plain or is_own or inner["computed_fields"] or set(schema["config"]) - configured:
        return None
    return Object({name: _field(field) for name, field in inner["fields"].items()})


def _within(schema: Schema) -> Kind | None:
    return _kind(schema["schema"])


def _nullable(schema: Schema) -> Kind | None:
    inner = _within(schema)
    return inner and replace(inner, null_after=len(inner.functions))


_READ_BY: Final[Mapping[str, Callable[[Schema], Kind | None]]] = {
    "custom-error": _within,
    "function-after": _checked,
    "list": _items,
    "literal": _one_of,
    "model": _object,
    "nullable": _nullable,
    "str": _text,
}
"""By the type of a node."""


def _field(schema: Schema) -> Field:
    inner = schema["schema"]
    if not _says_only(schema, "schema"):
        return Field(None, is_required=True)
    if inner["type"] != "default":
        kind = _kind(inner)
        return Field(None if kind and kind.null_after is not None else kind, is_required=True)
    if not _says_only(inner, "schema", "default", "default_factory", "default_factory_takes_data"):
        return Field(None, is_required=True)
    default = inner["default_factory"]() if "default_factory" in inner else inner["default"]
    kind = _kind(inner["schema"])
    may_be_null = kind is not None and kind.null_after is not None and _of_null(kind) == default
    written = None if default is None else canonical_json(default)
    return Field(kind, is_required=False, default=written, may_be_null=may_be_null)


def _of_null(kind: Kind) -> object:
    """Return what null becomes: functions that stand outside of what may be null are given it."""
    value = None
    for function in kind.functions[kind.null_after :]:
        value = function(value)
    return value
