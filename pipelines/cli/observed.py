"""The flags of `ingest` that say how it is seen from outside."""

from enum import StrEnum
from typing import Annotated, Final

import typer

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_READY_SECONDS: Final = 60.0
_LAST_PORT: Final = 65_535
_MOST_SECONDS: Final = 86_400.0


class LogFormat(StrEnum):
    """What progress and errors are written as."""

    TEXT = "text"
    JSON = "json"


LogFormatFlag = Annotated[
    LogFormat,
    typer.Option(help="Write progress and errors as text, or as one JSON object a line."),
]
MetricsPortFlag = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=_LAST_PORT,
        metavar="N",
        help="Serve /metrics for Prometheus, /livez and /readyz on this port. [default: none]",
    ),
]
MetricsHostFlag = Annotated[
    str,
    typer.Option(metavar="H", help="The address of this machine that they are served at."),
]
ReadySecondsFlag = Annotated[
    float,
    typer.Option(
        min=1.0,
        max=_MOST_SECONDS,
        metavar="T",
        help="/readyz is red where messages are there and for so long nothing was committed.",
    ),
]
