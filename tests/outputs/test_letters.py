"""Dead letters as files: what is one line to mend and send again, the rest as it was."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest.decode import decode
from pipelines.lake import disk
from pipelines.outputs.letters import as_line, plain_id
from schemas.record import Decoded, Received
from tests.conftest import Run, run
from tests.lake.sending import send
from tests.marketplace import Events

AS_OF = "--as-of=2026-04-01T00:00:00Z"
LINE = b'{"specversion": "1.0", "id": "e1"}'


def _attributes(**attributes: str) -> str:
    return json.dumps({f"ce-{name}": value for name, value in attributes.items()})


@pytest.mark.parametrize(
    "text", [b"{", LINE, b'{"a": 1}\r', "é\x1b[31m".encode(), b"\xef\xbb\xbf{}"]
)
def test_text_of_one_line_is_a_line_as_it_is(text: bytes) -> None:
    """Whatever it says: that is what is to be mended."""
    assert text == as_line(text, None)


@pytest.mark.parametrize(
    "payload", [b"", b" \t\r", b"{\n}", b"\xff", b"PAR1", b"PK\x03\x04x", b"{\0}\0", b"\x1f\x8b"]
)
def test_what_would_not_come_back_as_that_line_is_none(payload: bytes) -> None:
    """Blank lines are skipped, two lines are two events, and a first line can look like a file."""
    assert as_line(payload, None) is None


@pytest.mark.parametrize(
    "body",
    [b'{"a": 1}', b'{\n  "a": 1.10,\r\n  "b": "x\\n"\n}\n', b"[]", b"12345678901234567890.0"],
)
def test_binary_mode_becomes_the_same_event_in_structured_mode(body: bytes) -> None:
    """On one line, with its numbers as they were written."""
    attributes = _attributes(id="e1", type="x\u001b", subject='"', data="other", time="now")
    line = as_line(body, attributes)
    assert line is not None
    binary = decode(Received(0, "s", "1", body, json.loads(attributes)))
    structured = decode(Received(0, "f", "1", line))

    assert isinstance(binary, Decoded)
    assert isinstance(structured, Decoded)
    assert binary.envelope == structured.envelope
    assert body.translate(bytes.maketrans(b"\r\n", b"  ")) in line


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,"a":1}', b"\xff", b"[" * 16 + b"]" * 16])
def test_binary_mode_whose_body_is_no_json_is_no_line(body: bytes) -> None:
    """Or is deeper than an event may be."""
    assert as_line(body, _attributes(id="e1")) is None


def test_a_file_is_called_by_what_is_plain() -> None:
    """An id that is no digest was written by somebody else, and is hashed."""
    assert "ab" * 32 == plain_id("ab" * 32)
    assert 64 == len(plain_id("../../evil"))
    assert plain_id("../../evil").isalnum()


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    """Return a warehouse with letters of each kind."""
    folder = tmp_path / "warehouse"
    assert 0 == run(["init", f"--warehouse={folder}"]).code
    events = Events()
    events.generation("1", "1", unknown=1)
    body = json.dumps(events.events[0]["data"], indent=1).encode()
    attributes = json.loads(_attributes(id="e1", source="=cmd|' /C calc'!A1"))
    binary = Received(0, "pubsub:projects/p/subscriptions/s", "=1+1", body, attributes)
    nothing = Received(0, "pubsub:projects/p/subscriptions/s", "2", b"\xff\n", attributes)
    send(folder, [events.events[0], b"{", binary, nothing, b"[" + b" " * 70_000])
    return folder


def _index(out: Path) -> list[dict[str, str]]:
    with (out / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_letters_are_written_with_an_index(refused: Path, tmp_path: Path) -> None:
    """A row for each, with the file and the line; no cell is a formula."""
    out = tmp_path / "made" / "out"
    done = run(["deadletter", "export", f"--out={out}", f"--warehouse={refused}", "--json"])
    rows = _index(out)
    lines = (out / "dead_letters.ndjson").read_bytes().splitlines()

    assert 0 == done.code, done.stderr
    assert {"folder": str(out), "letters": 5, "lines": 3, "files": 2, "in_part": 1} == done.json
    assert 3 == len(lines)
    assert ["1", "2", "3"] == sorted(row["line"] for row in rows if row["line"])
    alone = {row["file"]: row for row in rows if not row["line"]}
    assert {*alone, "dead_letters.ndjson", "index.csv"} == {path.name for path in out.iterdir()}
    assert {f"{row['id']}.bin" for row in alone.values()} == set(alone)
    for name, row in alone.items():
        assert int(row["kept_size"]) == (out / name).stat().st_size
    assert {"70001", "2"} == {row["payload_size"] for row in alone.values()}
    assert "'=1+1" in {row["origin_item"] for row in rows}
    starts = ("=", "+", "-", "@", "\t", "\r", "\n")
    assert not any(cell.startswith(starts) for row in rows for cell in row.values())


def test_what_was_mended_and_ingested_is_another_letter_s_bytes(
    manyhands: Run, tmp_path: Path
) -> None:
    """The letter stays open until it is dismissed; sent as it was, it would have been resolved."""
    events = Events()
    events.generation("1", "1", unknown=1)
    events.generation("1", "2", time="2027-01-15T12:00:00Z")
    manyhands("ingest", events.write(tmp_path / "events.ndjson"), AS_OF)
    manyhands("deadletter", "export", "--out=out")
    path = tmp_path / "out" / "dead_letters.ndjson"
    path.write_text(path.read_text().replace(', "unknown": 1', ""))
    later = "--as-of=2027-02-01T00:00:00Z"
    done = manyhands("ingest", "out", later, "--json").json
    listed = manyhands("deadletter", "list", "--json").json

    assert (2, {}) == (done["accepted"], done["rejected"])
    assert ["invalid_data"] == [one["reason"] for one in listed]
    manyhands("deadletter", "dismiss", listed[0]["id"], "--note=mended")
    assert [] == manyhands("deadletter", "list", "--json").json


def test_a_folder_that_holds_anything_is_left_alone(refused: Path, tmp_path: Path) -> None:
    """What an earlier export wrote may be mended by now; an empty folder is taken."""
    on = f"--warehouse={refused}"
    out = tmp_path / "out"
    out.mkdir()
    codes = [run(["deadletter", "export", f"--out={out}", on]).code]
    (out / "dead_letters.ndjson").write_text("mended")
    codes.append(run(["deadletter", "export", f"--out={out}", on]).code)
    (tmp_path / "file").touch()
    wrong = (tmp_path / "file", refused / "out", refused)
    codes += [run(["deadletter", "export", f"--out={place}", on]).code for place in wrong]

    assert [0, 5, 2, 2, 2] == codes
    assert "mended" == (out / "dead_letters.ndjson").read_text()


def test_an_export_is_whole_or_not_there(
    refused: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it fails nothing is left, beside it either."""

    def fail(*_: Any) -> None:  # noqa: ANN401
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(disk, "sync_file", fail)
    (tmp_path / "place").mkdir()
    done = run(
        ["deadletter", "export", f"--out={tmp_path / 'place' / 'out'}", f"--warehouse={refused}"]
    )

    assert 1 == done.code
    assert [] == list((tmp_path / "place").iterdir())


def test_letters_are_exported_by_reason_or_by_id(refused: Path, tmp_path: Path) -> None:
    """As they are replayed."""
    words = ["deadletter", "export", f"--warehouse={refused}", "--json"]
    done = run([*words, "--reason=invalid_data", f"--out={tmp_path / 'a'}"])
    (row,) = _index(tmp_path / "a")
    one = run([*words, row["id"], f"--out={tmp_path / 'b'}"])

    assert (1, 1) == (done.json["letters"], one.json["letters"])
    assert _index(tmp_path / "a") == _index(tmp_path / "b")
