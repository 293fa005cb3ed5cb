"""Computes a close into staged relations, in the order that the data flows (SPEC §5, §6)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.lineage import share_lineage
from pipelines.lake.staging import (
    stage,
    stage_by_span,
    stage_currencies,
    stage_input,
    stage_macro,
    stage_nothing,
    stage_view,
    view_earlier,
    view_in_force,
    view_stored,
)
from pipelines.lake.transaction import transaction
from pipelines.royalties.periods import Period

FIRST_YEAR = 2000


@dataclass(frozen=True)
class Step:
    """A step of a close, called by the relation that it stages."""

    name: str
    run: Callable[[duckdb.DuckDBPyConnection], None]
    of_news: bool = False
    """Whether it looks for what is news, which a close that computes everything needn't."""


def _rule(name: str) -> Step:
    return Step(name, partial(stage, folder="rules", name=name))


def _view(name: str) -> Step:
    return Step(name, partial(stage_view, folder="rules", name=name))


def _result(name: str) -> Step:
    return Step(name, partial(stage, folder="results", name=name))


def _macro(name: str) -> Step:
    return Step(name, partial(stage_macro, name=name))


def _news(name: str) -> Step:
    """Return the step to what is news; where a close computes everything it has no rows."""
    return Step(name, partial(stage, folder="rules", name=name), of_news=True)


def _by_span(name: str) -> Step:
    """Return the step to what comes of generations, read one span of time after the other."""
    return Step(name, partial(stage_by_span, name=name))


def _view_generations(connection: duckdb.DuckDBPyConnection) -> None:
    stage_input(connection, "span", [])
    stage_view(connection, "rules", "generation")


COVERAGE: tuple[Step, ...] = (
    _rule("counted_report"),
    _rule("source_coverage"),
    _rule("differing_report"),
    _rule("report_difference"),
    _rule("closed_difference"),
    _rule("closed_gap"),
    _result("close_coverage"),
)
"""Whether all is there that sources report, of the period and of those closed before it."""

TERMS: tuple[Step, ...] = (_rule("term"), _macro("term_scope"), _macro("in_effect"))
"""The steps to the terms in force."""

KNOWN: tuple[Step, ...] = (
    # how it stood at the close before
    _rule("last_pool"),
    _rule("last_held"),
    # what is news, and whom it touches
    _rule("reversed_since"),
    _macro("came_since"),
    _macro("is_news"),
    _news("touched_term"),
    _news("touched_licence"),
    _news("touched_training"),
    _news("touched_manifest"),
    _news("touched_version"),
    _news("touched_download"),
    _news("touched"),
    _macro("touches"),
)
"""The steps to what a close computes: where it computes everything, nothing is looked for."""

PAID: tuple[Step, ...] = (
    *TERMS,
    *KNOWN,
    # what counts: of what was declared again the first
    _rule("model_version"),
    _rule("advance_in_force"),
    _rule("last_statement"),
    _rule("registration"),
    # what was paid for trainings and generations
    _rule("training"),
    _rule("generation_span"),
    Step("generation", _view_generations),
    _by_span("generation_total"),
)
"""The steps to what was paid to model versions that counts, with the shares in force."""

SOLD: tuple[Step, ...] = (_news("wanted_licence"), _rule("licence"), _rule("direct_share"))
"""The steps to what contributors get of each licence sold."""

OWED: tuple[Step, ...] = (
    *PAID,
    # what is owed of pools, and which manifests it comes to
    _rule("computed_pool"),
    _view("standing_pool"),
    _by_span("attributed_image"),
    _rule("pool_rest"),
    Step("lineage_part", share_lineage),
    _rule("weighed_version"),
    _view("wanted_image"),
    *SOLD,
    # what claimants weigh in those manifests
    _rule("manifest_image"),
    _rule("computed_weight"),
    _view("last_weight"),
    _rule("standing_weight"),
    # the pools, split over manifests and attributed images
    _rule("pool_part"),
    _view("attributed_claim"),
    _view("claim_weight"),
    _rule("claim"),
    _rule("claim_share"),
    _rule("computed_allocation"),
    _view("last_allocation"),
    _view("standing_allocation"),
    _rule("entitlement"),
    # and what the close before held, which may be stated by now
    _rule("open_change"),
)
"""The steps to what each contributor is owed, by origin period."""

