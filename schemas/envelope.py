"""The envelope of an event: CloudEvents 1.0, as narrow as SPEC §3.1 makes it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    TypeAdapter,
    ValidationError,
)

from schemas.scalars import EventId, Instant, Source, refusal

OWN_SOURCE: Final = "manyhands"
"""The `source` of our own events; nobody else's may have it."""


ATTRIBUTE_PREFIX: Final = "ce-"
"""Stands before the name of an attribute in binary mode (CloudEvents' binding for Pub/Sub)."""


CONTENT_TYPE: Final = "content-type"
_JSON: Final = "application/json"


def binary_envelope(attributes: Mapping[str, str]) -> dict[str, object]:
    """Return the envelope of binary mode, where the content type is `datacontenttype`."""
    envelope: dict[str, object] = {
        name.removeprefix(ATTRIBUTE_PREFIX): value
        for name, value in attributes.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    if CONTENT_TYPE in attributes and envelope.get("datacontenttype", _JSON) == _JSON:
        envelope["datacontenttype"] = attributes[CONTENT_TYPE]  # where both stand, both count
    return envelope


def not_ours(source: str) -> str:
    """Refuse the source that is ours."""
    if source == OWN_SOURCE:
        message = f"should not be {OWN_SOURCE}, which is ours"
        raise refusal(message)
    return source


ProducerSource = Annotated[Source, AfterValidator(not_ours)]
_PRODUCER_SOURCE: Final = TypeAdapter[str](ProducerSource)


def is_source(text: str) -> bool:
    """Return whether an event of a producer may have this `source`."""
    try:
        _PRODUCER_SOURCE.validate_python(text)
    except ValidationError:
        return False
    return True


class Envelope(BaseModel):
    """An event's attributes; `subject` and extensions never change a result and are left out.

    An attribute that is null is absent.
    """

    model_config = ConfigDict(strict=True, extra="ignore")

    specversion: Literal["1.0"]
    id: EventId
    source: ProducerSource
    type: str
    time: Instant
    datacontenttype: Literal["application/json"] | None = None
    dataschema: str | None = None
    data: Annotated[InstanceOf[dict[str, Any]], Field(description="By the schema of `type`.")]
