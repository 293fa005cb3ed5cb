"""The published JSON Schemas (SPEC §3.3)."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas import published
from schemas.events import EVENT_TYPES
from schemas.model import Canonical
from tests.ingest import cases

PASSES = [name for name in cases.names("pass") if "event" in cases.read(name)]


@pytest.mark.parametrize("name", published.MODELS)
def test_the_published_schema_is_the_models(name: str) -> None:
    """What is published says what the model says; `python -m schemas` writes it."""
    assert published.text(name) == published.path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", published.MODELS)
def test_a_published_schema_is_a_json_schema(name: str) -> None:
    """Each is valid in its dialect, and named as `dataschema` names it."""
    Draft202012Validator.check_schema(published.schema(name))

    assert f"urn:manyhands:schema:{name}:1" == published.schema(name)["$id"]


@pytest.mark.parametrize("name", PASSES)
def test_what_passes_fits_the_published_schema(name: str) -> None:
    """A producer who checks by the schema sends nothing away that is accepted."""
    event = cases.read(name)["event"]

    Draft202012Validator(published.schema(event["type"])).validate(event["data"])


def test_every_type_publishes_its_schema() -> None:
    """Those of events; of statements, explanations, rejections, archives and simulations too."""
    folders = {path.parent.name for path in published.FOLDER.glob("*/1.json")}

    others = {"archive", "explanation", "rejection", "simulation", "statement"}
    assert {*EVENT_TYPES, *others} == folders


def _fields(model: type[Canonical]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def test_fields_stand_in_the_order_of_the_canonical_form() -> None:
    """Every model that is written canonically declares its fields in the order of their keys."""
    models = Canonical.__subclasses__()

    disordered = {model.__name__ for model in models if sorted(_fields(model)) != _fields(model)}

    assert set() == disordered
    assert set(EVENT_TYPES.values()) <= set(models)


def test_publishing_writes_every_file(tmp_path: Path) -> None:
    """Publishing into an empty folder writes all that is published."""
    published.publish(tmp_path)

    written = {path.parent.name for path in tmp_path.glob("*/1.json")}
    assert set(published.MODELS) == written


def test_models_refuse_what_they_do_not_know() -> None:
    """No published object takes unknown fields."""
    open_objects = [
        name
        for name in published.MODELS
        for definition in _objects(published.schema(name))
        if "properties" in definition and definition.get("additionalProperties") is not False
    ]

    assert [] == open_objects


def _objects(schema: dict[str, object]) -> list[dict[str, object]]:
    definitions = json.loads(json.dumps(schema)).get("$defs", {})
    return [schema, *definitions.values()]