STATED: tuple[Step, ...] = (
    # in which currency: that of the account, which may change with this statement
    _rule("currency_pair"),
    _rule("fx"),
    _rule("registered"),
    _rule("turn"),
    _rule("advance_turn"),
    # what is stated: the difference to earlier statements, in the contributor's currency
    _rule("stated"),
    _rule("change"),
    _rule("judged_change"),
    _result("statement_line"),
    _rule("outstanding"),
    _rule("kept_reserve"),
    _rule("account"),
    _rule("balance"),
    _rule("sealed_line"),
    _result("statement"),
    # what is held
    _rule("unpaid"),
    _rule("held_part"),
    _rule("standing_held"),
    # what is stored: what is new or changed since the close before
    _rule("changed_pool"),
    _result("pool"),
    _result("allocation"),
    _result("held"),
    _result("manifest_weight"),
)
"""The steps from there to what the close states, holds and stores."""

DECLARED: tuple[Step, ...] = (
    *TERMS,
    _news("wanted_licence"),
    _rule("licence"),
    _rule("model_version"),
    _rule("registration"),
)
"""Of the steps to what was paid those that read what was declared."""

STEPS: tuple[Step, ...] = (*COVERAGE, *OWED, *STATED)


Instead = Mapping[str, Sequence[Step]]
"""Steps that run instead of those with a name."""

AS_THEY_ARE: Instead = MappingProxyType({})


def compute(
    connection: duckdb.DuckDBPyConnection, closing: Closing, instead: Instead = AS_THEY_ARE
) -> None:
    """Stage a close from the log up to its position and the closes before it.

    One transaction reads it all, so whatever others commit meanwhile isn't seen. On a cluster other
    steps run `instead` of those with a name.

    Raises ManyhandsError, naming the pool or line, where a number doesn't fit.
    """
    _run(connection, closing, _with(STEPS, instead))


def compute_entitlements(
    connection: duckdb.DuckDBPyConnection, closing: Closing, instead: Instead = AS_THEY_ARE
) -> None:
    """Stage what a close finds to be owed, `entitlement` and what it comes from, and no more.

    A simulation runs other steps `instead` of those with a name, and so does what explains a line.

    Raises ManyhandsError, naming the pool or line, where a number doesn't fit.
    """
    _run(connection, closing, _with(OWED, instead))


def compute_payments(connection: duckdb.DuckDBPyConnection, closing: Closing) -> None:
    """Stage what was paid that a close counts, with the shares in force, and no more."""
    _run(connection, closing, (*PAID, *SOLD))


def compute_declared(connection: duckdb.DuckDBPyConnection, closing: Closing) -> None:
    """Stage what counts of terms, licences, model versions and registrations, and no more."""
    _run(connection, closing, DECLARED)


def compute_coverage(connection: duckdb.DuckDBPyConnection, closing: Closing) -> None:
    """Stage how complete the sources are that have to report, and no more."""
    _run(connection, closing, COVERAGE)


def _with(steps: Iterable[Step], instead: Instead) -> Iterator[Step]:
    return (other for step in steps for other in instead.get(step.name, (step,)))


def _run(connection: duckdb.DuckDBPyConnection, closing: Closing, steps: Iterable[Step]) -> None:
    with transaction(connection):
        with closing.times.of("input"):
            _stage_inputs(connection, closing)
        for step in steps:
            with closing.times.of(step.name):
                if step.of_news and not closing.known_seq:
                    stage_nothing(connection, "rules", step.name)
                else:
                    step.run(connection)


def _stage_inputs(connection: duckdb.DuckDBPyConnection, closing: Closing) -> None:
    """Stage the period, its calendar and its position, and what is read of the warehouse."""
    period = closing.period
    span = (period.starts_at, period.ends_at, period.last_on)
    row = [period.name, *span, closing.log_seq, closing.known_seq]
    stage_input(connection, "close_input", [row])
    stage_input(connection, "period_month", _calendar(period))
    ahead = [[count, period.plus(count).name] for count in range(1, 25)]
    stage_input(connection, "period_ahead", ahead)
    stage_input(connection, "required_source", closing.reporting.rows())
    stage_currencies(connection)
    view_stored(connection, copy_small=True)
    view_earlier(connection, period.name)
    view_in_force(connection)


def _calendar(last: Period) -> list[list[object]]:
    months: list[list[object]] = []
    period = Period.containing(datetime(FIRST_YEAR, 1, 1), last.cadence)  # noqa: DTZ001  UTC
    while period.starts_at <= last.starts_at:
        months += [[month, period.name] for month in period.months()]
        period = period.next()
    return months
