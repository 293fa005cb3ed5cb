"""Names the files of a statement's proof so that no disk takes two statements' for one."""

import hashlib
import re
from typing import Final

_PLAIN: Final = re.compile("[a-z0-9_-]+")
_ODD: Final = re.compile("[^a-z0-9_-]")
_KEPT: Final = 40
_DIGITS: Final = 32


def file_stem(statement_id: str) -> str:
    """Return what the names of a statement's files begin with: its period and contributor.

    Where a contributor's id isn't of small letters, digits, `_` and `-` alone, other disks may take
    it for another one, or for more than a name: then a part of it stands there, with a point and
    the beginning of its SHA-256 behind. No plain id has a point.
    """
    period, _, contributor_id = statement_id.partition("/")
    if _PLAIN.fullmatch(contributor_id):
        return f"{period}-{contributor_id}"
    readable = _ODD.sub("_", contributor_id.lower())[:_KEPT]
    digest = hashlib.sha256(contributor_id.encode()).hexdigest()[:_DIGITS]
    return f"{period}-{readable}.{digest}"
