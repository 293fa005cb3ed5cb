"""The commands that look into a warehouse: `query`, `status` and `deadletter`."""

import sys
from typing import Annotated, Any

import typer

from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_document, print_rows


def query(
    common: Common,
    *,
    text: Annotated[str, typer.Argument(metavar="SQL", help="Exactly one SELECT.")],
) -> None:
    """Run one SELECT on the warehouse, read-only.

    It can reach nothing but the warehouse's relations, which `SHOW TABLES` names.
    """
    from pipelines.lake.query import ask

    with ask(common.warehouse, text) as answer:
        print_rows(common, answer.names, answer.rows)


def status(common: Common, *, as_of: AsOfFlag = None) -> None:
    """Show what was taken, closed, held and is due."""
    from pipelines import status as job

    standing = job.status(common.warehouse, instant(as_of))
    if common.json:
        print_document(standing)
    else:
        _print_status(standing)


def _print_status(standing: dict[str, Any]) -> None:
    from pipelines.outputs.tables import write_table

    batch, last = standing["last_batch"], standing["last_close"]
    rows = [
        ("head", standing["head"]),
        ("cadence", standing["cadence"]),
        ("last close", f"{last['period']} {last['digest']}" if last else "none"),
        ("next period", standing["next_period"] or "none before there is money"),
        ("due", " ".join(standing["due"]) or "nothing"),
        ("dead letters", standing["dead_letters"]),
        ("last batch", _batch_in_words(batch) if batch else "none"),
    ]
    for reason, amounts in sorted(standing["held"].items()):
        rows += [
            (f"held {reason}", f"{currency} {amounts[currency]}") for currency in sorted(amounts)
        ]
    rows += [
        (f"open {name.replace('_', ' ')}", f"{currency} {amount}")
        for currency, amounts in standing["open"].items()
        for name, amount in amounts.items()
        if amount
    ]
    write_table(sys.stdout, ("what", "is"), rows)


def _batch_in_words(batch: dict[str, Any]) -> str:
    counts = ("received", "accepted", "duplicate", "conflict")
    parts = [f"{batch[name]} {name}" for name in counts]
    return ", ".join([*parts, f"{sum(batch['rejected'].values())} rejected"])


def list_dead_letters(common: Common) -> None:
    """List what was refused, whence and why."""
    from pipelines.lake import dead_letters as letters
    from pipelines.lake import reading

    with reading.connect(common.warehouse) as connection:
        digits = None if common.json else letters.length_of_ids(connection)
        rows = (
            letter._replace(id=letter.id[:digits]) for letter in letters.dead_letters(connection)
        )
        print_rows(common, letters.DeadLetter._fields, rows)


def show_dead_letter(
    common: Common,
    *,
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="An id, or how it begins.")],
) -> None:
    """Show one refusal: the detail and the payload."""
    from pipelines.lake import dead_letters as letters
    from pipelines.lake import reading
    from pipelines.outputs.tables import write_table

    with reading.connect(common.warehouse) as connection:
        letter, detail = letters.find(connection, letter_id)
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
        detail_rows = [("path", detail.path), ("message", detail.message)]
        rows = [*detail_rows, *((name, part) for name, part in shown.items() if name != "detail")]
        write_table(sys.stdout, ("what", "is"), rows)


def _payload(payload: bytes) -> tuple[str, str]:
    """Give a payload with its encoding: as text, or as base64 where it isn't UTF-8."""
    from base64 import b64encode

    try:
        return "utf-8", payload.decode("utf-8")
    except UnicodeDecodeError:
        return "base64", b64encode(payload).decode("ascii")
