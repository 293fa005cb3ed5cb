"""Why an event is refused, and what is kept of it (SPEC §3.4)."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field

from schemas.model import Strict
from schemas.record import Rejected
from schemas.scalars import Sha256

KEPT_BYTES: Final = 65_536
"""So much of a payload is kept."""


class Reason(StrEnum):
    """Why an event is refused; where several apply, the first of these."""

    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_SCHEMA = "unknown_schema"
    INVALID_DATA = "invalid_data"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    TIME_IN_FUTURE = "time_in_future"
    AUTHORSHIP_NOT_ATTRIBUTABLE = "authorship_not_attributable"
    ID_CONFLICT = "id_conflict"
    MANIFEST_UNAVAILABLE = "manifest_unavailable"
    MANIFEST_MISMATCH = "manifest_mismatch"


class Rejection(Strict):
    """What a dead letter keeps of an event that was refused."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    processor: Annotated[str, Field(description="What refused it, with its version.")]
    reason: Reason
    path: Annotated[str, Field(description="Where in the event; empty where it is the whole.")]
    message: str
    origin: Annotated[str, Field(description="The file, `-`, or the subscription.")]
    origin_item: Annotated[str, Field(description="The line's number, or the message's id.")]
    received_at: datetime
    attributes: Annotated[
        dict[str, str] | None, Field(description="Binary mode's; null in structured mode.")
    ]
    payload: Annotated[
        bytes, Field(max_length=KEPT_BYTES, description="As received, its first 64 KiB; base64.")
    ]
    payload_size: Annotated[int, Field(ge=0, description="Bytes received.")]
    payload_sha256: Annotated[Sha256, Field(description="Of all bytes received.")]

    @classmethod
    def of(cls, rejected: Rejected, received_at: datetime) -> Self:
        """Keep what a step refused, as far as it is kept."""
        received = rejected.received
        whole = received.size < 0
        return cls(
            processor=rejected.processor,
            reason=Reason(rejected.reason),
            path=rejected.path,
            message=rejected.message,
            origin=received.origin,
            origin_item=received.origin_item,
            received_at=received_at,
            attributes=received.attributes,
            payload=received.body[:KEPT_BYTES],
            payload_size=len(received.body) if whole else received.size,
            payload_sha256=sha256(received.body).hexdigest() if whole else received.sha256,
        )
