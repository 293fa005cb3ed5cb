"""The flags of every command: the warehouse, the form of the output, debugging."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperArgument, TyperCommand

from pipelines.cli.ends import Ending
from pipelines.cli.place import fault_of_current_folder
from pipelines.cli.settings import is_given
from pipelines.errors import ManyhandsError, UsageError
from pipelines.outputs.formats import Format
from pipelines.stores.place import Place, is_place, read_place
from pipelines.warehouses import (
    DEFAULT_LOCK_SECONDS,
    DEFAULT_MEMORY,
    DEFAULT_SCHEMA,
    LEAST_MEMORY,
    MOST_MEMORY,
    NOT_ASKED,
    Warehouse,
    address,
    open_soon,
    read_bytes,
    refuse_too_little,
)

DEFAULT_WAREHOUSE = "warehouse"


def named_path(text: str) -> Path:
    """Return the path that a flag names.

    Raises BadParameter where the name is empty, which would be the current folder.
    """
    if not text:
        message = "an empty name; name a folder, or a file"
        raise typer.BadParameter(message)
    return Path(text)


_ENDINGS: Final = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".ndjson": Format.JSON,
    ".parquet": Format.PARQUET,
}


def format_of(out: Path) -> Format:
    """Return the format that the name of a file to write says.

    Raises UsageError where it says none.
    """
    try:
        return _ENDINGS[out.suffix]
    except KeyError:
        message = f"{out}: its name says no format; name one with --format csv, json or parquet"
        raise UsageError(message) from None


WarehouseFlag = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        metavar="W",
        help="Folder of the warehouse, or the address of its catalog in PostgreSQL."
        " [default: ./warehouse]",
    ),
]

_POSTGRES = "With a catalog in PostgreSQL"


def data_path(text: str) -> Path | Place:
    """Return the folder, or the place in an object store, that a flag names."""
    if not is_place(text):
        return named_path(text)
    if not {"?", "*"}.isdisjoint(text):
        message = f"--data-path {text}: to the engine ? and * are more than names; leave them out"
        raise UsageError(message)
    return read_place(text, "--data-path")


DataPathFlag = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        parser=data_path,
        help="Folder of the data, gs://… or s3://…: for init, and where it has moved since.",
        rich_help_panel=_POSTGRES,
    ),
]
SchemaFlag = Annotated[
    str,
    typer.Option(
        metavar="S", help="Schema of the catalog in its database.", rich_help_panel=_POSTGRES
    ),
]
PasswordFileFlag = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        parser=named_path,
        help="File that holds the password alone. [default: as libpq finds it]",
        rich_help_panel=_POSTGRES,
    ),
]
LockSecondsFlag = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=3_600.0,
        metavar="SECONDS",
        help="How long a commit waits for others before it goes on without a lock.",
        rich_help_panel=_POSTGRES,
    ),
]


@dataclass(frozen=True)
class Size:
    """Reads a size such as `4GB` within bounds."""

    least: str = LEAST_MEMORY
    most: str = MOST_MEMORY

    def __call__(self, text: str) -> int:
        """Return the bytes that a text means.

        Raises BadParameter where it is no size, or out of bounds.
        """
        try:
            return read_bytes(text, self.least, self.most)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error


def bounded(least: float, most: float, metavar: str, text: str) -> Any:  # noqa: ANN401  typer's
    """Return the option of a number within bounds."""
    return typer.Option(min=least, max=most, metavar=metavar, help=text)


MemoryFlag = Annotated[
    int,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        parser=Size(),
        help="Memory to use before writing to temporary files, such as 4GB.",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DebugFlag = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
AsOfFlag = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="T", help="Use this time as now, such as 2026-11-01T00:00:00Z."
    ),
]
SourcePolicyFlag = Annotated[
    str | None,
    typer.Option(
        "--source-policy",
        metavar="FILE",
        help="TOML file that says which source may send what. [default: every source everything]",
    ),
]
SigningKeyFlag = Annotated[
    Path | None,
    typer.Option(
        "--signing-key",
        metavar="FILE",
        parser=named_path,
        help="File of the key that checkpoints are signed by; `manyhands keygen` makes one."
        " [default: none]",
        show_default=False,
    ),
]
_DRAFT = typer.Option(
    "--draft",
    metavar="DIR",
    parser=named_path,
    help="Folder with a draft that `close --dry-run --out` wrote.",
)
DraftFlag = Annotated[Path, _DRAFT]
OptionalDraftFlag = Annotated[Path | None, _DRAFT]
PeriodFlag = Annotated[
    str | None,
    typer.Option("--period", metavar="P", help="A closed period. [default: the last one closed]"),
]

_COMMON = {
    "warehouse": (WarehouseFlag, None),
    "data_path": (DataPathFlag, None),
    "schema": (SchemaFlag, DEFAULT_SCHEMA),
    "password_file": (PasswordFileFlag, None),
    "lock_seconds": (LockSecondsFlag, DEFAULT_LOCK_SECONDS),
    "memory_limit": (MemoryFlag, DEFAULT_MEMORY),
    "json": (JsonFlag, False),
    "debug": (DebugFlag, False),
}


class Command(TyperCommand):
    """A command with arguments, which its help shows as their metavars, without their types."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  as typer has it
        """Take what typer hands over."""
        super().__init__(*arguments, **named)
        for parameter in self.params:
            if isinstance(parameter, TyperArgument):
                vars(parameter)["display_type_rich"] = lambda **_: None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  of no public type
        """Return the parts of the usage line."""
        pieces = super().collect_usage_pieces(ctx)
        return [re.sub(r"\{(.+)\}(\.\.\.)?", r"\1", piece) for piece in pieces]


