"""What the commands that read files of events have in common: flags, and what they refuse."""

import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from pipelines.cli.flags import bounded
from pipelines.errors import NotFoundError
from pipelines.ingest.roots import Root, read_root
from pipelines.sources.limits import MOST
from pipelines.stores.clients import store_of
from pipelines.stores.place import Place

_STANDARD_INPUT: Final = {"-", "/dev/stdin", "/dev/fd/0"}

ManifestRootsFlag = Annotated[
    str,
    typer.Option(
        "--manifest-roots",
        "--manifest-root",
        metavar="ROOTS",
        help="Where manifests named by uri are read from, separated by commas: folders,"
        " gs://BUCKET/PREFIX, s3://BUCKET/PREFIX. [default: none]",
    ),
]
ManifestBytesFlag = Annotated[
    int, bounded(1, MOST.manifest_size, "N", "The most bytes of a manifest's file.")
]


def roots_of(manifest_roots: str) -> list[Root]:
    """Return the roots of `--manifest-roots`.

    Raises UsageError where one is of another kind, or what reads it isn't installed.
    """
    roots = [read_root(name.strip()) for name in manifest_roots.split(",") if name.strip()]
    for root in roots:
        if isinstance(root, Place):
            store_of(root, "manifest root")
    return roots


def refuse_closed_input(sources: Sequence[str]) -> None:
    """Raise NotFoundError where standard input is a source, and closed."""
    for source in sources:
        if source in _STANDARD_INPUT and sys.stdin is None:
            message = f"{source}: standard input is closed; nothing was read"
            raise NotFoundError(message)
