"""What every command takes: where the warehouse is, how to print, what to show of a failure."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.place import fault_of_current_folder
from pipelines.cli.settings import is_given
from pipelines.errors import ManyhandsError, UsageError
from pipelines.lake.memory import DEFAULT, read_bytes, refuse_too_little
from pipelines.lake.warehouse import Warehouse

DEFAULT_WAREHOUSE = "warehouse"

WarehouseFlag = Annotated[
    str | None,
    typer.Option("--warehouse", metavar="W", help="The warehouse's folder. [default: ./warehouse]"),
]


def _memory(text: str) -> int:
    try:
        return read_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


MemoryFlag = Annotated[
    int,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        parser=_memory,
        help="Memory to hold before writing to temporary files, such as 4GB.",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DebugFlag = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
AsOfFlag = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="T", help="RFC 3339 instant, with offset, that stands for now."
    ),
]
PeriodFlag = Annotated[
    str | None,
    typer.Option("--period", metavar="P", help="A closed period. [default: the last one closed]"),
]

_COMMON = {
    "warehouse": (WarehouseFlag, None),
    "memory_limit": (MemoryFlag, DEFAULT),
    "json": (JsonFlag, False),
    "debug": (DebugFlag, False),
}


@dataclass
class Invocation:
    """What the parts of one run share: whether a failure shows its traceback."""

    debug: bool = False


@dataclass(frozen=True)
class Common:
    """What every command takes, settled."""

    warehouse: Warehouse
    json: bool
    context: typer.Context = field(repr=False)


def with_common(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command's function the common flags; it takes them, settled, as first argument."""

    @wraps(command)
    def run(context: typer.Context, **arguments: object) -> None:
        own = {name: arguments.pop(name) for name in _COMMON}
        context.obj.debug = bool(own["debug"]) or context.find_root().params["debug"]
        command(_settle(context, own), **arguments)

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
    warehouse = root.params["warehouse"] if given_first else own["warehouse"]
    return Common(
        warehouse=_warehouse(warehouse or DEFAULT_WAREHOUSE, own["memory_limit"]),
        json=bool(own["json"]) or root.params["json"],
        context=context,
    )


def _warehouse(named: str, memory_bytes: int) -> Warehouse:
    if re.match(r"(ducklake:)?postgres(ql)?:", named):
        message = "a warehouse in PostgreSQL is not in this version; name a folder"
        raise UsageError(message)
    folder = Path(named)
    if not folder.is_absolute() and (fault := fault_of_current_folder()):
        message = f"{folder}: {fault}; name the warehouse by its full path"
        raise ManyhandsError(message)
    refuse_too_little()
    return Warehouse(folder, memory_bytes)


def instant(as_of: str | None) -> datetime:
    """Read what stands for now, naive in UTC; the clock's time where nothing does.

    Raises UsageError where it isn't an RFC 3339 instant with an offset (SPEC §3.2).
    """
    from schemas import instants

    if as_of is None:
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        matched = re.fullmatch(instants.PATTERN, as_of)
        canonical = instants.canonical(as_of) if matched else ""
    except ValueError:
        canonical = ""
    if not canonical:
        message = f"--as-of {as_of}: not an instant such as 2026-11-01T00:00:00Z"
        raise UsageError(message)
    return instants.read(canonical)