@dataclass
class Invocation:
    """What the parts of one run share."""

    debug: bool = False
    """Whether a failure shows its traceback."""
    ending: Ending = field(default_factory=Ending)
    standing: Callable[[], str] | None = None
    """Returns what is done by now, of a command that changes something."""
    runner_options: tuple[str, ...] = ()
    """What stood behind `--`, of a command with a runner."""
    say_failure: Callable[[int, str, str], None] | None = None
    """Says what the command failed with in a form of its own: exit code, message, traceback."""


@dataclass(frozen=True)
class Common:
    """The values of the flags of every command."""

    warehouse: Warehouse
    json: bool
    context: typer.Context = field(repr=False)

    @property
    def invocation(self) -> Invocation:
        """The run that the command is part of."""
        return cast("Invocation", self.context.obj)


def with_common(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that has the common flags and hands their values on as first argument."""

    @wraps(command)
    def run(context: typer.Context, **arguments: object) -> None:
        own = {name: arguments.pop(name) for name in _COMMON}
        context.obj.debug = bool(own["debug"]) or context.find_root().params["debug"]
        settled = _settle(context, own)
        open_soon(settled.warehouse)
        command(settled, **arguments)

    _, *parameters = inspect.signature(command, eval_str=True).parameters.values()
    common = [_keyword(name, kind, default) for name, (kind, default) in _COMMON.items()]
    first = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    signature = inspect.Signature([first, *parameters, *common])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {name: part.annotation for name, part in signature.parameters.items()}
    return run


def _keyword(name: str, annotation: object, default: object) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _settle(context: typer.Context, own: Mapping[str, Any]) -> Common:
    root = context.find_root()
    given_first = is_given(root, "warehouse") and not is_given(context, "warehouse")
    named = root.params["warehouse"] if given_first else own["warehouse"]
    return Common(
        warehouse=warehouse_of(context, named or DEFAULT_WAREHOUSE, own),
        json=bool(own["json"]) or root.params["json"],
        context=context,
    )


def warehouse_of(
    context: typer.Context, named: str, own: Mapping[str, Any], prefix: str = ""
) -> Warehouse:
    """Return the warehouse that a command line names.

    `prefix` is what the names of the flags for PostgreSQL begin with.

    Raises UsageError where it can't be one.
    """
    refuse_too_little()
    flag = "--to" if prefix else "--warehouse"
    memory_bytes = own["memory_limit"]
    if not address.is_postgres(named):
        kind, is_url, _ = named.partition("://")
        if is_url:
            message = (
                f"{flag} {kind}://…: a warehouse is a folder, or postgresql://… or"
                " postgres:…, in small letters"
            )
            raise UsageError(message)
        for name in (f"{prefix}data_path", f"{prefix}password_file"):
            if is_given(context, name):
                message = f"--{name.replace('_', '-')} is for a catalog in PostgreSQL, not a folder"
                raise UsageError(message)
        return Warehouse(_in_reach(Path(named), "the warehouse"), memory_bytes)
    try:
        server = address.read(named, own["schema"], own["password_file"])
    except address.AddressError as error:
        message = f"{flag}: {error}"
        raise UsageError(message) from error
    place = own["data_path"]
    warehouse = Warehouse(NOT_ASKED, memory_bytes, server=server, lock_seconds=own["lock_seconds"])
    if isinstance(place, Place):
        return replace(warehouse, place=place)
    if place is not None:
        return warehouse.at(_in_reach(place, "the data path").absolute())
    return warehouse


def _in_reach(folder: Path, what: str) -> Path:
    """Return a folder.

    Raises ManyhandsError where it is named from the current folder, and that can't be used.
    """
    if not folder.is_absolute() and (fault := fault_of_current_folder()):
        message = f"{folder}: {fault}; name {what} by its full path"
        raise ManyhandsError(message)
    return folder


def instant(warehouse: Warehouse, as_of: str | None) -> datetime:
    """Return the time that is used as now, naive in UTC: that of `--as-of`, else the catalog's.

    Raises UsageError where it isn't an RFC 3339 instant with an offset (SPEC §3.2).
    """
    from pipelines.warehouses import now

    return now(warehouse) if as_of is None else read_instant("--as-of", as_of)


def read_instant(flag: str, text: str) -> datetime:
    """Return the instant that a flag has, naive in UTC.

    Raises UsageError where it isn't an RFC 3339 instant with an offset (SPEC §3.2).
    """
    from schemas import instants

    try:
        matched = re.fullmatch(instants.PATTERN, text)
        canonical = instants.canonical(text) if matched else ""
    except ValueError:
        canonical = ""
    if not canonical:
        message = f"{flag} {text}: not an instant such as 2026-11-01T00:00:00Z"
        raise UsageError(message)
    return instants.read(canonical)
