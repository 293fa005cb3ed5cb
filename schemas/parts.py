"""What the `data` of events is made of: money, shares, manifests, scopes (SPEC §3.2, §3.3)."""

from collections.abc import Hashable, Iterable
from itertools import pairwise
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag

from schemas.currencies import MINOR_DIGITS
from schemas.decimals import scaled
from schemas.model import Canonical
from schemas.scalars import (
    Amount,
    Currency,
    CurrencyCode,
    EventId,
    FxRate,
    Identifier,
    Integer,
    ModelId,
    PositiveAmount,
    PositiveInteger,
    PositiveShare,
    Rate,
    Sha256,
    Share,
    Source,
    Text,
    Weight,
    refusal,
)

Value = TypeVar("Value")

_PPM_DIGITS: Final = 6
_ONE: Final = 10**_PPM_DIGITS
FX_DIGITS: Final = 10
"""Digits after the point of a rate that converts money."""


def _total_ppm(shares: Iterable[str]) -> int:
    return sum(scaled(share, _PPM_DIGITS) for share in shares)


def _check_distinct(names: list[Hashable], what: str) -> None:
    if len(set(names)) != len(names):
        message = f"{what} is listed twice"
        raise refusal(message)


def _check_at_most_one(shares: Iterable[str]) -> None:
    if _total_ppm(shares) > _ONE:
        message = "shares must not add up to more than 1"
        raise refusal(message)


class Money(Canonical):
    """An amount of a currency, in its major unit."""

    amount: Amount
    currency: Currency


class PositiveMoney(Canonical):
    """An amount above 0 of a currency, in its major unit."""

    amount: PositiveAmount
    currency: Currency


class ContributorShare(Canonical):
    """A contributor's share of the rights in an image."""

    contributor_id: Identifier
    share: PositiveShare


def check_contributors(contributors: list[ContributorShare]) -> list[ContributorShare]:
    """Refuse contributors that are listed twice, or whose shares don't add up to 1."""
    _check_distinct([c.contributor_id for c in contributors], "a contributor")
    if _total_ppm(c.share for c in contributors) != _ONE:
        message = "shares must add up to 1"
        raise refusal(message)
    return contributors


Contributors = Annotated[
    list[ContributorShare],
    Field(
        min_length=1,
        fail_fast=True,
        max_length=50,
        description="Distinct; their shares add up to 1.",
    ),
    AfterValidator(check_contributors),
]


class ManifestEntry(Canonical):
    """An image that a model version was trained on, and how much it counts."""

    image_id: Identifier
    weight: Annotated[Weight | None, AfterValidator(lambda weight: weight or "1")] = "1"


class ManifestFile(Canonical):
    """A manifest that is a file of its own, Parquet or NDJSON."""

    rows: PositiveInteger
    sha256: Sha256
    uri: Text


def _check_images(entries: list[ManifestEntry]) -> list[ManifestEntry]:
    _check_distinct([e.image_id for e in entries], "an image")
    return entries


_InlineManifest = Annotated[
    list[ManifestEntry],
    Field(min_length=1, fail_fast=True, max_length=10_000, description="Distinct images."),
    AfterValidator(_check_images),
]


def _manifest_kind(manifest: object) -> str:
    return "inline" if isinstance(manifest, list) else "file"


Manifest = Annotated[
    Annotated[_InlineManifest, Tag("inline")] | Annotated[ManifestFile, Tag("file")],
    Discriminator(_manifest_kind),
]


class BaseModelShare(Canonical):
    """A model version that another was trained from, and its share of what that one earns."""

    model_id: ModelId
    share: Share
    version: Identifier


def _check_bases(bases: list[BaseModelShare] | None) -> list[BaseModelShare]:
    bases = bases or []
    _check_distinct([(b.model_id, b.version) for b in bases], "a model version")
    _check_at_most_one(b.share for b in bases)
    return bases


BaseModels = Annotated[
    Annotated[list[BaseModelShare], Field(fail_fast=True, max_length=16)] | None,
    Field(description="Distinct, not the model version itself; their shares add up to at most 1."),
    AfterValidator(_check_bases),
]


class Attribution(Canonical):
    """An image's share in what one generated asset earns."""

    image_id: Identifier
    share: Share


def check_attributions(attributions: list[Attribution] | None) -> list[Attribution]:
    """Refuse images that are listed twice, or whose shares add up to more than 1."""
    attributions = attributions or []
    _check_distinct([a.image_id for a in attributions], "an image")
    _check_at_most_one(a.share for a in attributions)
    return attributions


Attributions = Annotated[
    Annotated[list[Attribution], Field(fail_fast=True, max_length=1_000)] | None,
    Field(description="Distinct images; their shares add up to at most 1."),
    AfterValidator(check_attributions),
]


class EventIdentity(Canonical):
    """The identity of an event: its `source` and `id`."""

    id: EventId
    source: Source


class PlatformScope(Canonical):
    """Terms for everybody and every model."""

    kind: Literal["platform"]


class ModelScope(Canonical):
    """Terms for one model, in all its versions."""

    id: ModelId
    kind: Literal["model"]


class ContributorScope(Canonical):
    """Terms for one contributor."""

    id: Identifier
    kind: Literal["contributor"]


Scope = Annotated[
    PlatformScope | ModelScope | ContributorScope,
    Discriminator(
        "kind",
        custom_error_type="scope",
        custom_error_message="should have the kind platform, model or contributor",
    ),
]


class DirectLevel(Canonical):
    """The rate of a contributor's downloads after the first `from` of a calendar year."""

    start: Annotated[Integer, Field(alias="from")]
    rate: Rate


def _check_levels(levels: list[DirectLevel]) -> list[DirectLevel]:
    starts = [level.start for level in levels]
    if starts[0] != 0:
        message = "the first level must be from 0"
        raise refusal(message)
    if any(low >= high for low, high in pairwise(starts)):
        message = "each level must be from more than the one before"
        raise refusal(message)
    return levels


DirectLevels = Annotated[
    list[DirectLevel],
    Field(
        min_length=1,
        fail_fast=True,
        max_length=20,
        description="The first from 0, strictly rising.",
    ),
    AfterValidator(_check_levels),
]


def in_order(values: dict[str, Value]) -> dict[str, Value]:
    """Return a mapping in the order of its keys, as in the canonical form."""
    return dict(sorted(values.items()))


AmountByCurrency = Annotated[dict[Currency, Amount], Field(min_length=1), AfterValidator(in_order)]

AmountsReported = Annotated[
    dict[Currency, Amount],
    Field(description="By currency; one that isn't there is 0."),
    AfterValidator(in_order),
]


def _check_rates(rates: dict[str, str]) -> dict[str, str]:
    for code, rate in rates.items():
        if code in MINOR_DIGITS and len(rate.partition(".")[2]) > FX_DIGITS:
            message = f"{code} should have at most {FX_DIGITS} digits after the point, then zeros"
            raise refusal(message)
    return in_order(rates)


FxRateByCode = Annotated[
    dict[CurrencyCode, FxRate],
    Field(
        min_length=1,
        description="Of a currency of ours at most 10 digits after the point, then zeros. Other"
        " codes, and the base, are kept and convert nothing.",
    ),
    AfterValidator(_check_rates),
]
