"""Names the roots that manifests are looked for under: folders, and prefixes of buckets."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pipelines.errors import UsageError

_REMOTE: Final = re.compile(r"(gs|s3)://([A-Za-z0-9][A-Za-z0-9._-]{1,221})(?:/(.*))?")


@dataclass(frozen=True)
class RemoteRoot:
    """A prefix of a bucket, or all of it: `gs://bucket/prefix`, `s3://bucket`."""

    scheme: str
    bucket: str
    prefix: str
    """Without a `/` at its ends."""

    def __str__(self) -> str:
        """Return it as it is named."""
        return "/".join(part for part in (f"{self.scheme}://{self.bucket}", self.prefix) if part)

    def key(self, uri: str) -> str:
        """Return the key of a relative path in this root, read as a local root reads it."""
        return "/".join(part for part in (self.prefix, *PurePosixPath(uri).parts) if part)


Root = Path | RemoteRoot


def read_root(text: str) -> Root:
    """Return the root of a name.

    Raises UsageError where it is neither a folder nor in a bucket of a kind that can be read.
    """
    if "://" not in text:
        return Path(text)
    named = _REMOTE.fullmatch(text)
    parts = [part for part in (named[3] or "").split("/") if part] if named else []
    if named is None or not {".", ".."}.isdisjoint(parts):
        shown = text if "@" not in text else f"{text.partition('://')[0]}://…"  # may be a password
        message = (
            f"manifest root {shown}: can't be read;"
            " name a local folder, gs://BUCKET/PREFIX or s3://BUCKET/PREFIX"
        )
        raise UsageError(message)
    return RemoteRoot(named[1], named[2], "/".join(parts))
