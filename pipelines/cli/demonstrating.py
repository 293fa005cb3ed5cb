"""The command that shows it all on a small marketplace: `demo`."""

import json as json_text
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer

from pipelines.cli.flags import DebugFlag, JsonFlag, MemoryFlag
from pipelines.cli.issued import print_statement
from pipelines.cli.printing import print_document
from pipelines.cli.progress import reporting
from pipelines.cli.running import describe_close, print_close
from pipelines.cli.settings import is_given
from pipelines.errors import UsageError
from pipelines.lake.memory import DEFAULT, refuse_too_little
from pipelines.lake.warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.demo import Month

Held: TypeAlias = tuple[str, str]
"""A reason and a currency."""

FOLDER: Final = Path("demo-warehouse")
NOW: Final = "2026-12-01T00:00:00Z"
"""What stands for now in the demo, at its end."""

SHOWN: Final = "2026-11/ben"
"""A statement with most of what a statement can have: rates, adjustments, an advance, a reserve."""

_OCTOBER: Final = """\
Lumen Lab trains a model, dream, on five images of four contributors, and postcard on top of it.
Customers pay for what the models generate; a newspaper licenses two of the images themselves.

October is sent: one event twice, one again with another amount, one licensing a generated image.
"""
_NOVEMBER: Final = """\
Then something comes late: the licence of an image that dream was trained on, a contributor's
registration, one more sale and a reversal, all of October. October's statements stay as they are.
November is sent, and its close states what changed as adjustments.
"""
_REASONS: Final = {
    "contributor_not_registered": "there is nobody to issue a statement to yet",
    "unknown_model": "its model version was never declared",
    "unlicensed_image": "the lab had no licence for the image when the model was trained",
}
"""What the reasons that the demo meets mean."""

_NEXT: Final = f"""\
Try next:
  manyhands statements list --warehouse {FOLDER}
  manyhands statements show 2026-10/ana --warehouse {FOLDER}
  manyhands held --period 2026-10 --warehouse {FOLDER}
  manyhands deadletter list --warehouse {FOLDER}
  manyhands query "SELECT type, count(*) FROM event GROUP BY ALL ORDER BY ALL" --warehouse {FOLDER}
  manyhands ingest {FOLDER}/events --as-of {NOW} --warehouse {FOLDER}
  manyhands status --as-of {NOW} --warehouse {FOLDER}
The ingest sends all of it again: nothing is new, and nothing changes.

Or in any DuckDB with its extensions ducklake and sqlite, here:
  ATTACH 'ducklake:sqlite:{FOLDER}/catalog.sqlite' AS manyhands
      (READ_ONLY, DATA_PATH '{FOLDER}/data/', OVERRIDE_DATA_PATH true);
"""


def demo(
    context: typer.Context,
    *,
    memory_limit: MemoryFlag = DEFAULT,  # type: ignore[assignment]  # read as if it were given
    json: JsonFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Show it all on a small marketplace, in ./demo-warehouse."""
    from pipelines.demo import demo as job

    root = context.find_root()
    context.obj.debug |= debug or root.params["debug"]
    if is_given(root, "warehouse"):
        message = f"the demo keeps to ./{FOLDER}; leave out --warehouse"
        raise UsageError(message)
    refuse_too_little()
    with reporting() as report:
        months = job(Warehouse(FOLDER, memory_limit), report)
    if json or root.params["json"]:
        closes = [describe_close(month.closed) for month in months]
        print_document({"closes": closes, "warehouse": str(FOLDER)})
    else:
        _tell(*months)


def _tell(october: "Month", november: "Month") -> None:
    from pipelines.lake import reading

    _tell_month(_OCTOBER, october)
    _tell_month(_NOVEMBER, november)
    with reading.connect(Warehouse(FOLDER)) as connection:
        sealed = reading.sealed_statement(connection, SHOWN)
        held = {
            month.closed.period: _by_reason(reading.report(connection, "held", month.closed.period))
            for month in (october, november)
        }
    typer.echo("One of November's statements:\n")
    print_statement(json_text.loads(sealed))
    for period, amounts in held.items():
        _tell_held(period, amounts)
    typer.echo()
    typer.echo(_NEXT, nl=False)


def _tell_month(story: str, month: "Month") -> None:
    counts = month.ingested
    reasons = ", ".join(f"{counts.rejected[reason]} {reason}" for reason in sorted(counts.rejected))
    typer.echo(story)
    typer.echo(
        f"ingested {counts.received}: {counts.accepted} accepted, {counts.duplicate} duplicate,"
        f" {counts.conflict} conflict, {sum(counts.rejected.values())} rejected"
        + (f" ({reasons})" if reasons else "")
    )
    print_close(describe_close(month.closed))
    typer.echo()


def _by_reason(report: tuple[Sequence[str], Iterable[Sequence[Any]]]) -> dict[Held, Decimal]:
    headings, rows = report
    amounts: dict[Held, Decimal] = {}
    for row in rows:
        part = dict(zip(headings, row, strict=True))
        key = part["reason"], part["currency"]
        amounts[key] = amounts.get(key, Decimal(0)) + part["amount"]
    return amounts


def _tell_held(period: str, amounts: dict[Held, Decimal]) -> None:
    from pipelines.outputs.tables import write_table

    typer.echo(f"\nHeld when {period} was closed, and why:\n")
    rows = [
        (reason, currency, amount, _REASONS[reason])
        for (reason, currency), amount in sorted(amounts.items())
    ]
    write_table(sys.stdout, ("reason", "currency", "amount", "why"), rows)
