"""What `explain` says to people of the parts that two statements differ by."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from pipelines.cli.words import NOTHING, counted, own_digits, source_of
from pipelines.royalties.money import MICRO_DIGITS, from_micros
from pipelines.royalties.rounding import half_even

if TYPE_CHECKING:
    from schemas.explanation import Explanation


def bridge(node: "Explanation", currency: str) -> str:
    """Say which statements are compared, and what they pay."""
    values = node.values
    before, after = (own_digits(values[name], currency) for name in ("from_payable", "to_payable"))
    if "from_stated" in values:
        before += f" ({own_digits(values['from_stated'], values['from_currency'])} as stated)"
    return f"from {before} of {values['from']} to {after} of {values['to']}:"


def _currency_changed(node: "Explanation", _: str) -> str:
    values = node.values
    return (
        f"with the statement of {values['period']} the account went over from {values['from']} to"
        f" {values['to']}, and what was stated before counts at that rate:"
        f" {values['from_rate']} {values['from']} = {values['to_rate']} {values['to']},"
        f" the rates of {values['date']}"
    )


def _signed(node: "Explanation", currency: str) -> str:
    amount = node.amount or NOTHING
    return f"{amount if amount.startswith('-') else f'+{amount}'} {currency}"


def _royalty(node: "Explanation", currency: str) -> str:
    if not any(part.amount != NOTHING for part in node.parts):
        return ""
    return f"{_signed(node, currency)}: {_of_line(node)}"


def _of_line(node: "Explanation") -> str:
    return source_of(node.values["basis"], node.values["reference"])


def _number(text: str) -> str:
    """Write an exact fraction with at most 6 decimals."""
    number = Fraction(text)
    nearest = half_even(number.numerator * 10**MICRO_DIGITS, number.denominator)
    return from_micros(nearest).rstrip("0").rstrip(".")


def _factor(said: str) -> Callable[["Explanation", str], str]:
    """Return what says a factor's part; a part of 0 isn't said."""

    def say(node: "Explanation", currency: str) -> str:
        if node.amount == NOTHING:
            return ""
        values = node.values
        before, after = (_number(values[name]) for name in ("from", "to"))
        text = said.format(
            before=before, after=after, currency=currency, line_currency=values["line_currency"]
        )
        return f"{_signed(node, currency)}: {text}"

    return say


def _volume(node: "Explanation", currency: str) -> str:
    noun = "licence" if node.values["basis"] == "direct" else "payment"
    said = counted(int(node.values["to"]), noun)
    return _factor(f"{said} instead of {{before}}")(node, currency)


def _whole(said: str) -> Callable[["Explanation", str], str]:
    def say(node: "Explanation", currency: str) -> str:
        values = node.values
        amounts = said.format(values["from"], values["to"])
        return f"{_signed(node, currency)}: {_of_line(node)}, {amounts}"

    return say


def _term(said: str) -> Callable[["Explanation", str], str]:
    """Return what says a term's part; a part of 0 isn't said."""

    def say(node: "Explanation", currency: str) -> str:
        if node.amount == NOTHING:
            return ""
        values = node.values
        return f"{_signed(node, currency)}: {said}, {values['to']} instead of {values['from']}"

    return say


def _rounding(node: "Explanation", currency: str) -> str:
    if node.amount == NOTHING:
        return ""
    return f"{_signed(node, currency)}: what rounding left when the currency was changed"


SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
    "currency_changed": _currency_changed,
    "royalty": _royalty,
    "volume": _volume,
    "price": _factor("{after} {line_currency} each on average instead of {before}"),
    "rate": _factor("contributors get {after} of it instead of {before}"),
    "pool_share": _factor("the contributor's own part of that is {after} instead of {before}"),
    "fx": _factor("1 {line_currency} counts as {after} {currency} instead of {before}"),
    "started": _whole("only in the later statement"),
    "ended": _whole("only in the earlier statement"),
    "changed": _whole("{1} instead of {0}"),
    "opening": _term("carried over from the statement before"),
    "recouped": _term("recouped for advances"),
    "reserve_withheld": _term("kept back as a reserve"),
    "reserve_released": _term("reserves released"),
    "withholding": _term("withheld as tax"),
    "carried": _term("carried to the next statement"),
    "corrections": _term("corrections of earlier periods"),
    "rounding": _rounding,
}
