"""The command `simulate`: what contributors would be owed by another rule or by more terms."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.flags import Common, named_path
from pipelines.cli.printing import print_line, print_rows, print_table, print_with_rows
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.errors import UsageError
from pipelines.royalties.rules import Rule

if TYPE_CHECKING:
    from pipelines.simulate import Simulation

_SHOWN: Final = ("contributor_id", "currency", "present", "simulated", "difference")
_MOST_NAMED: Final = 3
_SUMS: Final = (
    "currency",
    "",
    "pools",
    "held of them",
    "owed",
    "contributors",
    "gini ppm",
    "top 1 % ppm",
    "top 10 % ppm",
    "largest ppm",
)


def simulate(
    common: Common,
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="The period that the money is of.")
    ],
    rule: Annotated[
        Rule | None, typer.Option("--rule", help="How money inside a pool is shared.")
    ] = None,
    terms: Annotated[
        Path | None,
        typer.Option(
            "--terms",
            metavar="FILE",
            parser=named_path,
            help="NDJSON of the data of terms-agreed events, which are added.",
        ),
    ] = None,
) -> None:
    """Show what contributors would be owed for a period by another rule, or by more terms.

    It stands beside what they are owed, by the log as the period's close read it, else as it is
    now; before rates, thresholds and reserves. Nothing is written.
    """
    from pipelines.simulate import by_rule, by_terms, read_terms
    from pipelines.simulate import simulate as job

    if (rule is None) == (terms is None):
        message = "name either --rule R or --terms FILE: a simulation changes one of them"
        raise UsageError(message)
    added = [] if terms is None else read_terms(terms)
    instead = by_terms(added) if rule is None else by_rule(rule)
    with ExitStack() as stack:
        with reporting(common.invocation.ending) as report:
            simulated = stack.enter_context(
                job(common.warehouse, period=period, instead=instead, report=report)
            )
            if added and len(simulated.idle_terms) == len(added):
                report.note(_idle(simulated))
        if common.json:
            _print_document(simulated, rule, added)
        else:
            what = f"the rule {rule}" if rule else f"the terms of {terms}"
            _print_for_people(common, simulated, what)


def _idle(simulated: "Simulation") -> str:
    """Return that no terms can change anything, and why."""
    later = sum(one["is_later"] for one in simulated.idle_terms)
    unknown = sorted(
        f"{one['scope_kind']} {one['scope_id']}"
        for one in simulated.idle_terms
        if not one["is_later"]
    )
    reasons = []
    if later:
        reasons.append(f"those of {counted(later, 'line')} begin after it")
    if unknown:
        more = " and others" if len(unknown) > _MOST_NAMED else ""
        names = " and no ".join(unknown[:_MOST_NAMED])
        reasons.append(f"the log up to {simulated.log_seq} names no {names}{more}")
    return f"warning: the terms change nothing in {simulated.period}: {'; '.join(reasons)}"


def _print_document(simulated: "Simulation", rule: Rule | None, added: list[Any]) -> None:
    others = {
        "currencies": simulated.currencies,
        "is_closed": simulated.is_closed,
        "log_seq": simulated.log_seq,
        "period": simulated.period,
        "rule": rule.value if rule else None,
        "terms": None if rule else len(added),
    }
    print_with_rows("contributors", *simulated.contributors, others)


def _print_for_people(common: Common, simulated: "Simulation", what: str) -> None:
    until = "as its close read it" if simulated.is_closed else "as it is now"
    print_line(
        f"{simulated.period} by {what}, and the log up to {simulated.log_seq}, {until}:"
        " a simulation, before rates, thresholds and reserves; nothing was written"
    )
    if not simulated.currencies:
        print_line(f"nothing is owed for {simulated.period}, and nothing would be")
        return
    for sums in simulated.currencies:
        print_line(
            f"{sums['currency']}: {counted(sums['gaining'], 'contributor')}"
            f" would gain {sums['gained']}, {sums['losing']} would lose {-sums['lost']},"
            f" {sums['unchanged']} would have the same"
        )
    print_line()
    print_table(_SUMS, (row for sums in simulated.currencies for row in _side_by_side(sums)))
    print_line()
    print_rows(common, *simulated.contributors, shown=_SHOWN)


def _side_by_side(sums: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for outcome in ("present", "simulated"):
        spread = sums[f"spread_{outcome}"] or dict.fromkeys(range(5))
        money = (sums[f"pools_{outcome}"], sums[f"held_{outcome}"], sums[outcome])
        yield sums["currency"], outcome, *money, *spread.values()
