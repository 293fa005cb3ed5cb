"""The JSON Schemas of the models, as they are published: `schemas/<name>/1.json` (SPEC §3.3)."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from schemas.archive import ArchiveIndex
from schemas.events import EVENT_TYPES, schema_urn
from schemas.explanation import Explained
from schemas.rejection import Rejection
from schemas.simulation import Simulated
from schemas.statement import Statement

FOLDER: Final = Path(__file__).parent
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MODELS: Final[dict[str, type[BaseModel]]] = {
    **EVENT_TYPES,
    "statement": Statement,
    "rejection": Rejection,
    "explanation": Explained,
    "archive": ArchiveIndex,
    "simulation": Simulated,
}


def schema(name: str) -> dict[str, Any]:
    """Make the JSON Schema of a model by its name: an event's type, `statement`, `rejection`."""
    return {
        "$schema": DIALECT,
        "$id": schema_urn(name),
        **MODELS[name].model_json_schema(by_alias=True),
    }


def text(name: str) -> str:
    """Write a model's JSON Schema as its file holds it."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def path(name: str, folder: Path = FOLDER) -> Path:
    """Name the file of a model's JSON Schema."""
    return folder / name / "1.json"


def publish(folder: Path = FOLDER) -> None:
    """Write all JSON Schemas."""
    for name in MODELS:
        path(name, folder).parent.mkdir(exist_ok=True)
        path(name, folder).write_text(text(name), encoding="utf-8")
