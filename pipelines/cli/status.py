"""The command `status`: where the warehouse stands."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.cli.flags import AsOfFlag, Common, SourcePolicyFlag, instant
from pipelines.cli.policy import source_policy as policy_of
from pipelines.cli.printing import print_document, print_table
from pipelines.cli.refused import dated_in_words, describe_refused, undated_in_words

if TYPE_CHECKING:
    from pipelines.ingest.policy import Policy
    from pipelines.status import Standing


def status(
    common: Common, *, as_of: AsOfFlag = None, source_policy: SourcePolicyFlag = None
) -> None:
    """Show what was received and closed, what is due and held, and which sources are trusted."""
    from pipelines import status as job

    policy = policy_of(source_policy)
    standing = job.status(common.warehouse, instant(common.warehouse, as_of), policy.reporting)
    if common.json:
        described = {
            "refused": describe_refused(standing.refused),
            "report_differences": [one.as_json() for one in standing.report_differences],
            "report_gaps": [one.as_json() for one in standing.report_gaps],
            "source_policy": _described(policy),
        }
        print_document(asdict(standing) | described)
    else:
        print_table(("field", "value"), _rows(standing, policy))


def _described(policy: "Policy") -> dict[str, object] | None:
    if not policy.is_configured:
        return None
    return {"entries": len(policy.entries), "file": policy.place}


def _rows(standing: "Standing", policy: "Policy") -> list[tuple[str, object]]:
    last, batch = standing.last_close, standing.last_batch
    return [
        ("head", standing.head),
        ("cadence", standing.cadence),
        ("grace days", standing.grace_days),
        ("last close", f"{last['period']} {last['digest']}" if last else "none"),
        ("next period", standing.next_period or "none yet (no paid event)"),
        ("due", " ".join(standing.due) or "nothing"),
        ("dead letters", standing.dead_letters),
        *((_refused_before(standing), part) for part in dated_in_words(standing.refused)),
        *(("refused, undated", part) for part in undated_in_words(standing.refused)),
        ("last batch", _batch_in_words(batch) if batch else "none"),
        ("source policy", policy.summary),
        *(
            (f"reported by {source}", f"without a gap until {until}")
            for source, until in standing.reported.items()
        ),
        *(
            (f"closed {one.period}", f"{one.source}, {one.difference.in_words}")
            for one in standing.report_differences
        ),
        *(
            (
                f"closed {one.period}",
                f"{one.source}, not reported from {one.as_json()['uncovered_from']}",
            )
            for one in standing.report_gaps
        ),
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
        *(
            (f"at {destination}", _statements_in_words(counts))
            for destination, counts in standing.published.items()
        ),
    ]


def _refused_before(standing: "Standing") -> str:
    return f"refused up to {standing.next_period}" if standing.next_period else "refused"


def _statements_in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())


def _batch_in_words(batch: dict[str, Any]) -> str:
    names = ("received", "accepted", "duplicate", "conflict")
    parts = [f"{batch[name]} {name}" for name in names]
    return ", ".join([*parts, f"{sum(batch['rejected'].values())} rejected"])
