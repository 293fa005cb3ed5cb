"""Names a place in an object store: a prefix of a bucket, or all of it."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pipelines.errors import UsageError

_PLACE: Final = re.compile(r"(gs|s3)://([A-Za-z0-9][A-Za-z0-9._-]{1,221})(?:/(.*))?")


@dataclass(frozen=True)
class Place:
    """A prefix of a bucket, or all of it: `gs://bucket/prefix`, `s3://bucket`."""

    scheme: str
    bucket: str
    prefix: str
    """Without a `/` at its ends."""

    def __str__(self) -> str:
        """Return it as it is named."""
        return "/".join(part for part in (f"{self.scheme}://{self.bucket}", self.prefix) if part)

    def key(self, path: str) -> str:
        """Return the key of a relative path in this place, read as a folder reads it."""
        return "/".join(part for part in (self.prefix, *PurePosixPath(path).parts) if part)

    def parents(self) -> list["Place"]:
        """Return the places that it is in, the nearest first."""
        parts = self.prefix.split("/") if self.prefix else []
        return [
            Place(self.scheme, self.bucket, "/".join(parts[:count]))
            for count in range(len(parts) - 1, -1, -1)
        ]


def is_place(text: str) -> bool:
    """Return whether a text is meant as a place in a store, and not as a folder."""
    return "://" in text


def read_place(text: str, what: str) -> Place:
    """Return the place of a name; `what` it is for is in the message.

    Raises UsageError where it isn't in a bucket of a kind that can be read.
    """
    named = _PLACE.fullmatch(text)
    parts = [part for part in (named[3] or "").split("/") if part] if named else []
    if named is None or not {".", ".."}.isdisjoint(parts):
        shown = text if "@" not in text else f"{text.partition('://')[0]}://…"  # may be a password
        message = (
            f"{what} {shown}: can't be read;"
            " name a local folder, gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"
        )
        raise UsageError(message)
    return Place(named[1], named[2], "/".join(parts))
