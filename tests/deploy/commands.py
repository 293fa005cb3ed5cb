"""Holds the commands and settings of a deployment against those that the program has."""

import tomllib
from collections.abc import Sequence
from typing import Any

import typer

from pipelines.cli.app import app
from pipelines.cli.settings import name_settings


def insist_on_flags(
    words: Sequence[str], *, settings: str = "", environment: Sequence[str] = ()
) -> None:
    """Insist that a command has the flags in its words, and that settings are of flags."""
    root: Any = typer.main.get_command(app)
    name_settings(root)
    commands = root.commands
    options = [option for one in commands.values() for option in getattr(one, "params", [])]
    names = {name for option in options for name in option.opts}
    for option in settings and tomllib.loads(settings):
        assert f"--{option}" in names, f"{option} is no setting"
    for name in environment:
        assert name in {option.envvar for option in options}, f"{name} is no setting"
    if words:
        own = {name for option in commands[words[0]].params for name in option.opts}
        for word in words[1:]:
            if word.startswith("--"):
                assert word.partition("=")[0] in own, f"{words[0]} has no {word}"
