"""The canonical form of an event: the content that its identity stands for (SPEC §4)."""

import json
from hashlib import sha256

from schemas.model import Canonical


def content(event_type: str, time: str, data: Canonical) -> str:
    """Write an event's content: sorted-key JSON of `data`, `time` and `type`, no spaces.

    `event_type` is one of ours and `time` a canonical instant, so neither needs escaping.
    """
    return f'{{"data":{data.canonical()},"time":"{time}","type":"{event_type}"}}'


def content_sha256(canonical: str) -> str:
    """Return the SHA-256 of a content in UTF-8, in lower-case hex."""
    return sha256(canonical.encode()).hexdigest()


def canonical_json(value: object) -> str:
    """Write any JSON value in the form that contents have.

    Keys sorted, no spaces, strings escaped as in RFC 8785, non-ASCII characters as they are.
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
