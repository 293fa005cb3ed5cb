"""The command `status`: where the warehouse stands."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_document, print_table

if TYPE_CHECKING:
    from pipelines.status import Standing


def status(common: Common, *, as_of: AsOfFlag = None) -> None:
    """Show what was received and closed, what is due, and what is held."""
    from pipelines import status as job

    standing = job.status(common.warehouse, instant(common.warehouse, as_of))
    if common.json:
        print_document(asdict(standing))
    else:
        print_table(("field", "value"), _rows(standing))


def _rows(standing: "Standing") -> list[tuple[str, object]]:
    last, batch = standing.last_close, standing.last_batch
    return [
        ("head", standing.head),
        ("cadence", standing.cadence),
        ("grace days", standing.grace_days),
        ("last close", f"{last['period']} {last['digest']}" if last else "none"),
        ("next period", standing.next_period or "none yet (no paid event)"),
        ("due", " ".join(standing.due) or "nothing"),
        ("dead letters", standing.dead_letters),
        ("last batch", _batch_in_words(batch) if batch else "none"),
        *(
            (f"held {reason}", f"{amount} {currency}")
            for reason, amounts in standing.held.items()
            for currency, amount in amounts.items()
        ),
        *(
            (f"open {name.replace('_', ' ')}", f"{amount} {currency}")
            for currency, amounts in standing.open.items()
            for name, amount in amounts.items()
            if amount
        ),
    ]


def _batch_in_words(batch: dict[str, Any]) -> str:
    names = ("received", "accepted", "duplicate", "conflict")
    parts = [f"{batch[name]} {name}" for name in names]
    return ", ".join([*parts, f"{sum(batch['rejected'].values())} rejected"])
