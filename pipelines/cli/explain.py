"""The command `explain`: why a statement, a line, or what a contributor gets, is what it is."""

from collections.abc import Mapping
from typing import Annotated, Final

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.errors import GateError, UsageError

_STATEMENT: Final = "statement"
_MODEL_VERSION: Final = "model_version"
_CONTRIBUTOR: Final = "contributor"
_IMAGE: Final = "image"
_NOUNS: Final = {
    _STATEMENT: "a statement",
    _MODEL_VERSION: "a model version",
    _IMAGE: "an image",
}

_FirstFlag = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="P",
        allow_from_autoenv=False,
        help="Of a contributor: the statement to compare from. [default: the last but one]",
    ),
]
_LastFlag = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="P",
        allow_from_autoenv=False,
        help="Of a contributor: the one to compare with. [default: the last]",
    ),
]


_ContributorFlag = Annotated[
    bool,
    typer.Option(
        "--contributor",
        allow_from_autoenv=False,
        help="The id is a contributor's, where an image has it too.",
    ),
]
_ImageFlag = Annotated[
    bool,
    typer.Option(
        "--image",
        allow_from_autoenv=False,
        help="The id is an image's, where a contributor has it too.",
    ),
]


def explain(  # noqa: PLR0913  an argument a flag
    common: Common,
    *,
    named: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A statement (2026-10/ana), a model version (m@1), a contributor or an image.",
        ),
    ],
    line: Annotated[
        int | None,
        typer.Option("--line", metavar="N", min=1, help="A line of the statement, from 1."),
    ] = None,
    contributor: _ContributorFlag = False,
    image: _ImageFlag = False,
    first: _FirstFlag = None,
    last: _LastFlag = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Name all events, and take each change of a line alone."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            allow_from_autoenv=False,
            help="Of a line: compute its whole close again, the weights of all claimants too.",
        ),
    ] = False,
) -> None:
    """Explain a statement, one of its lines, a contributor, a model version or an image.

    It is computed again from the log as the close read it; where it doesn't come out as it was
    stated, the exit code is 4.
    """
    from pipelines.cli.explanation import explanation

    periods = {"--from": first, "--to": last}
    kind = _kind(named, image=image, contributor=contributor, periods=periods)
    _refuse_flags(kind, named, line, periods, full=full)
    with reporting(common.invocation.ending) as report:
        if kind == _STATEMENT:
            from pipelines.explain.job import explain as explain_it

            found = explain_it(
                common.warehouse,
                named,
                line=line,
                everything=everything,
                full=full,
                report=report,
            )
        else:
            from pipelines.explain.contributor import Between
            from pipelines.explain.subject import explain_subject

            found = explain_subject(
                common.warehouse,
                named,
                kind=kind,
                between=Between(first, last),
                everything=everything,
                report=report,
            )
    if common.json:
        print_document(found.model_dump(mode="json", exclude_none=True))
    else:
        for text in explanation(found):
            print_line(text)
    if not found.is_equal:
        message = (
            f"{named} doesn't come out as it was stated; if the warehouse was edited,"
            " restore it from a backup"
        )
        raise GateError(message)


def _kind(
    named: str, *, image: bool, contributor: bool, periods: Mapping[str, str | None]
) -> str | None:
    """Return what an id is of, by its form and the flags; None where these don't say it.

    A model version has an @, and its model may have a /. A statement has a / and no @. Neither is
    in the id of an image or of a contributor.

    Raises UsageError where the flags contradict the form, or one another.
    """
    formed = _MODEL_VERSION if "@" in named else _STATEMENT if "/" in named else None
    for is_given, flag in ((image, "--image"), (contributor, "--contributor")):
        if is_given and formed:
            message = f"{flag} is of an id without / and @; {named} is {_NOUNS[formed]}"
            raise UsageError(message)
    if image and contributor:
        message = f"{named}: give --image or --contributor, not both"
        raise UsageError(message)
    compared = any(period is not None for period in periods.values())
    if contributor or (compared and not image and not formed):
        return _CONTRIBUTOR
    return _IMAGE if image else formed


def _refuse_flags(
    kind: str | None,
    named: str,
    line: int | None,
    periods: Mapping[str, str | None],
    *,
    full: bool,
) -> None:
    """Raise UsageError where a flag is given that the id has no use for."""
    if full and line is None:
        message = f"--full is of a line, which --line N names; {named} is computed whole without it"
        raise UsageError(message)
    if line is not None and kind != _STATEMENT:
        message = f"--line is of a statement, such as 2026-10/ana; {named} is none"
        raise UsageError(message)
    for flag, period in periods.items():
        if period is not None and kind != _CONTRIBUTOR:
            message = f"{flag} is of a contributor; {named} is {_NOUNS[kind or _IMAGE]}"
            raise UsageError(message)
