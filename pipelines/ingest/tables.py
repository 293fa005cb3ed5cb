"""Writes events and refusals as tables, as a batch has them on its way to the log."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pyarrow as pa

from pipelines import __version__
from pipelines.lake.log import EVENT_COLUMNS, REFUSAL_COLUMNS
from schemas.record import Event, Rejected
from schemas.rejection import Rejection

PROCESSOR: Final = f"manyhands/{__version__} commit"


def events_table(events: Sequence[Event]) -> pa.Table:
    """Return events as a table of EVENT_COLUMNS."""
    received = [event.received for event in events]
    faults = [event.fault or (None, None) for event in events]
    columns = {
        "position": [message.position for message in received],
        "source": [event.source for event in events],
        "id": [event.id for event in events],
        "type": [event.type for event in events],
        "occurred_at": [event.occurred_at for event in events],
        "content": [event.content for event in events],
        "content_sha256": [event.content_sha256 for event in events],
        "body": [message.body for message in received],
        "processor": [PROCESSOR] * len(events),
        "fault_reason": [reason for reason, _ in faults],
        "fault_message": [message for _, message in faults],
        "manifest_sha256": [event.manifest[1] if event.manifest else None for event in events],
        "origin": [message.origin for message in received],
        "origin_item": [message.origin_item for message in received],
        "attributes": [_attributes(message.attributes) for message in received],
    }
    return pa.Table.from_pydict(columns, EVENT_COLUMNS)


def proven_table(texts: pa.Table, proven: pa.Table, kind: str) -> pa.Table:
    """Return proven events of one type, and the texts that they were, as a table of EVENT_COLUMNS.

    `texts` is as `Unread` has it, `proven` of `proving.FOUND`, row by row.
    """
    given = {
        "type": pa.repeat(kind, len(texts)),
        "processor": pa.repeat(PROCESSOR, len(texts)),
    }
    columns = dict(zip(texts.column_names, texts.columns, strict=True))
    columns |= dict(zip(proven.column_names, proven.columns, strict=True)) | given
    return pa.table(
        [columns.get(one.name) or pa.nulls(len(texts), one.type) for one in EVENT_COLUMNS],
        EVENT_COLUMNS,
    )


def refusals_table(refusals: Sequence[Rejected], refused_at: datetime) -> pa.Table:
    """Return refusals as a table of REFUSAL_COLUMNS."""
    kept = [Rejection.of(refusal, refused_at) for refusal in refusals]
    columns = {name: [getattr(one, name) for one in kept] for name in Rejection.model_fields}
    columns["attributes"] = [_attributes(one.attributes) for one in kept]
    columns["position"] = [refusal.received.position for refusal in refusals]
    return pa.Table.from_pydict(columns, REFUSAL_COLUMNS)


def _attributes(attributes: dict[str, str] | None) -> str | None:
    return None if attributes is None else json.dumps(attributes, sort_keys=True)
