"""Settings: a flag, else the environment, else `manyhands.toml`, else the default (SPEC §7.3).

Every flag can be set in each way: `--grace-days` is `MANYHANDS_GRACE_DAYS` in the environment
and `grace-days` in the file; but not those that are declared without `allow_from_autoenv`, which
are of the id that stands beside them.
"""

import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from typer.core import TyperCommand, TyperGroup, TyperOption

from pipelines.cli.place import in_full
from pipelines.errors import ManyhandsError, UsageError

if TYPE_CHECKING:
    from typer import Context

Command: TypeAlias = TyperCommand | TyperGroup

FILE = "manyhands.toml"
_LISTS = ("manifest-roots", "witnesses")
_TABLES = ("source-policy",)
"""Settings whose tables may stand in the file itself; their flag names a file of such tables."""
_PREFIX = "MANYHANDS_"


def name_settings(group: TyperGroup) -> None:
    """Set the name in the environment of each flag of a command and of its subcommands."""
    for command in with_subcommands(group):
        for option in _options(command):
            option.envvar = _PREFIX + _name(option).replace("-", "_").upper()


def read_file(group: TyperGroup, path: Path) -> dict[str, Any]:
    """Read a settings file as the default map of a command; empty where there is no file.

    A file that can't be looked for, because its folder can't be entered, is none either.

    Raises UsageError, naming the file, where it isn't TOML or has an unknown setting, and
    ManyhandsError where it is there and can't be read.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, PermissionError):
        return {}
    if not stat.S_ISREG(found.st_mode):
        message = f"{in_full(str(path))}: not a file; make it one, or remove it"
        raise ManyhandsError(message)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{in_full(str(path))}: {error.strerror}; make it readable, or remove it"
        raise ManyhandsError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: not TOML: {error}"
        raise UsageError(message) from error
    options = {
        _name(option): option for command in with_subcommands(group) for option in _options(command)
    }
    for name in values:
        if name not in options:
            message = (
                f"{path}: unknown setting {name!r}; the settings are {', '.join(sorted(options))}"
            )
            raise UsageError(message)
    return _default_map(
        group, {name: _as_flag(path, options[name], value) for name, value in values.items()}
    )


def _as_flag(path: Path, option: TyperOption, value: object) -> object:
    """Return a value as its flag takes it: of a list the parts, separated by commas.

    Of tables it is the file that they are in.

    Raises UsageError where it isn't of the flag's kind.
    """
    name = _name(option)
    if option.is_flag:
        kind, fits = "true or false", isinstance(value, bool)
    elif option.type_descriptor.annotation in (int, float):
        kind = "a number, or text"
        fits = isinstance(value, int | float | str) and not isinstance(value, bool)
    elif name in _LISTS:
        kind = "text, or a list of text"
        parts = value if isinstance(value, list) else [value]
        fits = all(isinstance(part, str) for part in parts)
        value = ",".join(map(str, parts))
    elif option.multiple:
        kind = "text, or a list of text"
        value = value if isinstance(value, list) else [value]
        fits = all(isinstance(part, str) for part in value)
    elif name in _TABLES and isinstance(value, list):
        kind, fits, value = f"text in quotes, or tables [[{name}]]", _are_tables(value), str(path)
    else:
        kind, fits = "text in quotes", isinstance(value, str)
    if not fits:
        message = f"{path}: {name} should be {kind}"
        raise UsageError(message)
    return value


def _are_tables(value: list[object]) -> bool:
    return all(isinstance(table, dict) for table in value)


def _default_map(command: Command, values: Mapping[str, object]) -> dict[str, Any]:
    own: dict[str, Any] = {
        option.name: values[_name(option)]
        for option in _options(command)
        if _name(option) in values
    }
    for name, subcommand in _subcommands(command).items():
        own[name] = _default_map(subcommand, values)
    return own


def with_subcommands(command: Command) -> Iterator[Command]:
    """Yield a command, and its subcommands at any depth."""
    yield command
    for subcommand in _subcommands(command).values():
        yield from with_subcommands(subcommand)


def _subcommands(command: Command) -> Mapping[str, Command]:
    return cast("Mapping[str, Command]", getattr(command, "commands", {}))


def _options(command: Command) -> Iterator[TyperOption]:
    for parameter in command.params:
        if not isinstance(parameter, TyperOption) or parameter.is_eager:
            continue
        if parameter.allow_from_autoenv:
            yield parameter


def _name(option: TyperOption) -> str:
    return option.opts[0].removeprefix("--")


def is_given(context: object, parameter: str) -> bool:
    """Return whether a parameter was named on the command line, rather than in a setting."""
    # the parser's contexts have no public type in common
    source = cast("Context", context).get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"
