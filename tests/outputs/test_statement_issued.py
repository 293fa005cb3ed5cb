"""What a statement leaves as: its sealed bytes, and attributes that follow from it alone."""

import json

from pipelines.outputs.statement_issued import StatementIssued, binary, structured

SEALED = b'{"contributor_id":"ana","lines":[],"statement_id":"2026-10/ana"}'
EVENT = StatementIssued("2026-10/ana", "ana", "d" * 64, "2026-11-01T00:00:00.000000Z", SEALED)


def test_binary_mode_has_exactly_seven_attributes() -> None:
    """The digest is the id, so what is sent again is the same event."""
    expected = {
        "ce-datacontenttype": "application/json",
        "ce-id": "d" * 64,
        "ce-source": "manyhands",
        "ce-specversion": "1.0",
        "ce-subject": "ana",
        "ce-time": "2026-11-01T00:00:00.000000Z",
        "ce-type": "statement-issued",
    }

    assert expected == binary(EVENT)


def test_structured_mode_holds_the_sealed_bytes_as_they_are() -> None:
    """The line is JSON with sorted keys and no spaces, and has the attributes of binary mode."""
    line = structured(EVENT)
    event = json.loads(line)

    assert SEALED in line
    assert json.dumps(event, sort_keys=True, separators=(",", ":")).encode() == line
    assert {f"ce-{name}": event[name] for name in event if name != "data"} == binary(EVENT)
