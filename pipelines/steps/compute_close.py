"""Computes a close into staged relations, in the order that the data flows (SPEC §5, §6)."""

from collections.abc import Callable
from functools import partial

import duckdb

from pipelines.lake.closes import stage_period
from pipelines.lake.staging import (
    stage,
    stage_currencies,
    stage_macro,
    view_earlier,
    view_in_force,
    view_stored,
)
from pipelines.royalties.periods import Period
from pipelines.steps.share_lineage import share_lineage

Step = Callable[[duckdb.DuckDBPyConnection], None]


def _rule(name: str) -> Step:
    return partial(stage, folder="rules", name=name)


def _result(name: str) -> Step:
    return partial(stage, folder="results", name=name)


def _macro(name: str) -> Step:
    return partial(stage_macro, name=name)


STEPS: tuple[Step, ...] = (
    # what counts: of what was declared again the first
    _rule("term"),
    _macro("term_scope"),
    _macro("in_effect"),
    _rule("licence"),
    _rule("model_version"),
    _rule("advance_in_force"),
    _rule("last_statement"),
    _rule("registration"),
    # what is owed: direct royalties, and pools split over manifests and attributed images
    _rule("direct_share"),
    _rule("training"),
    _rule("generation"),
    _rule("standing_pool"),
    _rule("attributed_image"),
    _rule("pool_rest"),
    share_lineage,
    _rule("manifest_image"),
    _rule("manifest_weight"),
    _rule("pool_part"),
    _rule("claim"),
    _rule("claim_share"),
    _rule("standing_allocation"),
    _rule("entitlement"),
    # in which currency: that of the account, which may change with this statement
    _rule("fx"),
    _rule("registered"),
    _rule("turn"),
    _rule("advance_turn"),
    # what is stated: the difference to earlier statements, in the contributor's currency
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
    _rule("last_pool"),
    _rule("last_allocation"),
    _rule("last_held"),
    _rule("changed_pool"),
    _result("pool"),
    _result("allocation"),
    _result("held"),
)


def compute_close(connection: duckdb.DuckDBPyConnection, period: Period, log_seq: int) -> None:
    """Stage a close of `period` from the log up to `log_seq` and the earlier closes.

    One transaction reads it all, so whatever others commit meanwhile isn't seen.

    Raises ManyhandsError, naming the pool or line, where a number doesn't fit.
    """
    connection.execute("BEGIN")
    try:
        stage_period(connection, period, log_seq)
        stage_currencies(connection)
        view_stored(connection)
        view_earlier(connection, period.name)
        view_in_force(connection)
        for step in STEPS:
            step(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
