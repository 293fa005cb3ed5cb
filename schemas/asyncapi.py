"""The AsyncAPI document of what comes and goes over Pub/Sub: the twin of docs/events.md.

Written by `python -m schemas` to docs/asyncapi.json; its data are by schemas/<name>/1.json.
"""

import json
from pathlib import Path
from typing import Any, Final

from schemas.envelope import OWN_SOURCE, Envelope
from schemas.events import EVENT_TYPES, schema_urn
from schemas.statement import STATEMENT_ISSUED

FILE: Final = Path(__file__).parent.parent / "docs" / "asyncapi.json"
DIALECT: Final = "application/schema+json;version=draft-2020-12"
BINDING: Final = "0.2.0"
"""The version of AsyncAPI's binding of Google Cloud Pub/Sub.

Messages have it. A channel's is for topics with a schema of Pub/Sub's own, and ours have none."""

Document = dict[str, Any]


def document() -> Document:
    """Make the document: a channel for events, which come, and one for statements, which go."""
    events = {
        name: message
        for kind in EVENT_TYPES
        for name, message in (
            (f"{kind}.structured", _structured(kind)),
            (f"{kind}.binary", _binary(kind, kind, _attributes(kind))),
        )
    }
    issued = _binary(STATEMENT_ISSUED, "statement", _issued_attributes())
    statements = {f"{STATEMENT_ISSUED}.binary": issued}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "manyhands",
            "version": "1",
            "description": "Events in, royalty statements out: CloudEvents 1.0 over Pub/Sub. The"
            " version is that of the schemas of events.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "pubsub": {"host": "pubsub.googleapis.com", "protocol": "googlepubsub"},
        },
        "channels": {
            "events": _channel("What subscriptions of an ingest bring.", events),
            "statements": _channel("The topic that issued statements go to.", statements),
        },
        "operations": {
            "ingest": _operation(
                "receive",
                "events",
                "Each message is acknowledged once it is on"
                " disk: accepted, a duplicate, or kept as a dead letter.",
            ),
            "publish": _operation(
                "send",
                "statements",
                "Each statement goes out once it is"
                " committed. What comes again has the same id and the same bytes.",
            ),
        },
        "components": {"messages": events | statements},
    }


def text() -> str:
    """Write the document as its file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def publish(file: Path = FILE) -> None:
    """Write the document to its file."""
    file.write_text(text(), encoding="utf-8")


def _channel(description: str, messages: Document) -> Document:
    return {
        "address": None,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str, description: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "description": description,
    }


def _structured(kind: str) -> Document:
    """Return the message of structured mode: the whole event as one JSON object."""
    envelope = Envelope.model_json_schema()
    own = {"type": {"const": kind}, "dataschema": _either(schema_urn(kind))}
    properties = envelope["properties"] | own | {"data": {"$ref": _schema_file(kind)}}
    return _message(kind, "structured", envelope | {"properties": properties})


def _binary(kind: str, schema: str, attributes: Document) -> Document:
    """Return the message of binary mode: attributes, and the data as the body."""
    required = [name for name, rule in attributes.items() if "anyOf" not in rule]
    headers = {"type": "object", "properties": attributes, "required": required}
    body = {"$ref": _schema_file(schema)}
    return _message(kind, "binary", body) | {"headers": _of_dialect(headers)}


def _message(kind: str, mode: str, payload: Document) -> Document:
    return {
        "name": kind,
        "title": f"{kind}, {mode} mode",
        "contentType": "application/json",
        "payload": _of_dialect(payload),
        "bindings": {"googlepubsub": {"bindingVersion": BINDING}},
    }


def _of_dialect(schema: Document) -> Document:
    return {"schemaFormat": DIALECT, "schema": schema}


def _schema_file(name: str) -> str:
    return f"../schemas/{name}/1.json"


def _either(constant: str) -> Document:
    return {"anyOf": [{"const": constant, "type": "string"}, {"type": "null"}]}


def _attributes(kind: str) -> Document:
    """Return the attributes of an event in binary mode, each the envelope's with `ce-` before."""
    rules = Envelope.model_json_schema()["properties"]
    own = {"type": {"const": kind}, "dataschema": _either(schema_urn(kind))}
    return {f"ce-{name}": rule for name, rule in (rules | own).items() if name != "data"}


def _issued_attributes() -> Document:
    """Return the attributes of an issued statement (SPEC §6, Publish)."""
    rules = Envelope.model_json_schema()["properties"]
    return {
        "ce-specversion": rules["specversion"],
        "ce-id": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "The digest."},
        "ce-type": {"const": STATEMENT_ISSUED},
        "ce-source": {"const": OWN_SOURCE},
        "ce-subject": {"type": "string", "description": "The contributor."},
        "ce-time": rules["time"] | {"description": "The first instant after the period."},
        "ce-datacontenttype": {"const": "application/json"},
    }
