"""Stages a simulation: another rule or more terms, and what comes of them beside the present."""

from collections.abc import Iterable
from typing import Any, Final

import duckdb

from pipelines.lake import reading, sql, staged
from pipelines.lake.staging import add_to_fact, stage, stage_view
from schemas.canonical import content, content_sha256
from schemas.events import TermsAgreed
from schemas.instants import read

TERMS: Final = "terms-agreed"
_LAST: Final = "~"
"""No identifier begins with it, and every other character that one has comes before it."""

_OUTCOME: Final = ("owed", "pooled")
_PRESENT: Final = "present_"

Row = dict[str, Any]


def add_terms(connection: duckdb.DuckDBPyConnection, terms: Iterable[TermsAgreed]) -> None:
    """Let terms be in force that the log doesn't have; of equal `effective_from` the greatest.

    Among each other they go by `terms_id`, then by their order.
    """
    add_to_fact(connection, "terms", [_event(*one) for one in enumerate(terms, start=1)])


def _event(number: int, terms: TermsAgreed) -> list[object]:
    """Return a row of `event`, which no other can have; its time decides nothing."""
    greatest = terms.model_copy(update={"terms_id": _LAST + terms.terms_id})
    text = content(TERMS, terms.effective_from, greatest)
    at = read(terms.effective_from)
    digest = content_sha256(text)
    return [0, "", f"{number:012}", TERMS, at, at, None, text, digest, None, b""]


def stage_weights(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let a rule of `sql/simulate` stand in the place of `claim_weight`."""
    stage_view(connection, "simulate", name, "claim_weight")


def stage_customers(connection: duckdb.DuckDBPyConnection) -> None:
    """Let each customer's own attributions stand in the place of `attributed_image`."""
    for name in ("customer_part", "customer_centric", "customer_claim"):
        stage(connection, "simulate", name)
    stage(connection, "simulate", "customer_image", "attributed_image")


def keep_present(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what is staged as what the present rules and terms come to."""
    for name in _OUTCOME:
        stage(connection, "simulate", name, f"{_PRESENT}{name}")


def stage_outcome(connection: duckdb.DuckDBPyConnection) -> None:
    """Stage what the simulation comes to, beside what was kept."""
    for name in (*_OUTCOME, "compared", "spread"):
        stage(connection, "simulate", name)


def find_unconserved(connection: duckdb.DuckDBPyConnection) -> Row | None:
    """Return a pool of the simulation that isn't the sum of its parts; None where all are."""
    found = staged.first_rows(connection, sql.relation("simulate", "unconserved_pool"), 1)
    return found[0] if found else None


def idle_terms(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return which of the added terms can change nothing in the period, and why."""
    return staged.first_rows(connection, sql.relation("simulate", "idle_term"), None)


def currencies(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return what the simulation comes to by currency, and how it is spread."""
    spreads = {
        (outcome, currency): dict(zip(_SPREAD, figures, strict=True))
        for outcome, currency, *figures in connection.execute(
            f"SELECT outcome, currency, {', '.join(_SPREAD)} FROM spread"
        ).fetchall()
    }
    columns, rows = reading.report(connection, "simulated_currency", None)
    return [
        dict(zip(columns, row, strict=True))
        | {
            f"spread_{outcome}": spreads.get((outcome, row[0]))
            for outcome in ("present", "simulated")
        }
        for row in rows
    ]


_SPREAD: Final = (
    "contributors",
    "gini_ppm",
    "top_1_share_ppm",
    "top_10_share_ppm",
    "largest_share_ppm",
)
