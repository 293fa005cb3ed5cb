"""The commands `checkpoint show` and `checkpoint witness`."""

import sys
from typing import Annotated

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.witnessing import WitnessesFlag, described, in_words, witnesses_named
from pipelines.errors import ManyhandsError, UsageError


def show_checkpoint(common: Common) -> None:
    """Print the last checkpoint with what witnesses cosigned, such as for a web site."""
    from pipelines.proof.checkpoints import show

    shown = show(common.warehouse)
    if common.json:
        print_document(
            {
                "period": shown.period,
                "origin": shown.checkpoint.origin,
                "size": shown.checkpoint.size,
                "root": shown.checkpoint.root.hex(),
                "verifier_key": shown.verifier_key,
                "checkpoint": shown.note,
            }
        )
    else:
        sys.stdout.write(shown.note)


def witness_checkpoint(
    common: Common,
    *,
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="URL",
            help="Witnesses, URL or URL#VKEY. [default: those of --witnesses]",
            show_default=False,
        ),
    ] = None,
    witnesses: WitnessesFlag = "",
) -> None:
    """Have witnesses cosign the last checkpoint, and keep what they sign for later proofs.

    Exit 1 where one of them didn't.
    """
    from pipelines.proof.witnessing import Outcome, ask_witnesses, witnesses_of

    named = witnesses_of(urls) if urls else witnesses_named(witnesses)
    if not named:
        message = "no witness is named; checkpoint witness takes URL..., or --witnesses"
        raise UsageError(message)
    asked = ask_witnesses(common.warehouse, named)
    if common.json:
        print_document({"witnesses": described(asked)})
    else:
        for one in asked:
            print_line(in_words(one))
    failed = [one.url for one in asked if one.outcome is Outcome.FAILED]
    if failed:
        message = f"not cosigned by {', '.join(failed)}; run it again later"
        raise ManyhandsError(message)
