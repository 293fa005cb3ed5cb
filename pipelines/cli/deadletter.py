"""The commands `deadletter list` and `deadletter show`: what was refused, and why."""

from typing import Annotated

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_rows, print_table


def list_dead_letters(common: Common) -> None:
    """List what was refused, where it came from, and why."""
    from pipelines.dead_letters import list_dead_letters as job

    with job(common.warehouse, short_ids=not common.json) as listing:
        print_rows(common, *listing)


def show_dead_letter(
    common: Common,
    *,
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="An id, or the beginning of one.")],
) -> None:
    """Show one dead letter: what was wrong, and what was received."""
    from pipelines.dead_letters import find_dead_letter

    letter, detail = find_dead_letter(common.warehouse, letter_id)
    encoding, payload = _payload(detail.payload)
    shown = letter._asdict() | {
        "detail": {"message": detail.message, "path": detail.path},
        "payload": payload,
        "payload_encoding": encoding,
        "payload_sha256": detail.payload_sha256,
        "payload_size": detail.payload_size,
        "processor": detail.processor,
    }
    if common.json:
        print_document(shown)
    else:
        rows = [("path", detail.path), ("message", detail.message)]
        rows += [(name, part) for name, part in shown.items() if name != "detail"]
        print_table(("field", "value"), rows)


def _payload(payload: bytes) -> tuple[str, str]:
    """Return the encoding of a payload and its text: base64 where it isn't UTF-8."""
    from base64 import b64encode

    try:
        return "utf-8", payload.decode("utf-8")
    except UnicodeDecodeError:
        return "base64", b64encode(payload).decode("ascii")
