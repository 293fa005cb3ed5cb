"""The flag of `ingest` that names a runner, and Beam's own options, which stand behind `--`."""

from typing import Annotated, Any

import typer

from pipelines.cli.flags import Command
from pipelines.runners import Runner

RunnerFlag = Annotated[
    Runner,
    typer.Option(
        "--runner",
        metavar="R",
        help="What runs the pipeline: `embedded`, or for files `dask` or `prism`, with Beam's"
        " options behind `--`.",
    ),
]


class BeamCommand(Command):
    """A command whose arguments end at `--`; what stands behind it are options of Beam's."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  of no public type
        """Take Beam's options off, and parse the rest."""
        if "--" in args:
            here = args.index("--")
            ctx.obj.beam_options = tuple(args[here + 1 :])
            args = args[:here]
        return super().parse_args(ctx, args)
