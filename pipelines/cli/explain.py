"""The command `explain`: why a statement, or a line of it, says what it says."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.errors import GateError
from pipelines.royalties.money import MICRO_DIGITS

if TYPE_CHECKING:
    from schemas.explanation import Explained, Explanation, NamedEvent

_NOTHING: Final = "0.000000"


def explain(
    common: Common,
    *,
    statement_id: Annotated[str, typer.Argument(metavar="ID", help="Such as 2026-10/ana.")],
    line: Annotated[
        int | None,
        typer.Option("--line", metavar="N", min=1, help="A line of the statement, from 1."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Name all events, and take each change of a line alone."),
    ] = False,
) -> None:
    """Explain a statement, or one of its lines, down to the events.

    It is computed again from the log as the close read it; where it doesn't come out as it was
    stated, the exit code is 4.
    """
    from pipelines.explain.job import explain as explain_it

    with reporting(common.invocation.ending) as report:
        found = explain_it(
            common.warehouse, statement_id, line=line, everything=everything, report=report
        )
    if common.json:
        print_document(found.model_dump(mode="json", exclude_none=True))
    else:
        for text in explanation(found):
            print_line(text)
    if not found.is_equal:
        message = (
            f"{statement_id} doesn't come out as it was stated; if the warehouse was edited,"
            " restore it from a backup"
        )
        raise GateError(message)


def explanation(found: "Explained") -> Iterator[str]:
    """Yield the lines of an explanation for people."""
    root = found.explanation
    yield from _FIRST[root.code](root)
    yield ""
    for part in root.parts:
        yield from _node(part, "", root.currency or "")
    yield ""
    if found.is_equal:
        yield f"Computed again from the log up to event {found.log_seq}: equal."
    else:
        yield f"Computed again from the log up to event {found.log_seq}: NOT equal."


def _of_statement(root: "Explanation") -> Iterator[str]:
    who, period, currency = root.values["contributor_id"], root.values["period"], root.currency
    amounts = {part.code: part.amount or _NOTHING for part in root.parts}
    yield f"{_own(root.amount, currency)} is paid to {who} for {period}."
    if amounts.get("withholding", _NOTHING) != _NOTHING:
        yield f"{_own(amounts['withholding'], currency)} of what was due is withheld as tax."
    if amounts.get("carried", _NOTHING) != _NOTHING:
        yield f"{amounts['carried']} {currency} is carried to the next statement."


def _of_line(root: "Explanation") -> Iterator[str]:
    values = root.values
    what = {
        "direct": f"licences of the image {values['reference']}",
        "training": f"the training of {values['reference']}",
        "generation": f"what {values['reference']} generated",
    }[values["basis"]]
    who = values["contributor_id"]
    yield f"{who} gets {_own(root.amount, root.currency)} for {what} in {values['origin_period']}."
    if values["kind"] == "adjustment":
        yield (
            f"{values['original']} {values['currency']} was stated before;"
            f" by what is known now it is {values['corrected']}, a difference of {values['delta']}."
        )


_FIRST: Final[Mapping[str, Callable[["Explanation"], Iterator[str]]]] = {
    "statement": _of_statement,
    "line": _of_line,
}


def _own(amount: str | None, currency: str | None) -> str:
    """Write an amount in its currency's own digits, where it has no more; else with all."""
    from schemas.currencies import MINOR_DIGITS

    text, digits = amount or _NOTHING, MINOR_DIGITS[currency or ""]
    beyond = text[len(text) - (MICRO_DIGITS - digits) :]
    if not beyond.strip("0"):
        text = text[: len(text) - (MICRO_DIGITS - digits)].rstrip(".")
    return f"{text} {currency}"


def _node(node: "Explanation", indent: str, currency: str) -> Iterator[str]:
    currency = node.currency or currency
    sentence = _SENTENCES[node.code](node, currency)
    if sentence:
        yield f"{indent}{sentence}"
    if node.events:
        for event in node.events.first:
            yield f"{indent}    {_event(event, currency)}"
        if more := node.events.count - len(node.events.first):
            yield f"{indent}    and {counted(more, 'more event')} (--all names them)"
    for part in node.parts:
        yield from _node(part, f"{indent}    ", currency)


def _event(event: "NamedEvent", currency: str) -> str:
    paid = f": {event.amount} {currency}" if event.amount else ""
    return f"event {event.seq}, {event.type} {event.id} of {event.source}, {event.time}{paid}"


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
        f"due {node.amount} {currency}: rounded down to whole {values['minor_unit']}, and paid"
        f" where that is {values['threshold']} or more"
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
        what += f" (by {values['ways']})"
    leftover = f", and {values['leftover']} left over" if values["leftover"] != _NOTHING else ""
    return (
        f"of {what}: {node.amount} {currency} = {values['part']} ·"
        f" {values['weight']} / {values['total_weight']}, rounded down{leftover}"
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


_SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
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
