"""Runs a command and turns what it fails with into a message and an exit code (SPEC §7.3)."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import typer

from pipelines.cli.app import app
from pipelines.cli.ends import EndedError, ended_by_signals
from pipelines.cli.flags import Invocation
from pipelines.cli.place import fault_of_current_folder, in_full
from pipelines.cli.settings import FILE, name_settings, read_file
from pipelines.cli.streams import StdoutError, silence_stdout, standard_streams
from pipelines.cli.texts import insist_on_text
from pipelines.errors import ManyhandsError

FAILED = 1
_HELP = {"-h", "--help", "--version"}
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "can't start new thread")
"""What libraries that find no memory fail with, when they are loaded."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `manyhands` with arguments, those of the process by default, and return its exit code.

    Data goes to stdout, progress and errors go to stderr.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    invocation = Invocation(debug="--debug" in arguments)
    with standard_streams():
        try:
            with ended_by_signals(invocation.ending):
                return _run_explained(arguments, invocation)
        except EndedError:  # while another failure was explained
            return invocation.ending.exit_code


def _run_explained(arguments: list[str], invocation: Invocation) -> int:
    try:
        return _run(arguments, invocation)
    except BaseException as error:
        invocation.ending.is_caught = True
        if invocation.ending.number:
            return _explain_end(invocation)
        if isinstance(error, StdoutError):
            return _explain_output(error, invocation)
        if isinstance(error, Exception):
            return _explain_after_output(error, invocation)
        raise


def _run(arguments: list[str], invocation: Invocation) -> int:
    if sys.stdout is None:
        message = "stdout is closed, so nothing was done; send it to a file or to /dev/null"
        raise ManyhandsError(message)
    command = _command()
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


@cache
def _command() -> Any:  # noqa: ANN401  Typer's own kind
    command: Any = typer.main.get_command(app)
    name_settings(command)
    insist_on_text(command)
    return command


def _explain_after_output(error: Exception, invocation: Invocation) -> int:
    """Write what was printed before a failure, then explain it; return the exit code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except StdoutError as unwritten:
        return _explain_output(unwritten, invocation)
    return _explain(error, invocation)


def _explain_end(invocation: Invocation) -> int:
    """Print which signal ended the command, and what was done by then; return the exit code."""
    silence_stdout()
    what = f"ended by {invocation.ending.name}"
    if invocation.standing is None:
        what += "; nothing was changed"
    code = invocation.ending.exit_code
    _print_error(invocation, code, _with_standing(what, invocation))
    return code


def _explain_output(error: StdoutError, invocation: Invocation) -> int:
    """Print that data could not be written, and what was done all the same; return the exit code.

    Where the reader of a pipe has seen enough and nothing was changed, nothing is printed.
    """
    silence_stdout()
    code = FAILED
    if error.has_reader or invocation.standing:
        what = f"the output could not be written to stdout ({error})"
        _print_error(invocation, code, _with_standing(what, invocation))
    if isinstance(error.__context__, Exception) and (failure := _failure_before(error)):
        code = _explain(failure, invocation)
    return code


def _failure_before(error: BaseException) -> ManyhandsError | None:
    """Return what had failed before the output of what was done by then failed too."""
    before = error.__context__
    while before is not None and not isinstance(before, ManyhandsError):
        before = before.__context__
    return before


def _with_standing(what: str, invocation: Invocation) -> str:
    if invocation.standing is None:
        return what
    try:
        return f"{what}; {invocation.standing()}"
    except Exception:  # noqa: BLE001  of two failures the first is reported
        return f"{what}; `manyhands status` shows what is in the log and what is closed"


@contextmanager
def _quiet_libraries(*, debug: bool) -> Iterator[None]:
    """Keep warnings of libraries off stderr; their errors are shown."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(level if debug else logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _explain(error: Exception, invocation: Invocation) -> int:
    """Print what went wrong, to what, and what to do; return the exit code."""
    code, message = _judge(error)
    trace = "".join(traceback.format_exception(error)) if invocation.debug else ""
    _print_error(invocation, code, message, trace)
    return code


def _print_error(invocation: Invocation, code: int, message: str, trace: str = "") -> None:
    from pipelines.cli.tables import plain

    if invocation.say_failure:
        invocation.say_failure(code, message, trace)
        return
    sys.stderr.write(trace)
    lines = (plain(line) for line in message.splitlines())
    mark = "" if message.startswith("Usage:") else "error: "
    typer.echo(mark + "\n".join(lines), err=True)


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
    return FAILED, f"unexpected {name}: {error}; run the command again with --debug to see where"


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
