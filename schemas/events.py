"""The ten types of events and what their `data` holds (SPEC §3.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas import source_types
from schemas.model import Canonical
from schemas.parts import (
    AmountByCurrency,
    AmountsReported,
    Attributions,
    BaseModels,
    Contributors,
    DirectLevels,
    EventIdentity,
    FxRateByCode,
    Manifest,
    Money,
    PositiveMoney,
    Scope,
    in_order,
)
from schemas.scalars import (
    Country,
    Currency,
    Day,
    Identifier,
    Instant,
    Integer,
    ModelId,
    Rate,
    ReservePeriods,
    Says,
    Source,
    SourceType,
    Text,
    one_of,
    refusal,
)


class ImageLicensed(Canonical):
    """`image-licensed`: a licensee may use an image, to download it or for training."""

    contributors: Contributors
    digital_source_type: SourceType
    fee: Money
    image_id: Identifier
    licence_id: Identifier
    licensee_id: Identifier
    use: Literal["download", "training"]
    valid_from: Instant
    valid_until: Annotated[Instant | None, Field(description="After `valid_from`.")] = None

    @property
    def is_generated(self) -> bool:
        """Whether a model made the image, so that nobody can license it as theirs."""
        return self.digital_source_type in source_types.GENERATED

    @model_validator(mode="after")
    def check_validity(self) -> Self:
        """Refuse a licence that ends before it has begun."""
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            message = "valid_until should be after valid_from"
            raise refusal(message)
        return self


class ModelTrained(Canonical):
    """`model-trained`: a model version was trained on the images of a manifest."""

    base_models: BaseModels = Field(default_factory=list)
    developer_id: Identifier
    manifest: Manifest
    model_id: ModelId
    training_fee: Money
    version: Identifier

    @model_validator(mode="after")
    def _check_not_its_own_base(self) -> Self:
        own = (self.model_id, self.version)
        if any((base.model_id, base.version) == own for base in self.base_models or ()):
            message = "a model version should not be its own base model"
            raise refusal(message)
        return self


class AssetGenerated(Canonical):
    """`asset-generated`: a model version's asset was generated, downloaded or licensed."""

    action: Literal["generated", "downloaded", "licensed"]
    asset_id: Identifier
    attributions: Attributions = Field(default_factory=list)
    customer_id: Identifier
    model_id: ModelId
    revenue: Money
    version: Identifier


class LicenceRevoked(Canonical):
    """`licence-revoked`: a licence ended, for trainings from an instant on."""

    effective_at: Instant
    licence_id: Identifier
    reason: Text


class EventReversed(Canonical):
    """`event-reversed`: an event counts for nothing, whichever of the two came first."""

    reason: Text
    reversed: EventIdentity


class TermsAgreed(Canonical):
    """`terms-agreed`: what is paid, from an instant on, within a scope."""

    direct_floor: AmountByCurrency | None = None
    direct_levels: DirectLevels | None = None
    effective_from: Instant
    generation_share: Rate | None = None
    payment_threshold: AmountByCurrency | None = None
    reserve_periods: ReservePeriods | None = None
    reserve_rate: Rate | None = None
    scope: Scope
    terms_id: Identifier
    training_share: Rate | None = None


class ContributorRegistered(Canonical):
    """`contributor-registered`: a contributor can be paid, in a currency."""

    contributor_id: Identifier
    country: Country
    currency: Currency
    withholding_rate: Rate


class FxRatesPublished(Canonical):
    """`fx-rates-published`: units of each currency for one unit of the base, on a day."""

    base: Currency
    date: Day
    rates: FxRateByCode


class AdvancePaid(Canonical):
    """`advance-paid`: a contributor was paid ahead of what is still to be earned."""

    advance_id: Identifier
    amount: PositiveMoney
    contributor_id: Identifier


_Sent = (
    ImageLicensed
    | ModelTrained
    | AssetGenerated
    | LicenceRevoked
    | EventReversed
    | TermsAgreed
    | ContributorRegistered
    | FxRatesPublished
    | AdvancePaid
)

_SENT: Final[dict[str, type[_Sent]]] = {
    "image-licensed": ImageLicensed,
    "model-trained": ModelTrained,
    "asset-generated": AssetGenerated,
    "licence-revoked": LicenceRevoked,
    "event-reversed": EventReversed,
    "terms-agreed": TermsAgreed,
    "contributor-registered": ContributorRegistered,
    "fx-rates-published": FxRatesPublished,
    "advance-paid": AdvancePaid,
}
"""What a source reports that it sent: reports themselves don't count."""

_SentType = Annotated[
    str, one_of(_SENT), Says("should be a type of events other than source-reported")
]


class SourceReported(Canonical):
    """`source-reported`: what a source sent of a time: how many events, and their money.

    Of the events of `source` whose time is from `from` on and before `until`, as sent: the sums
    are of fees, training fees and revenues; a reversed event counts, a duplicate counts once.
    """

    amounts: AmountsReported
    counts: Annotated[
        dict[_SentType, Integer],
        Field(description="By type; one that isn't there is 0."),
        AfterValidator(in_order),
    ]
    start: Annotated[Instant, Field(alias="from")]
    source: Source
    until: Annotated[Instant, Field(description="After `from`.")]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.until <= self.start:
            message = "until should be after from"
            raise refusal(message)
        return self


EventData = _Sent | SourceReported

EVENT_TYPES: Final[dict[str, type[EventData]]] = {**_SENT, "source-reported": SourceReported}
"""The model of each type's `data`."""

PAYMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {"asset-generated": "revenue", "image-licensed": "fee", "model-trained": "training_fee"}
)
"""The field of `data` that says what was paid, by type."""


def schema_urn(event_type: str) -> str:
    """Name a type's schema as `dataschema` does."""
    return f"urn:manyhands:schema:{event_type}:1"
