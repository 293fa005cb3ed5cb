"""What the commands that read files of events have in common: flags, and what they refuse."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from pipelines.cli.flags import bounded
from pipelines.errors import NotFoundError, UsageError
from pipelines.sources.limits import MOST

_STANDARD_INPUT: Final = {"-", "/dev/stdin", "/dev/fd/0"}

ManifestRootsFlag = Annotated[
    str,
    typer.Option(
        "--manifest-roots",
        "--manifest-root",
        metavar="FOLDERS",
        help="Folders that manifests named by uri are read from, separated by commas."
        " [default: none]",
    ),
]
ManifestBytesFlag = Annotated[
    int, bounded(1, MOST.manifest_size, "N", "The most bytes of a manifest's file.")
]


def roots_of(manifest_roots: str) -> list[Path]:
    """Return the folders of `--manifest-roots`.

    Raises UsageError where one isn't local.
    """
    roots = [root.strip() for root in manifest_roots.split(",") if root.strip()]
    for root in roots:
        if "://" in root:
            message = f"manifest root {root}: not supported in this version; name a local folder"
            raise UsageError(message)
    return [Path(root) for root in roots]


def refuse_closed_input(sources: Sequence[str]) -> None:
    """Raise NotFoundError where standard input is a source, and closed."""
    for source in sources:
        if source in _STANDARD_INPUT and sys.stdin is None:
            message = f"{source}: standard input is closed; nothing was read"
            raise NotFoundError(message)
