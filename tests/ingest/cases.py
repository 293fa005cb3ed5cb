"""Reads the cases of tests/cases/ (see its README.md) and runs them through decode and validate."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.ingest.decode import decode
from pipelines.ingest.validate import validate
from schemas.record import Event, Received, Rejected
from schemas.rejection import Reason

FOLDER = Path(__file__).parent.parent / "cases"
NOW = "2026-12-01T00:00:00Z"
FOUND_BY_THE_COMMIT = {
    Reason.ID_CONFLICT,
    Reason.MANIFEST_UNAVAILABLE,
    Reason.MANIFEST_MISMATCH,
}

Case = dict[str, Any]


def names(outcome: str) -> list[str]:
    """Name the cases that `pass` or `fail`."""
    return sorted(path.name for path in FOLDER.glob(f"*.{outcome}.json"))


def read(name: str) -> Case:
    """Read a case."""
    case: Case = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return case


def structured(event: dict[str, Any]) -> Received:
    """Return an event as structured mode has it."""
    return Received(0, "case", "1", json.dumps(event, ensure_ascii=False).encode())


def binary(event: dict[str, Any]) -> Received:
    """Return an event as binary mode has it: attributes, and `data` as the body."""
    attributes = {
        "content-type" if name == "datacontenttype" else f"ce-{name}": str(value)
        for name, value in event.items()
        if name != "data" and value is not None
    }
    body = json.dumps(event["data"], ensure_ascii=False).encode()
    return Received(0, "case", "1", body, attributes)


def received(case: Case) -> Received:
    """Return what a case says was received."""
    body = _body(case).ljust(case.get("padded_to", 0))
    size, sha256 = case.get("size", -1), case.get("sha256", "")
    return Received(0, "case", "1", body, case.get("attributes"), size, sha256)


def judge(message: Received, now: str = NOW) -> Event | Rejected:
    """Decode and validate a message."""
    decoded = decode(message)
    if isinstance(decoded, Rejected):
        return decoded
    return validate(decoded, datetime.fromisoformat(now).replace(tzinfo=None))


def _body(case: Case) -> bytes:
    if "event" in case:
        return structured(case["event"]).body
    if "text" in case:
        return str(case["text"]).encode()
    return base64.b64decode(case["base64"])
