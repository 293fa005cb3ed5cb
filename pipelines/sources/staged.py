"""Names folders of parts as sources: `staged:FOLDER`, what a pipeline elsewhere staged."""

from collections.abc import Sequence
from typing import Final

from pipelines.errors import UsageError

PREFIX: Final = "staged:"


def is_staged(source: str) -> bool:
    """Return whether a source is meant as a folder of parts."""
    return source.startswith(PREFIX)


def find_staged(sources: Sequence[str]) -> list[str]:
    """Return the folders of parts among sources, in their order, each once.

    Raises UsageError where one has no name, or where they aren't the only sources.
    """
    named = dict.fromkeys(source for source in sources if is_staged(source))
    if PREFIX in named:
        message = f"{PREFIX} names no folder; name it as {PREFIX}FOLDER"
        raise UsageError(message)
    if named and len(named) < len(set(sources)):
        message = f"{PREFIX}… is committed by an ingest of its own; name other sources in another"
        raise UsageError(message)
    return [source.removeprefix(PREFIX) for source in named]
