"""Computes what a line comes from: its close again, or of it what the line alone depends on."""

from dataclasses import replace
from functools import partial
from typing import Final

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.compute import KNOWN, Instead, Step, compute_entitlements
from pipelines.lake import explained
from pipelines.lake.staging import stage, stage_nothing


def _nothing(name: str) -> Step:
    return Step(name, partial(stage_nothing, folder="rules", name=name))


def _instead_of(place: str, name: str) -> Step:
    return Step(name, partial(stage, folder="explain", name=name, place=place))


_NEWS: Final = tuple(step.name for step in KNOWN if step.of_news)
_OF_OTHERS: Final = (
    "last_pool",
    "last_held",
    "reversed_since",
    "advance_in_force",
    "last_statement",
    "registration",
    "open_change",
)
"""What the entitlement of the line alone doesn't come from."""

_OF_LINE: Final[Instead] = {
    **{name: (_nothing(name),) for name in (*_NEWS, *_OF_OTHERS)},
    "touched": (_instead_of("touched", "asked_key"),),
    "generation_span": (
        Step("asked_asset", explained.narrow_generations),
        Step("generation_span", partial(stage, folder="rules", name="generation_span")),
    ),
    "wanted_image": (Step("asked_image", explained.narrow_images),),
    "wanted_licence": (_instead_of("wanted_licence", "asked_licence"),),
    "standing_weight": (_instead_of("standing_weight", "asked_weight"),),
}
_WEIGHED: Final = _instead_of("weighed_version", "unkept_version")
_KEPT: Final = Step("kept_weight", partial(stage, folder="explain", name="kept_weight"))
_NONE_KEPT: Final = Step(
    "kept_weight", partial(stage_nothing, folder="explain", name="kept_weight")
)


def compute_line(
    connection: duckdb.DuckDBPyConnection, closing: Closing, *, by_kept_weights: bool
) -> None:
    """Stage the entitlement of the line whose key is staged, and what it comes from, and no more.

    Of the manifests that it comes to, all claimants' weights are those that were kept by the close,
    or are computed again too.

    Raises ManyhandsError, naming the pool or line, where a number doesn't fit.
    """
    kept = _KEPT if by_kept_weights else _NONE_KEPT
    known = replace(closing, known_seq=closing.log_seq)
    compute_entitlements(connection, known, {**_OF_LINE, "weighed_version": (kept, _WEIGHED)})


def stage_rates(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage the rates that the close has for the line whose key is staged."""
    stage(connection, "explain", "asked_pair", "currency_pair")
    stage(connection, "rules", "fx")
