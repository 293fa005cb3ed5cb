"""The command `demo`: shows it all on a small marketplace."""

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipelines.cli.close import describe_close, print_close
from pipelines.cli.explanation import explanation
from pipelines.cli.flags import DebugFlag, JsonFlag, MemoryFlag
from pipelines.cli.printing import print_document, print_line, print_table
from pipelines.cli.progress import Report, reporting
from pipelines.cli.settings import is_given
from pipelines.cli.statements import print_statement
from pipelines.cli.words import WHY_HELD
from pipelines.errors import UsageError
from pipelines.warehouses import DEFAULT_MEMORY, Warehouse, open_soon, refuse_too_little

if TYPE_CHECKING:
    from pipelines.demo import Month, Shown
    from pipelines.demo_stream import Pulled

FOLDER: Final = Path("demo-warehouse")
NOW: Final = "2026-12-01T00:00:00Z"
"""What is used as now at the demo's end."""

_OCTOBER: Final = """\
Lumen Lab trains a model, dream, on five images of four contributors, and postcard on top of it.
Customers pay for what the models generate; a newspaper licenses two of the images themselves.

October is sent: one event twice, one again with another amount, one licensing a generated image.
"""
_NOVEMBER: Final = """\
Four events come late: the licence of an image that dream was trained on, a contributor's
registration, one more sale and a reversal. October's statements stay as they are.
November is sent. A kiosk sells for the marketplace too, and has to report what it sent before a
period closes. While it is silent nobody is paid, since what it sold may be missing:

{refusal}

Then it reports that it sold nothing, and the close states what changed as adjustments.
"""
_NEXT: Final = f"""\
Try next:
  manyhands statements list --warehouse {FOLDER}
  manyhands statements show 2026-10/ana --warehouse {FOLDER}
  manyhands explain 2026-11/ana --warehouse {FOLDER}
  manyhands explain 2026-11/ana --line 4 --warehouse {FOLDER}
  manyhands explain ana --warehouse {FOLDER}
  manyhands explain dream@1 --warehouse {FOLDER}
  manyhands explain harbour --warehouse {FOLDER}
  manyhands held --period 2026-10 --warehouse {FOLDER}
  manyhands deadletter list --warehouse {FOLDER}
  manyhands query "SELECT type, count(*) FROM event GROUP BY ALL ORDER BY ALL" --warehouse {FOLDER}
  manyhands ingest {FOLDER}/events --as-of {NOW} --warehouse {FOLDER}
  manyhands status --as-of {NOW} --warehouse {FOLDER}
The ingest sends all of it again: nothing is new, and nothing changes.
--as-of is needed because these events have fixed dates: by your clock they may be in the future,
and would be rejected, or long ago, and many periods would be due.

Or in any DuckDB with its extensions ducklake and sqlite, here:
  ATTACH 'ducklake:sqlite:{FOLDER}/catalog.sqlite' AS manyhands
      (READ_ONLY, DATA_PATH '{FOLDER}/data/', OVERRIDE_DATA_PATH true);"""


def demo(
    context: typer.Context,
    *,
    memory_limit: MemoryFlag = DEFAULT_MEMORY,  # type: ignore[assignment]  # read as if given
    json: JsonFlag = False,
    debug: DebugFlag = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="Send the events, and the statements, over the emulator of Pub/Sub."
        ),
    ] = False,
) -> None:
    """Show it all on a small marketplace, in ./demo-warehouse."""
    root = context.find_root()
    context.obj.debug |= debug or root.params["debug"]
    if is_given(root, "warehouse"):
        message = f"the demo always uses ./{FOLDER}; leave out --warehouse"
        raise UsageError(message)
    refuse_too_little()
    context.obj.standing = lambda: "run the demo again: it makes its folder anew"
    with reporting(context.obj.ending) as report:
        shown, pulled = _run(Warehouse(FOLDER, memory_limit), report, stream=stream)
    if json or root.params["json"]:
        closes = [describe_close(month.closed) for month in shown.months]
        print_document({"closes": closes, "warehouse": str(FOLDER)})
    else:
        _print_demo(shown, pulled)


def _run(warehouse: Warehouse, report: Report, *, stream: bool) -> "tuple[Shown, list[Pulled]]":
    open_soon(warehouse)
    if not stream:
        from pipelines.demo import demo as job

        return job(warehouse, report), []
    from pipelines.demo_stream import demo_stream

    return demo_stream(warehouse, report)


def _print_demo(shown: "Shown", pulled: "list[Pulled]") -> None:
    stories = _OCTOBER, _NOVEMBER.format(refusal=shown.refusal)
    for story, month in zip(stories, shown.months, strict=True):
        _print_month(story, month)
    print_line("One of November's statements:")
    print_line()
    print_statement(json_text.loads(shown.statement))
    print_line()
    print_line("Why its first line says what it says:")
    print_line()
    for text in explanation(shown.line):
        print_line(text)
    for month in shown.months:
        _print_held(month)
    print_line()
    if pulled:
        _print_pulled(pulled)
    _print_lines(_NEXT)


def _print_pulled(pulled: "list[Pulled]") -> None:
    """Print the first of the statements that were received, as a subscriber has it."""
    first = pulled[0]
    print_line(f"All {len(pulled)} statements were published and received. One, as it came:")
    print_line()
    print_table(("attribute", "value"), sorted(first.attributes.items()))
    print_line(first.data.decode())
    print_line()


def _print_lines(text: str) -> None:
    for line in text.split("\n"):
        print_line(line)


def _print_month(story: str, month: "Month") -> None:
    counts = month.ingested
    reasons = ", ".join(f"{counts.rejected[reason]} {reason}" for reason in sorted(counts.rejected))
    _print_lines(story)
    print_line(
        f"ingested {counts.received}: {counts.accepted} accepted, {counts.duplicate} duplicate,"
        f" {counts.conflict} conflict, {sum(counts.rejected.values())} rejected"
        + (f" ({reasons})" if reasons else "")
    )
    print_close(month.closed)
    print_line()


def _print_held(month: "Month") -> None:
    print_line()
    print_line(f"Held when {month.closed.period} was closed, and why:")
    print_line()
    rows = [
        (reason, currency, amount, WHY_HELD[reason])
        for (reason, currency), amount in sorted(month.held.items())
    ]
    print_table(("reason", "currency", "amount", "why"), rows)
