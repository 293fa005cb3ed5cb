"""What `explain` says to people of a statement, a line, and what they are made of."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pipelines.cli.words import NOTHING, counted, own_digits, source_of

if TYPE_CHECKING:
    from schemas.explanation import Explanation


def _of_statement(root: "Explanation") -> Iterator[str]:
    who, period, currency = root.values["contributor_id"], root.values["period"], root.currency
    amounts = {part.code: part.amount or NOTHING for part in root.parts}
    yield f"{own_digits(root.amount, currency)} is paid to {who} for {period}."
    if amounts.get("withholding", NOTHING) != NOTHING:
        yield f"{own_digits(amounts['withholding'], currency)} of what was due is withheld as tax."
    if amounts.get("carried", NOTHING) != NOTHING:
        yield f"{amounts['carried']} {currency} is carried to the next statement."


def _of_line(root: "Explanation") -> Iterator[str]:
    values = root.values
    what = source_of(values["basis"], values["reference"])
    who, amount = values["contributor_id"], own_digits(root.amount, root.currency)
    yield f"{who} gets {amount} for {what} in {values['origin_period']}."
    if values["kind"] == "adjustment":
        yield (
            f"{values['original']} {values['currency']} was stated before;"
            f" by what is known now it is {values['corrected']}, a difference of {values['delta']}."
        )


FIRST: Final[Mapping[str, Callable[["Explanation"], Iterator[str]]]] = {
    "statement": _of_statement,
    "line": _of_line,
}


def _opening(node: "Explanation", currency: str) -> str:
    by = node.values.get("carried_by")
    return f"opening {node.amount} {currency}" + (f", carried by {by}" if by else "")


def _converted(node: "Explanation", currency: str) -> str:
    rates = f"{node.values['from_rate']} to {node.values['to_rate']}"
    return f"{node.amount} {currency} went over to another currency, at {rates}"


def _sum_of_lines(node: "Explanation", currency: str) -> str:
    lines = counted(int(node.values["lines"]), "line")
    return f"+ {node.code} {node.amount} {currency}: {lines}"


def _recouped(node: "Explanation", currency: str) -> str:
    outstanding = node.values["outstanding"]
    return f"- recouped {node.amount} {currency}, of advances of {outstanding} outstanding"


def _advance(node: "Explanation", currency: str) -> str:
    return f"advance {node.values['advance_id']}: {node.amount} {currency}"


def _reserve_withheld(node: "Explanation", currency: str) -> str:
    values = node.values
    until = f", until {values['due']}" if "due" in values else ""
    return f"- reserve_withheld {node.amount} {currency}: {values['rate']} of {values['of']}{until}"


def _reserve(node: "Explanation", currency: str) -> str:
    values = node.values
    return f"{node.amount} {currency}, withheld in {values['withheld_in']}, due {values['due']}"


def _due(node: "Explanation", currency: str) -> str:
    values = node.values
    return (
        f"due {node.amount} {currency}: rounded down to a multiple of {values['minor_unit']}, and"
        f" paid where that is {values['threshold']} or more"
    )


def _withholding(node: "Explanation", currency: str) -> str:
    values = node.values
    return f"- withholding {node.amount} {currency}: {values['rate']} of {values['due']}"


def _agreed(node: "Explanation", _: str) -> str:
    return f"{node.values['field']} as agreed by"


def _entitlement(node: "Explanation", currency: str) -> str:
    return f"what is owed: {node.amount} {currency}"


def _conversion(node: "Explanation", currency: str) -> str:
    values = node.values
    if "credited" in values:
        how = f"{values['credited']} was credited for {values['stated']}, and goes back in part"
    elif "from_rate" in values:
        how = f"{values['delta']} · {values['to_rate']} / {values['from_rate']}"
        how += f", the rates of {values['date']}"
    else:
        return f"in the statement: {node.amount} {currency}"
    return f"in the statement: {node.amount} {currency}: {how}"


def _licence(node: "Explanation", currency: str) -> str:
    values = node.values
    number = ""
    if "download_number" in values:
        number = f", download {values['download_number']} of the year"
    floor = f", but at least {values['floor']} · {values['share']}" if "floor" in values else ""
    return (
        f"licence {values['licence_id']} ({values['use']}{number}): {node.amount} {currency}"
        f" = fee {values['fee']} · share {values['share']} · rate {values['rate']}{floor}"
    )


def _pool(node: "Explanation", currency: str) -> str:
    values = node.values
    name = f"{values['model_id']}@{values['version']}"
    text = f"pool of {name}: {node.amount} {currency}"
    return text if values["rest"] == node.amount else f"{text}, {values['rest']} for manifests"


def _payments(node: "Explanation", currency: str) -> str:
    events = counted(node.events.count if node.events else 0, "payment")
    return f"{events} of {node.amount} {currency} in all; contributors get {node.values['share']}"


def _claim(node: "Explanation", currency: str) -> str:
    values = node.values
    if node.code == "attributed_image":
        what = f"the attributed image {values['image_id']}"
    else:
        what = f"the manifest of {values['model_id']}@{values['version']}"
    if "ways" in values:
        what += f" (through {values['ways']})"
    kept = ", all weights as a close kept them" if "weights" in values else ""
    leftover = (
        f", plus {values['leftover']} of what rounding left over"
        if values["leftover"] != NOTHING
        else ""
    )
    return (
        f"of {what}: {node.amount} {currency} = {values['part']} ·"
        f" {values['weight']} / {values['total_weight']}, rounded down{leftover}{kept}"
    )


def _image(node: "Explanation", _: str) -> str:
    values = node.values
    weighs = f", weight {values['weight']}" if "weight" in values else ""
    return (
        f"image {values['image_id']}{weighs}, share {values['share']},"
        f" licence {values['licence_id']}"
    )


def _attribution(node: "Explanation", currency: str) -> str:
    values, count = node.values, node.events.count if node.events else 0
    return (
        f"{counted(count, 'payment')} of {node.amount} {currency} in all, of which contributors"
        f" get {values['share']}, and the image {values['attributed']} of that"
    )


def _change(node: "Explanation", currency: str) -> str:
    values = node.values
    count = counted(node.events.count if node.events else 0, f"{values['type']} event")
    return f"{node.amount} {currency} by {count}: from {values['before']} to {values['after']}"


def _changes(node: "Explanation", currency: str) -> str:
    return f"what changed since it was last stated: {node.amount} {currency}"


def _plain(sign: str) -> Callable[["Explanation", str], str]:
    return lambda node, currency: f"{sign}{node.code} {node.amount} {currency}"


SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
    "opening": _opening,
    "converted": _converted,
    "royalties": _sum_of_lines,
    "adjustments": _sum_of_lines,
    "recouped": _recouped,
    "advance": _advance,
    "reserve_withheld": _reserve_withheld,
    "reserve_released": _plain("+ "),
    "reserve": _reserve,
    "available": _plain("= "),
    "due": _due,
    "withholding": _withholding,
    "payable": _plain("= "),
    "carried": _plain(""),
    "changes": _changes,
    "change": _change,
    "entitlement": _entitlement,
    "licence": _licence,
    "pool": _pool,
    "payments": _payments,
    "attributed_image": _claim,
    "manifest": _claim,
    "attribution": _attribution,
    "image": _image,
    "conversion": _conversion,
    "agreed": _agreed,
    "registered": lambda *_: "registered by",
    "rates_published": lambda *_: "rates published by",
}
