"""Where a value breaks its model, and how, in a few words."""

import json
import re
from typing import Any, Final

from pydantic import ValidationError

MAX_KEY: Final = 64
"""How many characters of a name in an event are shown."""

_PLAIN_KEY: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_KEY}}}")
_SHOULD_BE_AN_OBJECT: Final = "should be an object"
_MESSAGES: Final = {
    "missing": "is missing",
    "extra_forbidden": "unknown field",
    "model_type": _SHOULD_BE_AN_OBJECT,
    "model_attributes_type": _SHOULD_BE_AN_OBJECT,
    "dict_type": _SHOULD_BE_AN_OBJECT,
    "is_instance_of": _SHOULD_BE_AN_OBJECT,
    "list_type": "should be a list",
    "string_type": "should be a string",
}


def first_error(
    error: ValidationError, root: object, prefix: tuple[str, ...] = ()
) -> tuple[str, str]:
    """Return the dotted path and the message of the first error, in the model's order of fields.

    `root` is the value that the path begins in, `prefix` the path in it of what was validated.
    """
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    missing = first["type"] == "missing"
    path = _path(root, (*prefix, *first["loc"]), missing=missing)
    message = _MESSAGES.get(first["type"], first["msg"])
    return path, message.replace("Input should", "should")


def _path(root: object, location: tuple[int | str, ...], *, missing: bool) -> str:
    """Return the part of a location that is in the value, without pydantic's own marks."""
    steps: list[str] = []
    node: Any = root
    for step in location:
        if _holds(node, step):
            node = node[step]
            steps.append(_shown(step))
    if missing:
        steps.append(_shown(location[-1]))
    return ".".join(steps)


def _holds(node: object, step: int | str) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int)


def _shown(step: int | str) -> str:
    text = str(step)
    return text if _PLAIN_KEY.fullmatch(text) else json.dumps(text[:MAX_KEY])
