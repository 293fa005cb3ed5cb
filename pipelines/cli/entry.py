"""Runs a command and turns what it fails with into a message and an exit code (SPEC §7.3)."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from pipelines.cli.app import app
from pipelines.cli.flags import Invocation
from pipelines.cli.place import fault_of_current_folder, in_full
from pipelines.cli.settings import FILE, name_settings, read_file
from pipelines.errors import ManyhandsError

FAILED = 1
INTERRUPTED = 130
_HELP = {"-h", "--help", "--version"}
_INTERRUPTED_QUERY = "Query interrupted"
"""What the engine makes of a Ctrl-C while it works."""

_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "can't start new thread")
"""What libraries that find no memory fail with, when they are loaded."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `manyhands` with arguments, those of the process by default, and give its exit code.

    Data goes to stdout, progress and errors go to stderr.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    invocation = Invocation()
    try:
        return _run(arguments, invocation)
    except SystemExit as ended:
        # the parser's own way out where a pipe broke
        return int(ended.code or 0)
    except BrokenPipeError:
        _silence_stdout()
        return FAILED
    except Exception as error:  # noqa: BLE001  whatever it is, it becomes a message and a code
        if str(error) == _INTERRUPTED_QUERY:
            return INTERRUPTED
        return _explain(error, debug=invocation.debug or "--debug" in arguments)


def _run(arguments: list[str], invocation: Invocation) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    command: Any = typer.main.get_command(app)
    name_settings(command)
    settings = {} if _HELP & set(arguments) else read_file(command, Path(FILE))
    with _quiet_libraries(debug="--debug" in arguments):
        ended = command.main(
            args=arguments,
            prog_name="manyhands",
            standalone_mode=False,
            obj=invocation,
            default_map=settings,
        )
    sys.stdout.flush()
    return ended if isinstance(ended, int) else 0


@contextmanager
def _quiet_libraries(*, debug: bool) -> Iterator[None]:
    """Keep what libraries tell their developers off stderr; their errors come through."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(level if debug else logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _explain(error: Exception, *, debug: bool) -> int:
    """Print what went wrong, to what, and what to do; give the exit code."""
    from pipelines.outputs.tables import plain

    if debug:
        traceback.print_exception(error)
    code, message = _judge(error)
    lines = (plain(line) for line in message.splitlines())
    mark = "" if message.startswith("Usage:") else "error: "
    typer.echo(mark + "\n".join(lines), err=True)
    return code


def _judge(error: Exception) -> tuple[int, str]:
    if isinstance(error, ManyhandsError):
        return error.exit_code, str(error)
    if isinstance(error, typer.TyperException):
        return error.exit_code, _where_set(error) + error.format_message()
    if isinstance(error, OSError):
        return FAILED, f"{_place(error)}{error.strerror or error}; nothing half-written is left"
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return FAILED, "there is not enough memory; let this process have more (ulimit -v)"
    name = type(error).__name__
    return FAILED, f"unexpected {name}: {error}; run it again with --debug to see where"


def _place(error: OSError) -> str:
    """Name the file that an error is of; else the current folder, where that is what is wrong."""
    if isinstance(error.filename, str | bytes):
        return f"{in_full(os.fsdecode(error.filename))}: "
    fault = fault_of_current_folder()
    return f"{fault}: " if fault else ""


def _where_set(error: typer.TyperException) -> str:
    """Name the setting that a refused value came from, where that isn't a flag."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if parameter is None or context is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    places = {"DEFAULT_MAP": FILE, "ENVIRONMENT": parameter.envvar}
    return f"{places[source.name]}: " if source and source.name in places else ""


def _silence_stdout() -> None:
    """Let the interpreter flush what nobody reads any more without a second failure."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        """A stream without a descriptor, as in a test, has nothing to flush."""
