"""What `explain` says to people of a contributor, and of what is asked for by itself."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pipelines.cli import bridge_sentences, image_sentences, model_sentences
from pipelines.cli.words import NOTHING, WHY_HELD, counted, own_digits, source_of
from pipelines.royalties.bridge import IDENTITY

if TYPE_CHECKING:
    from schemas.explanation import Explained, Explanation


def first(found: "Explained") -> Iterator[str]:
    """Yield the first lines of an explanation, in plain words."""
    if found.contributor_id:
        yield from _of_contributor(found)
    elif found.image_id:
        yield from image_sentences.first(found)
    else:
        yield from model_sentences.first(found)


def _of_contributor(found: "Explained") -> Iterator[str]:
    root, who = found.explanation, found.contributor_id
    if found.period is None:
        yield f"Nothing is stated for {who}: no period is closed yet."
        return
    paid = [part for part in _all(root, "paid") if part.amount != NOTHING]
    for part in paid:
        statements = counted(int(part.values["statements"]), "statement")
        amount = own_digits(part.amount, part.currency)
        yield f"{who} is paid {amount} in all, by {statements} up to {found.period}."
    if not paid:
        number = int(root.values["statements"])
        statements = counted(number, "statement") if number else "no statement"
        nothing = ", and nothing is paid by then" if number else ""
        yield f"{who} has {statements} up to {found.period}{nothing}."
    for part in _all(root, "still_carried"):
        if "threshold" in part.values:
            yield _below_threshold(part)
    for part in _all(root, "held"):
        why = WHY_HELD.get(part.values["reason"], "")
        yield f"{own_digits(part.amount, part.currency)} is held for {who}: {why}."
    if not any(_all(root, "held")):
        yield f"Nothing is held for {who}."
    for part in _all(root, "bridge"):
        yield _difference(part)


def _below_threshold(part: "Explanation") -> str:
    amount, threshold, missing = (
        own_digits(text, part.currency)
        for text in (part.amount, part.values["threshold"], part.values["missing"])
    )
    return (
        f"{amount} is carried: the payment threshold is {threshold}, so {missing} is missing to it."
    )


def _all(node: "Explanation", code: str) -> Iterator["Explanation"]:
    return (part for part in node.parts if part.code == code)


def _difference(node: "Explanation") -> str:
    values, amount = node.values, node.amount or NOTHING
    new, old = values["to"], values["from"]
    if amount == NOTHING:
        return f"{new} pays as much as {old}: {own_digits(values['to_payable'], node.currency)}."
    than = "less" if amount.startswith("-") else "more"
    return f"{new} pays {own_digits(amount.lstrip('-'), node.currency)} {than} than {old}."


def _registered(node: "Explanation", _: str) -> str:
    values = node.values
    if "currency" not in values:
        return "registered by"
    rate = values["withholding_rate"]
    tax = "no tax is withheld" if rate == "0" else f"{rate} of a payment is withheld as tax"
    stays = ""
    if "account" in values:
        stays = f"; the account is in {values['account']} until a close has a rate between the two"
    return f"registered for {values['currency']}, and {tax}{stays}"


def _less(amount: str) -> str:
    return amount.removeprefix("-") if amount.startswith("-") else f"-{amount}"


def _issued(node: "Explanation", currency: str) -> str:
    values = node.values
    terms = [
        f"{name.replace('_', ' ')} {values[name] if sign > 0 else _less(values[name])}"
        for name, sign in IDENTITY.items()
        if values[name] != NOTHING
    ]
    over = f", changed from {values['converted_from']}" if "converted_from" in values else ""
    of_it = f": {', '.join(terms)}" if terms else ""
    return f"{values['statement_id']} pays {own_digits(node.amount, currency)}{over}{of_it}"


def _still_carried(node: "Explanation", currency: str) -> str:
    return f"{node.amount} {currency} is carried to the next statement"


def _still_reserved(node: "Explanation", currency: str) -> str:
    return f"{node.amount} {currency} is kept as a reserve, and released when it is due"


def _outstanding(node: "Explanation", currency: str) -> str:
    return f"{node.amount} {currency} of advances is still to be recouped"


def _held(node: "Explanation", currency: str) -> str:
    reason = node.values["reason"]
    why = WHY_HELD.get(reason, "")
    release = _release(node) if "release" in node.values else ""
    return f"{node.amount} {currency} is held ({reason}): {why}.{release}"


def _release(node: "Explanation") -> str:
    values = node.values
    closed = f"with the close of {values.get('release_period')}"
    match values["reason"]:
        case "contributor_not_registered":
            return (
                " It is stated once there is a contributor-registered event that is dated before"
                f" the end of {values['release_period']}, {closed}."
            )
        case "no_fx_rate":
            into = values.get("account", "the currency that is registered")
            other = values.get("registered", into)
            or_other = f" (or {other}, with a rate from {into} to it)" if other != into else ""
            return (
                f" It is stated once there is an fx-rates-published event with {node.currency} and"
                f" {into}{or_other}, of a date from {values['rates_from']} to"
                f" {values['rates_until']}, {closed}."
            )
        case "no_terms":
            return (
                " It is stated once there is a terms-agreed event with direct_levels, of a training"
                " licence with training_share, that is effective from when the licence was sold."
            )
        case "advance_redeclared":
            return " It ends once one of the two events is reversed by an event-reversed."
        case "advance_currency":
            return (
                " It ends once the advance is reversed and paid again in the account's currency,"
                f" {values.get('account', '')}, or once a contributor-registered event names the"
                " advance's currency."
            )
    return ""


def _held_part(node: "Explanation", currency: str) -> str:
    values = node.values
    if "reference" not in values:
        basis = f" ({values['basis']})" if "basis" in values else ""
        return f"{values['origin_period']}{basis}: {node.amount} {currency}{_held_for(node)}"
    what = {
        "advance": f"the advance {values['reference']}",
        "carried": "what the last statement carried",
        "reserve": "reserves",
    }.get(values["basis"]) or source_of(values["basis"], values["reference"])
    return f"{values['origin_period']}: {node.amount} {currency} for {what}"


def _held_for(node: "Explanation") -> str:
    number = node.values.get("contributors")
    return f", for {counted(int(number), 'contributor')}" if number else ""


def _since(node: "Explanation", _: str) -> str:
    came = counted(node.events.count if node.events else 0, "event")
    verb = "counts" if came.startswith("1 ") else "count"
    return f"{came} came since the last close, and {verb} with the next one"


SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
    "registered": _registered,
    "paid": lambda *_: "",
    "issued": _issued,
    "still_carried": _still_carried,
    "still_reserved": _still_reserved,
    "outstanding": _outstanding,
    "held": _held,
    "held_part": _held_part,
    "since": _since,
    "bridge": bridge_sentences.bridge,
    **model_sentences.SENTENCES,
    **image_sentences.SENTENCES,
}
