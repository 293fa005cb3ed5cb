"""Validate what was decoded: from an envelope to an event in its canonical form (SPEC §3)."""

import json
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from pipelines.ingest.decode import decode
from pipelines.ingest.policy import EVERYONE, NotAllowedError, Policy, check
from pipelines.ingest.refuse import refused
from schemas import canonical, instants
from schemas.envelope import Envelope
from schemas.errors import MAX_KEY, first_error
from schemas.events import EVENT_TYPES, EventData, ImageLicensed, ModelTrained, schema_urn
from schemas.parts import ManifestFile
from schemas.record import Decoded, Event, Received, Rejected
from schemas.rejection import Reason

MAX_AHEAD: Final = timedelta(minutes=5)
"""So far ahead of ours may a producer's clock be."""

LEAST: Final = 500
"""Fewer texts of one shape are read sooner one by one than by a query (`prove`)."""

LOOKED_INTO: Final = frozenset({"event-reversed", "model-trained", "source-reported"})
"""Types of which more is looked at than the model takes: by the policy, or for a manifest."""


def validate(decoded: Decoded, now: datetime, policy: Policy = EVERYONE) -> Event | Rejected:
    """Check an envelope and its data, and write the event's content.

    `now` is when the log records it, naive in UTC.
    Refuses, the first that applies: not_an_event, unknown_type, unknown_schema, invalid_data,
    source_not_allowed, time_in_future, authorship_not_attributable.
    """
    try:
        return _event(decoded, now, policy)
    except _RefusedError as error:
        return refused("validate", decoded.received, error.reason, error.path, error.message)


def read_event(received: Received, now: datetime, policy: Policy = EVERYONE) -> Event | Rejected:
    """Decode what was received, and validate it.

    `now` is as for `validate`; it refuses what either of them does.
    """
    decoded = decode(received)
    return decoded if isinstance(decoded, Rejected) else validate(decoded, now, policy)


class _RefusedError(Exception):
    """One of the reasons of the table applies."""

    def __init__(self, reason: Reason, path: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.path = path
        self.message = message


def _event(decoded: Decoded, now: datetime, policy: Policy) -> Event:
    """Go down the table of SPEC §3.4."""
    envelope = _envelope(decoded.envelope)
    data = _data(envelope)
    _check_policy(policy, decoded.received.origin, envelope, data)
    occurred_at = instants.read(envelope.time)
    _check_time(occurred_at, now)
    _check_authorship(data)
    content = canonical.content(envelope.type, envelope.time, data)
    return Event(
        received=decoded.received,
        source=envelope.source,
        id=envelope.id,
        type=envelope.type,
        occurred_at=occurred_at,
        content=content,
        content_sha256=canonical.content_sha256(content),
        manifest=_manifest(data),
    )


def _envelope(attributes: dict[str, object]) -> Envelope:
    try:
        return Envelope.model_validate(attributes)
    except ValidationError as error:
        path, message = first_error(error, attributes)
        raise _RefusedError(Reason.NOT_AN_EVENT, path, message) from None


def _data(envelope: Envelope) -> EventData:
    model = EVENT_TYPES.get(envelope.type)
    if model is None:
        message = f"unknown type {json.dumps(envelope.type[:MAX_KEY])}"
        raise _RefusedError(Reason.UNKNOWN_TYPE, "type", message)
    if envelope.dataschema not in {None, urn := schema_urn(envelope.type)}:
        raise _RefusedError(Reason.UNKNOWN_SCHEMA, "dataschema", f"should be absent or {urn}")
    try:
        return model.model_validate(envelope.data)
    except ValidationError as error:
        path, message = first_error(error, {"data": envelope.data}, ("data",))
        raise _RefusedError(Reason.INVALID_DATA, path, message) from None


def _check_policy(policy: Policy, origin: str, envelope: Envelope, data: EventData) -> None:
    try:
        check(policy, origin, envelope.source, envelope.type, data)
    except NotAllowedError as error:
        raise _RefusedError(Reason.SOURCE_NOT_ALLOWED, error.path, error.message) from None


def _check_time(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + MAX_AHEAD:
        message = f"more than 5 minutes after {instants.written(now)}"
        raise _RefusedError(Reason.TIME_IN_FUTURE, "time", message)


def _check_authorship(data: EventData) -> None:
    if isinstance(data, ImageLicensed) and data.is_generated:
        path = "data.digital_source_type"
        message = "generated content can't be licensed as somebody's image"
        raise _RefusedError(Reason.AUTHORSHIP_NOT_ATTRIBUTABLE, path, message)


def _manifest(data: EventData) -> tuple[str, str, int] | None:
    if isinstance(data, ModelTrained) and isinstance(data.manifest, ManifestFile):
        return data.manifest.uri, data.manifest.sha256, data.manifest.rows
    return None
