"""Computes what contributors would be owed by other terms or another rule; it writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import duckdb
from pydantic import ValidationError

from pipelines.close.closing import Closing
from pipelines.close.compute import Instead, Step, compute_entitlements
from pipelines.errors import GateError, NotFoundError, UsageError
from pipelines.lake import closes, log, reading, simulating
from pipelines.lake.reading import Listing
from pipelines.lake.setting import setting
from pipelines.lake.staging import stage
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.rules import Rule
from schemas.errors import first_error
from schemas.events import TermsAgreed
from schemas.json_text import BLANK, MAX_BYTES, UnreadableError, read_json

_BY_RULE: Final[Mapping[Rule, Instead]] = MappingProxyType(
    {
        Rule.CURRENT: {},
        Rule.EQUAL_IMAGE: {
            "claim_weight": [
                Step("equal_image", partial(simulating.stage_weights, name="equal_image"))
            ]
        },
        Rule.EQUAL_CONTRIBUTOR: {
            "claim_weight": [
                Step(
                    "equal_contributor", partial(simulating.stage_weights, name="equal_contributor")
                )
            ]
        },
        Rule.CUSTOMER_CENTRIC: {
            "attributed_image": [Step("customer_image", simulating.stage_customers)]
        },
    }
)
"""The step of a close that each rule stands in the place of."""


@dataclass(frozen=True)
class Simulation:
    """What a simulation came to, while it is read."""

    period: str
    """The origin period."""
    is_closed: bool
    """Whether it is by the log as the period's close read it; else by the log as it is now."""
    log_seq: int
    """How far the log was read."""
    currencies: list[dict[str, Any]]
    """Sums by currency, who gains and who loses, and how it is spread."""
    contributors: Listing
    """By contributor and currency, of each currency who gains most first."""
    idle_terms: list[dict[str, Any]]
    """Of the terms that were added those that can change nothing in the period, and why."""


@contextmanager
def simulate(
    warehouse: Warehouse,
    *,
    period: str,
    instead: Instead,
    report: Callable[[str], None],
) -> Iterator[Simulation]:
    """Compute the entitlements of an origin period twice: as they are, and with steps `instead`.

    They are by the log up to the position that the period's close read, else up to its head, before
    rates, thresholds and reserves.

    Raises NotFoundError where there is no warehouse, UsageError where the period can't be one,
    ManyhandsError, naming the pool, where a number doesn't fit, GateError where a pool of the
    simulation isn't the sum of its parts.
    """
    with reading.connect(warehouse) as connection:
        closing, is_closed = _closing(connection, period)
        report(f"computing what is owed for {period}")
        compute_entitlements(connection, closing)
        simulating.keep_present(connection)
        report(f"computing what would be owed for {period}")
        compute_entitlements(connection, closing, instead)
        simulating.stage_outcome(connection)
        _refuse_unconserved(connection)
        currencies = simulating.currencies(connection)
        contributors = reading.report(connection, "simulated", None)
        idle = simulating.idle_terms(connection)
        yield Simulation(period, is_closed, closing.log_seq, currencies, contributors, idle)


def by_rule(rule: Rule) -> Instead:
    """Return what runs instead of a close's steps where a rule holds."""
    return _BY_RULE[rule]


def by_terms(terms: Sequence[TermsAgreed]) -> Instead:
    """Return what runs instead of a close's steps where terms were agreed too."""
    added = Step("added_terms", partial(simulating.add_terms, terms=terms))
    return {"term": [added, Step("term", partial(stage, folder="rules", name="term"))]}


def read_terms(path: Path) -> list[TermsAgreed]:
    """Read the `data` of `terms-agreed` events from a file, one on each line.

    Raises NotFoundError where there is no file, UsageError, naming the line, where one is invalid.
    """
    try:
        with path.open("rb") as file:
            lines = enumerate(iter(partial(file.readline, MAX_BYTES + 2), b""), start=1)
            terms = [
                _terms(f"{path}: line {number}", line.removesuffix(b"\n"))
                for number, line in lines
                if line.strip(BLANK)
            ]
    except FileNotFoundError as error:
        message = f"{path}: no such file of terms"
        raise NotFoundError(message) from error
    if not terms:
        message = f"{path}: it has no terms; write the data of a terms-agreed event on each line"
        raise UsageError(message)
    return terms


def _terms(place: str, line: bytes) -> TermsAgreed:
    value: object = None
    try:
        value = read_json(line)
        return TermsAgreed.model_validate(value)
    except UnreadableError as error:
        message = f"{place} is {error.reason}: {error.message}"
    except ValidationError as error:
        where, what = first_error(error, value)
        message = f"{place}: {f'{where} ' if where else ''}{what}; it is the data of a terms-agreed"
    raise UsageError(message)


def _closing(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[Closing, bool]:
    """Return what a close of the period reads, and whether it is closed."""
    period = closes.named_period(name, setting(connection).cadence)
    closed = closes.find_close(connection, name)
    before = closes.close_before(connection, name)
    log_seq = closed.log_seq if closed else log.head(connection)
    return Closing(period, log_seq, before), closed is not None


def _refuse_unconserved(connection: duckdb.DuckDBPyConnection) -> None:
    pool = simulating.find_unconserved(connection)
    if pool is not None:
        message = (
            f"the {pool['basis']} pool {pool['reference']} {pool['currency']} of the simulation"
            f" isn't the sum of its parts: {pool['pool_micros']} micros, of which"
            f" {pool['allocated_micros']} are allocated and {pool['held_micros']} held"
        )
        raise GateError(message)
