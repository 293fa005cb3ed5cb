"""Words that several commands print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipelines.royalties.money import MICRO_DIGITS

NOTHING: Final = "0.000000"

_REDECLARED: Final = "declared again under the same identifier"

WHY_HELD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no_terms": "no level or share was in force",
        "unlicensed_image": "the developer had no training licence for the image when the model"
        " was trained",
        "image_not_in_manifest": "a generation attributes an image that its model wasn't trained"
        " on",
        "unknown_model": "the model version isn't declared",
        "lineage_unresolved": "a base model wasn't trained before the one that names it, or the"
        " chain of base models is longer than 16",
        "licence_redeclared": _REDECLARED,
        "model_version_redeclared": _REDECLARED,
        "advance_redeclared": _REDECLARED,
        "contributor_not_registered": "the contributor isn't registered, so there is no statement",
        "no_fx_rate": "no rate from the line's currency to the statement's that is at most 31 days"
        " old",
        "advance_currency": "an advance in a currency that the account isn't in, or had left when"
        " it was paid",
    }
)
"""What each reason to hold an amount means; docs/close.md says what ends it."""


def counted(number: int, noun: str, several: str = "") -> str:
    """Return a number with its noun, such as `1 statement` or `2 statements`.

    `several` is the noun's plural where that isn't made by an `s`.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {several or noun + 's'}"


def own_digits(amount: str | None, currency: str | None) -> str:
    """Write an amount in its currency's own digits, where it has no more; else with all."""
    from schemas.currencies import MINOR_DIGITS

    text, digits = amount or NOTHING, MINOR_DIGITS[currency or ""]
    beyond = text[len(text) - (MICRO_DIGITS - digits) :]
    if not beyond.strip("0"):
        text = text[: len(text) - (MICRO_DIGITS - digits)].rstrip(".")
    return f"{text} {currency}"


def source_of(basis: str, reference: str) -> str:
    """Return in words what money of a basis and a reference is for."""
    return {
        "direct": f"licences of the image {reference}",
        "training": f"the training of {reference}",
        "generation": f"what {reference} generated",
    }[basis]
