"""The flags of `ingest` that say how messages are received."""

from typing import Annotated

import typer

from pipelines.cli.flags import Size
from pipelines.sources.limits import LEAST_RECEIVING, MOST_RECEIVING

FollowFlag = Annotated[
    bool,
    typer.Option(
        "--follow",
        help="Go on when a subscription is empty, until SIGTERM or SIGINT. [default: end then]",
    ),
]
BatchEventsFlag = Annotated[
    int,
    typer.Option(
        min=LEAST_RECEIVING.events,
        max=MOST_RECEIVING.events,
        metavar="N",
        help="The most messages of one batch.",
    ),
]
BatchSecondsFlag = Annotated[
    float,
    typer.Option(
        min=LEAST_RECEIVING.seconds,
        max=MOST_RECEIVING.seconds,
        metavar="T",
        help="A batch is committed so many seconds after its first message came, full or not.",
    ),
]
MaxMemoryFlag = Annotated[
    int,
    typer.Option(
        "--max-memory",
        metavar="SIZE",
        parser=Size("1MiB", "64GiB"),
        help="Messages received and not yet acknowledged, such as 256MiB.",
    ),
]
IdleSecondsFlag = Annotated[
    float,
    typer.Option(
        min=LEAST_RECEIVING.idle_seconds,
        max=MOST_RECEIVING.idle_seconds,
        metavar="T",
        help="A subscription is empty when nothing has come for so many seconds.",
    ),
]
PatienceFlag = Annotated[
    float,
    typer.Option(
        min=LEAST_RECEIVING.patience_seconds,
        max=MOST_RECEIVING.patience_seconds,
        metavar="T",
        help="How many seconds the broker may be out of reach before it is said, and, without"
        " --follow, the command ends.",
    ),
]
LeaseSecondsFlag = Annotated[
    int,
    typer.Option(
        min=LEAST_RECEIVING.lease_seconds,
        max=MOST_RECEIVING.lease_seconds,
        metavar="T",
        help="So many seconds after this process died, its messages go to another one.",
    ),
]
