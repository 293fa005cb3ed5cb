"""The command `publish`: sends the statements that were issued to a topic or a folder."""

from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.flags import Common, instant
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import Report, reporting
from pipelines.cli.words import counted
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.publish import Publisher
    from pipelines.warehouses import Warehouse

_DESTINATION = "a topic as pubsub:projects/P/topics/T, or a folder"

PublishToFlag = Annotated[
    str,
    typer.Option(
        "--publish-to",
        metavar="DEST",
        help=f"Send issued statements to DEST: {_DESTINATION}. [default: nowhere]",
        show_default=False,
    ),
]


def publish(
    common: Common,
    *,
    publish_to: Annotated[
        str,
        typer.Option(
            "--publish-to",
            "--to",
            metavar="DEST",
            help=f"Where to: {_DESTINATION}.",
            show_default=False,
        ),
    ] = "",
    period: Annotated[
        str | None,
        typer.Option(metavar="P", help="Send all statements of this period again."),
    ] = None,
) -> None:
    """Send every statement that DEST doesn't have, the oldest first."""
    from pipelines.publish import publishing

    if not publish_to:
        message = f"publish takes --to DEST: {_DESTINATION}"
        raise UsageError(message)
    common.invocation.standing = partial(_standing, common.warehouse)
    with (
        reporting(common.invocation.ending) as report,
        publishing(
            common.warehouse,
            publish_to,
            clock=partial(instant, common.warehouse, None),
            report=report,
        ) as publisher,
    ):
        if period is None:
            publisher.send_new()
        else:
            publisher.send_again(period)
    if common.json:
        print_document(describe_published(publisher))
    else:
        print_published(publisher)
    publisher.refuse_too_large()


@contextmanager
def optionally_publishing(
    common: Common, publish_to: str, now: datetime, report: Report, *, dry_run: bool
) -> "Iterator[Publisher | None]":
    """Yield what a close publishes with, while the context lasts; None where it is not to.

    Raises as `publishing` does; a dry run only looks whether the destination can be one.
    """
    from pipelines.outputs.destinations import refuse_unless_named
    from pipelines.publish import publishing

    if publish_to:
        refuse_unless_named(publish_to)
    if not publish_to or dry_run:
        yield None
        return
    with publishing(common.warehouse, publish_to, clock=lambda: now, report=report) as publisher:
        yield publisher


def describe_published(publisher: "Publisher") -> dict[str, Any]:
    """Return what was published as its JSON shows it."""
    return {
        "destination": publisher.destination.name,
        "published": publisher.published,
        "too_large": list(publisher.too_large),
    }


def print_published(publisher: "Publisher") -> None:
    """Print what was published for people."""
    print_line(
        f"{counted(publisher.published, 'statement')} published to {publisher.destination.name}"
    )


def _standing(warehouse: "Warehouse") -> str:
    """Return how many statements each destination has by now."""
    from pipelines.status import published

    has = [f"{counts['published']} at {at}" for at, counts in published(warehouse).items()]
    done = f"statements published by now: {', '.join(has)}" if has else "nothing was published"
    return f"{done}; run the command again to send the others"
