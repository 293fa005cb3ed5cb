"""What `close` and `checkpoint witness` do with witnesses, and what they print of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.progress import Report
from pipelines.errors import ManyhandsError
from pipelines.warehouses import Warehouse

if TYPE_CHECKING:
    from pipelines.close.job import Closed
    from pipelines.proof.witnessing import Asked
    from pipelines.transparency.witness import Witness

WitnessesFlag = Annotated[
    str,
    typer.Option(
        "--witnesses",
        metavar="URLS",
        help="Witnesses that cosign checkpoints, URL or URL#VKEY, separated by commas."
        " [default: none]",
        show_default=False,
    ),
]


def witnesses_named(text: str) -> "list[Witness]":
    """Return the witnesses that a setting names.

    Raises UsageError where one is none.
    """
    from pipelines.proof.witnessing import witnesses_of

    return witnesses_of([part for part in text.split(",") if part.strip()])


def ask_after_close(
    warehouse: Warehouse, witnesses: "list[Witness]", closes: "list[Closed]", report: Report
) -> "list[Asked]":
    """Have witnesses cosign what was closed, if anything was; what fails is a warning."""
    from pipelines.proof.witnessing import Outcome, ask_witnesses

    new = [closed for closed in closes if not closed.was_closed]
    if not new or not witnesses:
        return []
    if not any(closed.checkpoint for closed in new):
        report.note("warning: no witness is asked, since no --signing-key is named")
        return []
    report("asking witnesses to cosign")
    try:
        asked = ask_witnesses(warehouse, witnesses)
    except (ManyhandsError, OSError) as error:
        report.note(f"warning: no witness cosigned: {error}")
        return []
    for one in asked:
        if one.outcome is Outcome.FAILED:
            report.note(
                f"warning: the witness {one.url} didn't cosign: {one.message}; it is asked again"
                " after the next close, or by `manyhands checkpoint witness`"
            )
    return asked


def described(asked: "list[Asked]") -> list[dict[str, str]]:
    """Return what came of witnesses as JSON shows it."""
    return [{"url": one.url, "outcome": one.outcome.value, "message": one.message} for one in asked]


def in_words(one: "Asked") -> str:
    """Return what came of a witness in a line for people."""
    return f"{one.url}: {one.outcome.value} ({one.message})"
