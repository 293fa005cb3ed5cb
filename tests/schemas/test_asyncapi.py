"""The AsyncAPI document, the machine-readable twin of docs/events.md (SPEC §3)."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource

from schemas import asyncapi, published
from schemas.events import EVENT_TYPES
from tests.ingest import cases

ASYNCAPI = Path(__file__).parents[1] / "data" / "asyncapi-3.0.0.json"
SCHEMAS = Registry[Any]().with_resources(
    (f"../schemas/{name}/1.json", Resource.from_contents(published.schema(name)))
    for name in published.MODELS
)
PASSES = [name for name in cases.names("pass") if "event" in cases.read(name)]


def fits(part: dict[str, Any], value: object) -> None:
    """Validate a value by a payload or by headers of a message."""
    Draft202012Validator(part["schema"], registry=SCHEMAS).validate(value)


def message(name: str) -> dict[str, Any]:
    """Return a message by its name."""
    found: dict[str, Any] = asyncapi.document()["components"]["messages"][name]
    return found


def test_the_document_is_the_models() -> None:
    """What docs/ has says what the models say; `python -m schemas` writes it."""
    assert asyncapi.text() == asyncapi.FILE.read_text(encoding="utf-8")


def test_the_document_is_valid_by_asyncapis_own_schema() -> None:
    """And the schema finds what isn't."""
    validator = Draft7Validator(json.loads(ASYNCAPI.read_text(encoding="utf-8")))
    document = asyncapi.document()
    off = [
        document | {"asyncapi": "2.0.0"},
        document | {"channels": {"events": {"messages": []}}},
        document | {"operations": {"ingest": {"action": "read"}}},
    ]

    assert [] == list(validator.iter_errors(document))
    assert [False, False, False] == [validator.is_valid(broken) for broken in off]


def test_every_reference_leads_to_something() -> None:
    """Within the document, and to the files of the schemas."""
    document = asyncapi.document()
    references = _references(document)
    within = [name.split("/")[1:] for name in references if name.startswith("#/")]
    files = [name for name in references if not name.startswith("#/")]

    for path in within:
        found: Any = document
        for part in path:
            found = found[part]
    assert [] == [name for name in files if not (asyncapi.FILE.parent / name).is_file()]
    assert within
    assert files


def _references(part: object) -> list[str]:
    if isinstance(part, list):
        return [name for one in part for name in _references(one)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return [*own, *(name for one in part.values() for name in _references(one))]


def test_every_type_comes_in_both_modes_and_statements_go_out() -> None:
    """No type is left out, and nothing else comes."""
    channels = asyncapi.document()["channels"]
    both = {f"{kind}.{mode}" for kind in EVENT_TYPES for mode in ("structured", "binary")}

    assert both == set(channels["events"]["messages"])
    assert {"statement-issued.binary"} == set(channels["statements"]["messages"])


@pytest.mark.parametrize("name", PASSES)
def test_what_passes_fits_its_message_in_both_modes(name: str) -> None:
    """A producer who goes by the document sends nothing away that is accepted."""
    event = cases.read(name)["event"]
    attributes = cases.binary(event).attributes

    fits(message(f"{event['type']}.structured")["payload"], event)
    fits(message(f"{event['type']}.binary")["payload"], event["data"])
    fits(message(f"{event['type']}.binary")["headers"], attributes)


@pytest.mark.parametrize("change", [{"type": "nope"}, {"id": "a b"}, {"time": "today"}])
def test_an_event_that_is_off_does_not_fit(change: dict[str, str]) -> None:
    """The envelope's rules are in the document."""
    event = cases.read("asset-generated.downloaded.pass.json")["event"] | change
    payload = message("asset-generated.structured")["payload"]["schema"]
    headers = message("asset-generated.binary")["headers"]["schema"]

    assert not Draft202012Validator(payload, registry=SCHEMAS).is_valid(event)
    assert not Draft202012Validator(headers).is_valid(cases.binary(event).attributes)
