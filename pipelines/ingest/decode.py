"""Decode what was received: from bytes to an envelope (SPEC §3.1, §3.4)."""

from pipelines.ingest.refuse import refused
from schemas.envelope import binary_envelope
from schemas.json_text import MAX_DEPTH, UnreadableError, check_size, read_json
from schemas.record import Decoded, Received, Rejected
from schemas.rejection import Reason


def decode(received: Received) -> Decoded | Rejected:
    """Read what was received as JSON, structured or binary (CloudEvents 1.0).

    Refuses, the first that applies: too_large, too_deep, not_json, not_an_event.
    """
    try:
        check_size(received.size)
        if received.attributes is None:
            envelope = read_json(received.body)
        else:
            envelope = binary_envelope(received.attributes)
            envelope["data"] = read_json(received.body, MAX_DEPTH - 1)
    except UnreadableError as error:
        return refused("decode", received, error.reason, "", error.message)
    if not isinstance(envelope, dict):
        return refused("decode", received, Reason.NOT_AN_EVENT, "", "should be an object")
    return Decoded(received, envelope)
