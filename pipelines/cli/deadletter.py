"""The commands `deadletter list`, `show`, `dismiss` and `export`: what was refused, and why."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.flags import AsOfFlag, Common, instant, named_path
from pipelines.cli.printing import print_document, print_line, print_rows, print_table
from pipelines.cli.words import counted

_LISTED = ("id", "origin", "reason", "received_at", "attempts")

IdsArgument = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or the beginnings of ids."),
]
OptionalIdsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID", help="Ids, or the beginnings of ids. [default: all that are open]"
    ),
]
ReasonFlag = Annotated[
    str | None, typer.Option("--reason", metavar="R", help="Those of this reason alone.")
]


def list_dead_letters(
    common: Common,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="List what is resolved or dismissed too.")
    ] = False,
) -> None:
    """List what was refused and is open, where it came from, and why."""
    from pipelines.dead_letters import list_dead_letters as job

    shown = (*_LISTED, "resolved", "dismissed") if every else _LISTED
    with job(common.warehouse, closed_too=every, short_ids=not common.json) as listing:
        print_rows(common, *listing, shown=shown)


def show_dead_letter(
    common: Common,
    *,
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="An id, or the beginning of one.")],
) -> None:
    """Show one dead letter: what was wrong, what was received, and what became of it."""
    from pipelines.dead_letters import find_dead_letter

    letter, detail = find_dead_letter(common.warehouse, letter_id)
    encoding, payload = _payload(detail.payload)
    shown = letter._asdict() | {
        "detail": {"message": detail.message, "path": detail.path},
        "dismissed_at": detail.dismissed_at,
        "note": detail.note,
        "payload": payload,
        "payload_encoding": encoding,
        "payload_sha256": detail.payload_sha256,
        "payload_size": detail.payload_size,
        "processor": detail.processor,
        "resolved_at": detail.resolved_at,
    }
    if common.json:
        print_document(shown)
    else:
        rows = [("path", detail.path), ("message", detail.message)]
        rows += [(name, part) for name, part in shown.items() if name != "detail"]
        print_table(("field", "value"), rows)


def dismiss_dead_letters(
    common: Common,
    *,
    ids: IdsArgument,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for those who ask.")],
    as_of: AsOfFlag = None,
) -> None:
    """Close dead letters that will never be mended, all of them or none.

    They don't stop a close any more, and aren't counted as open. Nothing is deleted.
    """
    from pipelines.dead_letters import dismiss

    common.invocation.standing = lambda: (
        "all were dismissed or none; `manyhands deadletter list` shows which are open"
    )
    letters = dismiss(common.warehouse, ids, note, instant(common.warehouse, as_of))
    if common.json:
        print_document({"letters": [one._asdict() for one in letters]})
        return
    for one in letters:
        became = "was resolved before, and stays so" if one.resolved else "dismissed"
        print_line(f"{one.id[:12]} {one.origin} {one.reason}: {became}")


def export_dead_letters(
    common: Common,
    *,
    ids: OptionalIdsArgument = None,
    reason: ReasonFlag = None,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", parser=named_path, help="New folder to write."),
    ],
) -> None:
    """Write what was refused as files, to mend them and send them again."""
    from pipelines.dead_letters import Choice, export

    exported = export(common.warehouse, Choice(tuple(ids or ()), reason), out)
    if common.json:
        print_document(asdict(exported) | {"folder": str(exported.folder)})
        return
    print_line(f"{exported.folder}: {counted(exported.letters, 'dead letter')}")
    print_line(f"  {counted(exported.lines, 'line')} of dead_letters.ndjson")
    print_line(f"  {counted(exported.files, 'file')} .bin, {exported.in_part} kept only in part")


def _payload(payload: bytes) -> tuple[str, str]:
    """Return the encoding of a payload and its text: base64 where it isn't UTF-8."""
    from base64 import b64encode

    try:
        return "utf-8", payload.decode("utf-8")
    except UnicodeDecodeError:
        return "base64", b64encode(payload).decode("ascii")
