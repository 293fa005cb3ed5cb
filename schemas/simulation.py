"""What a simulation came to: what contributors would be owed by another rule or by more terms."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Strict
from schemas.scalars import Currency, Identifier
from schemas.statement import Money, Period

Count = Annotated[int, Field(strict=True, ge=0)]
Ppm = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class Spread(Strict):
    """How unequally a currency is spread over those who are owed more than 0, in millionths."""

    contributors: Annotated[Count, Field(description="Who are owed more than 0.")]
    gini_ppm: Annotated[Ppm, Field(description="The Gini coefficient, floored.")]
    top_1_share_ppm: Annotated[Ppm, Field(description="Of the one percent who are owed most.")]
    top_10_share_ppm: Annotated[Ppm, Field(description="Of the ten percent who are owed most.")]
    largest_share_ppm: Annotated[Ppm, Field(description="Of the one who is owed most.")]


class SimulatedCurrency(Strict):
    """What the simulation comes to in a currency of events."""

    currency: Currency
    present: Annotated[Money, Field(description="What contributors are owed.")]
    simulated: Annotated[Money, Field(description="What they would be.")]
    difference: Annotated[Money, Field(description="`simulated` less `present`.")]
    gaining: Annotated[Count, Field(description="Contributors with a difference above 0.")]
    gained: Annotated[Money, Field(description="Sum of these differences.")]
    losing: Annotated[Count, Field(description="Contributors with a difference below 0.")]
    lost: Annotated[Money, Field(description="Sum of these differences, 0 or below.")]
    unchanged: Count
    pools_present: Annotated[Money, Field(description="Sum of the pools.")]
    pools_simulated: Money
    held_present: Annotated[Money, Field(description="What of the pools is held.")]
    held_simulated: Money
    spread_present: Spread | None
    spread_simulated: Spread | None


class SimulatedContributor(Strict):
    """What a contributor is owed in a currency of events."""

    contributor_id: Identifier
    currency: Currency
    present: Money
    simulated: Money
    difference: Annotated[Money, Field(description="`simulated` less `present`.")]


class Simulated(Strict):
    """What entitlements of one origin period come to, by present rules and in the simulation."""

    period: Period
    is_closed: Annotated[
        bool, Field(description="Whether `log_seq` is what its close read, or the log's head.")
    ]
    log_seq: Count
    rule: Literal["current", "equal-image", "equal-contributor", "customer-centric"] | None
    terms: Annotated[Count | None, Field(description="How many terms were added.")]
    currencies: list[SimulatedCurrency]
    contributors: list[SimulatedContributor]
