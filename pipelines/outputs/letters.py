"""Writes dead letters as files that can be mended and sent again (SPEC §3.4)."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.lake.dead_letters import Letter
from pipelines.lake.disk import filled
from pipelines.outputs.places import refuse_unless_free
from pipelines.outputs.spreadsheets import write_csv
from pipelines.sources.formats import HEAD_BYTES, compression, foreign
from schemas.envelope import binary_envelope
from schemas.json_text import BLANK, MAX_DEPTH, UnreadableError, read_json

LINES: Final = "dead_letters.ndjson"
INDEX: Final = "index.csv"

_ID: Final = re.compile(r"[0-9a-f]{64}")
_LINE_ENDS: Final = bytes.maketrans(b"\r\n", b"  ")
_COLUMNS: Final = (
    "id",
    "file",
    "line",
    "reason",
    "path",
    "message",
    "origin",
    "origin_item",
    "received_at",
    "attempts",
    "payload_size",
    "kept_size",
    "payload_sha256",
    "attributes",
)


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    letters: int
    lines: int
    """Of them so many are lines of `dead_letters.ndjson`."""
    files: int
    """And so many are a file each, as they are kept."""
    in_part: int
    """Of these so many are kept only in part."""


def write_letters(letters: Iterable[Letter], out: Path) -> Exported:
    """Write letters into the folder `out`, whole or not at all.

    `dead_letters.ndjson` has those that are one line of text, in their order; of the others each
    is a file with the bytes that are kept. `index.csv` has a row for each letter.

    Raises as `refuse_unless_free` does.
    """
    refuse_unless_free(out)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with filled(out) as folder, (folder / LINES).open("wb") as lines:
        writer = _Writer(folder, lines)
        write_csv(folder / INDEX, _COLUMNS, writer.rows(letters))
    counts = writer.counts
    return Exported(
        out, counts.total() - counts["in_part"], counts["lines"], counts["files"], counts["in_part"]
    )


@dataclass
class _Writer:
    """Writes the files, and counts them."""

    folder: Path
    lines: BinaryIO
    counts: Counter[str] = field(default_factory=Counter)

    def rows(self, letters: Iterable[Letter]) -> Iterator[tuple[object, ...]]:
        """Write each letter, and yield its row of the index."""
        for letter in letters:
            file, line = self._write(letter)
            yield (
                letter.id,
                file,
                line,
                letter.reason,
                letter.path,
                letter.message,
                letter.origin,
                letter.origin_item,
                letter.received_at,
                letter.attempts,
                letter.payload_size,
                len(letter.payload),
                letter.payload_sha256,
                letter.attributes,
            )

    def _write(self, letter: Letter) -> tuple[str, int | None]:
        """Write one, and return the file and the line in it; no line where the file is its own."""
        text = as_line(letter.payload, letter.attributes) if letter.is_whole else None
        if text is not None:
            self.lines.write(text + b"\n")
            self.counts["lines"] += 1
            return LINES, self.counts["lines"]
        self.counts["files"] += 1
        self.counts["in_part"] += not letter.is_whole
        name = f"{plain_id(letter.id)}.bin"
        (self.folder / name).write_bytes(letter.payload)
        return name, None


def plain_id(letter_id: str) -> str:
    """Return an id as a file may be called, whatever somebody wrote into the warehouse."""
    return letter_id if _ID.fullmatch(letter_id) else sha256(letter_id.encode()).hexdigest()


def as_line(payload: bytes, attributes: str | None) -> bytes | None:
    """Return what was received as a line that an ingest reads; None where it can't be one.

    Of binary mode it is the event in structured mode, where the body is JSON.
    """
    line = payload if attributes is None else _structured(payload, json.loads(attributes))
    if line is None or b"\n" in line or not line.strip(BLANK):
        return None
    head = line[:HEAD_BYTES]
    if compression(head) or foreign(head):
        return None  # as the first line it would make the file look like something else
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return line


def _structured(body: bytes, attributes: dict[str, str]) -> bytes | None:
    """Return an event of binary mode in structured mode, its data letter by letter.

    Between the parts of JSON a line end is as good as a space, and within them there is none.
    """
    try:
        read_json(body, MAX_DEPTH - 1)
    except UnreadableError:
        return None
    envelope = binary_envelope(attributes)
    envelope.pop("data", None)
    beginning = json.dumps(envelope).removesuffix("}").encode()
    comma = b", " if envelope else b""
    return beginning + comma + b'"data": ' + body.translate(_LINE_ENDS) + b"}"
