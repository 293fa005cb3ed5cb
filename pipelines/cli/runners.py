"""The flags that name a runner, and its own options, which stand behind `--`."""

from typing import Annotated, Any

import typer

from pipelines.cli.flags import Command
from pipelines.runners import CloseRunner, Runner

RunnerFlag = Annotated[
    Runner,
    typer.Option(
        "--runner",
        metavar="R",
        help="What runs the pipeline: `embedded`, or for files `dask` or `prism`, with Beam's"
        " options behind `--`.",
    ),
]
CloseRunnerFlag = Annotated[
    CloseRunner,
    typer.Option(
        "--runner",
        metavar="R",
        allow_from_autoenv=False,  # an ingest's may be one that closes don't know
        help="What splits the pools: `embedded`, or `dask` with its scheduler behind `--`.",
    ),
]


class RunnerCommand(Command):
    """A command whose arguments end at `--`; what stands behind it are options of its runner."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  of no public type
        """Take the runner's options off, and parse the rest."""
        if "--" in args:
            here = args.index("--")
            ctx.obj.runner_options = tuple(args[here + 1 :])
            args = args[:here]
        return super().parse_args(ctx, args)
