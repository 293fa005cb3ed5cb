"""The flags of `ingest` that say how messages are received."""

from typing import Annotated, Any

import typer

from pipelines.cli.flags import Size, bounded
from pipelines.sources.limits import LEAST_RECEIVING, MOST_RECEIVING


def _bounded(name: str, metavar: str, text: str) -> Any:  # noqa: ANN401  typer's
    return bounded(getattr(LEAST_RECEIVING, name), getattr(MOST_RECEIVING, name), metavar, text)


FollowFlag = Annotated[
    bool,
    typer.Option(
        "--follow",
        help="Go on when a subscription is empty, until SIGTERM or SIGINT. [default: end then]",
    ),
]
BatchEventsFlag = Annotated[int, _bounded("events", "N", "The most messages of one batch.")]
BatchSecondsFlag = Annotated[
    float,
    _bounded(
        "seconds",
        "T",
        "A batch is committed so many seconds after its first message came, full or not.",
    ),
]
MaxMemoryFlag = Annotated[
    int,
    typer.Option(
        "--max-memory",
        metavar="SIZE",
        parser=Size(f"{LEAST_RECEIVING.size >> 20}MiB", f"{MOST_RECEIVING.size >> 30}GiB"),
        help="Messages received and not yet acknowledged, such as 256MiB.",
    ),
]
IdleSecondsFlag = Annotated[
    float,
    _bounded(
        "idle_seconds", "T", "A subscription is empty when nothing has come for so many seconds."
    ),
]
PatienceFlag = Annotated[
    float,
    _bounded(
        "patience_seconds",
        "T",
        "How many seconds the broker may be out of reach before it is said, and, without"
        " --follow, the command ends.",
    ),
]
LeaseSecondsFlag = Annotated[
    int,
    _bounded(
        "lease_seconds",
        "T",
        "So many seconds after this process died, its messages go to another one.",
    ),
]
