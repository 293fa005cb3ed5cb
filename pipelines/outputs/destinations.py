"""Where statements can be published to, as a user names it: a topic or a folder (SPEC §7.3)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.outputs import folders

if TYPE_CHECKING:
    from pipelines.outputs.folders import Folder
    from pipelines.outputs.topics import Topic

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TOPIC = re.compile(
    r"pubsub:(projects/[a-z][a-z0-9.:-]*/topics/[a-z][\w.~+%-]{2,254})", re.ASCII | re.IGNORECASE
)


def refuse_unless_named(destination: str) -> None:
    """Refuse what names neither a topic nor a folder, without looking whether it is there.

    Raises UsageError.
    """
    if not destination or (_SCHEME.match(destination) and not _TOPIC.fullmatch(destination)):
        message = (
            f"{destination!r} is no destination: name pubsub:projects/P/topics/T, or a folder"
            " (one whose name begins like x: as ./x:)"
        )
        raise UsageError(message)


@contextmanager
def opened(destination: str) -> Iterator["Folder | Topic"]:
    """Look a destination up, and publish to it for as long as the context lasts.

    Raises UsageError where it can't be one, NotFoundError where it isn't there, TryAgainError
    where it can't be reached, ManyhandsError where a right is missing.
    """
    refuse_unless_named(destination)
    topic = _TOPIC.fullmatch(destination)
    if topic is None:
        with folders.opened(destination) as folder:
            yield folder
        return
    from pipelines.outputs import topics

    with topics.opened(topic[1]) as found:
        yield found
