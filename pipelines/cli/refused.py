"""Words for what was refused and stands open, which `close` and `status` show."""

from typing import TYPE_CHECKING, Any

from pipelines.royalties.money import from_micros

if TYPE_CHECKING:
    from pipelines.dead_letters import Refused


def describe_refused(refused: "Refused") -> dict[str, Any]:
    """Return what was refused as its JSON shows it, money as text."""
    amounts = {
        reason: {currency: from_micros(micros) for currency, micros in sums.items()}
        for reason, sums in refused.amounts.items()
    }
    return {"letters": refused.letters, "amounts": amounts, "undated": refused.undated}


def dated_in_words(refused: "Refused") -> list[str]:
    """Return for each reason how many letters have a time before the period's end, and their money.

    Such as `2 invalid_data (9000.000000 USD)`.
    """
    return [
        f"{letters} {reason}{_in_brackets(refused.amounts.get(reason, {}))}"
        for reason, letters in refused.letters.items()
    ]


def undated_in_words(refused: "Refused") -> list[str]:
    """Return for each reason how many letters have no readable time, such as `3 not_json`."""
    return [f"{letters} {reason}" for reason, letters in refused.undated.items()]


def _in_brackets(sums: dict[str, int]) -> str:
    amounts = ", ".join(f"{from_micros(micros)} {currency}" for currency, micros in sums.items())
    return f" ({amounts})" if amounts else ""
