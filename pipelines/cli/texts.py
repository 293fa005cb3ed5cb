"""Insists that what a command is given as text is text: in UTF-8, as all else reads it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from typer.core import TyperGroup

from pipelines.cli.settings import Command, with_subcommands
from pipelines.errors import UsageError

_PLACES: Final = frozenset(
    {"manifest_roots", "publish_to", "source_policy", "sources", "to", "warehouse"}
)
"""Parameters that can name a file or a folder, whose name may have any bytes."""


def insist_on_text(group: TyperGroup) -> None:
    """Let a command and its subcommands refuse text that isn't UTF-8, before they do anything."""
    for command in with_subcommands(group):
        if command.callback is not None:
            command.callback = _insisting(command, command.callback)


def _insisting(command: Command, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(**values: object) -> object:
        for parameter in command.params:
            if parameter.name not in _PLACES:
                name = parameter.metavar if parameter.param_type_name == "argument" else None
                _refuse_unless_text(name or parameter.opts[0], values.get(str(parameter.name)))
        return callback(**values)

    return run


def _refuse_unless_text(name: str, value: object) -> None:
    """Raise UsageError for a text with bytes that aren't UTF-8, which Python holds as surrogates.

    Of several texts each is looked at; what was read as something else, such as a path, isn't text.
    """
    for text in value if isinstance(value, list | tuple) else (value,):
        if isinstance(text, str):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                message = f"{name}: {text!a} isn't UTF-8; write it in UTF-8"
                raise UsageError(message) from error
