"""Decode what was received: from bytes to an envelope (SPEC §3.1, §3.4)."""

from typing import Final

from pipelines.ingest.refuse import refused
from schemas.envelope import ATTRIBUTE_PREFIX
from schemas.json_text import MAX_DEPTH, UnreadableError, check_size, read_json
from schemas.record import Decoded, Received, Rejected
from schemas.rejection import Reason

CONTENT_TYPE: Final = "content-type"
JSON: Final = "application/json"


def decode(received: Received) -> Decoded | Rejected:
    """Read what was received as JSON, structured or binary (CloudEvents 1.0).

    Refuses, the first that applies: too_large, too_deep, not_json, not_an_event.
    """
    try:
        check_size(received.size)
        if received.attributes is None:
            envelope = read_json(received.body)
        else:
            envelope = _attributes(received.attributes)
            envelope["data"] = read_json(received.body, MAX_DEPTH - 1)
    except UnreadableError as error:
        return refused("decode", received, error.reason, "", error.message)
    if not isinstance(envelope, dict):
        return refused("decode", received, Reason.NOT_AN_EVENT, "", "should be an object")
    return Decoded(received, envelope)


def _attributes(attributes: dict[str, str]) -> dict[str, object]:
    """Return the envelope of binary mode, where the content type is `datacontenttype`."""
    envelope: dict[str, object] = {
        name.removeprefix(ATTRIBUTE_PREFIX): value
        for name, value in attributes.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    if CONTENT_TYPE in attributes and envelope.get("datacontenttype", JSON) == JSON:
        envelope["datacontenttype"] = attributes[CONTENT_TYPE]  # where both stand, both count
    return envelope
