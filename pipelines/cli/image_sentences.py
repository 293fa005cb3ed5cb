"""What `explain` says to people of an image."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pipelines.cli.words import NOTHING, WHY_HELD, counted, own_digits

if TYPE_CHECKING:
    from schemas.explanation import Explained, Explanation

_BY_BASIS: Final = {
    "direct": "by licences",
    "training": "by training",
    "generation": "by what was generated",
}
_STANDING: Final = {
    "in_force": "",
    "not_closed": ", of a period that isn't closed yet",
    "redeclared": ", which doesn't count: an earlier licence has this id",
    "reversed": ", which was reversed and doesn't count",
}
_WHY_NOT: Final = {
    "model_redeclared": "the model version was declared before, and only the first training counts",
    "model_reversed": "the training was reversed and doesn't count",
    "not_closed": "the training is of a period that isn't closed yet",
    "no_licence": "there is no training licence of the image; its part is held",
    "unlicensed_image": "no training licence fits this training; its part is held",
    "no_pool": "nothing was paid for the model version, or no share for contributors was in force",
    "attributed_elsewhere": "all of it was attributed to other images",
    "passed_to_bases": "all of it went on to the models that this one is built on",
    "below_a_micro": "the image's part of it is less than a millionth",
}
_INSTANTS: Final = {"trained_at", "valid_from", "valid_until", "revoked_from"}
_FAULT: Final = {
    "other_developer": "it is for {licensee_id}",
    "not_yet_valid": "it began only on {valid_from}",
    "expired": "it had ended on {valid_until}",
    "revoked": "it was revoked from {revoked_from} on",
    "redeclared": "an earlier licence has this id, so it doesn't count",
    "reversed": "it was reversed",
}


def first(found: "Explained") -> Iterator[str]:
    """Yield the first lines, in plain words."""
    image, root = found.image_id, found.explanation
    if found.period is None:
        yield f"Nothing is counted for {image}: no period is closed yet."
        return
    totals = _all(root, "image_total")
    for total in totals:
        of_it = ", ".join(
            f"{own_digits(total.values[basis], total.currency)} {said}"
            for basis, said in _BY_BASIS.items()
            if total.values[basis] != NOTHING
        )
        earned = own_digits(total.amount, total.currency)
        yield f"{image} earned {earned} up to {found.period}, with what is held of it: {of_it}."
    if not totals:
        yield f"{image} earned nothing up to {found.period}."
    uses = [part for part in _all(root, "trained_on") if part.values["standing"] == "in_force"]
    licensed = [part for part in uses if "licence_id" in part.values]
    others = [part for part in uses if "licence_id" not in part.values]
    if licensed:
        yield f"Trained on it with a licence: {_names(licensed)}."
    if others:
        yield f"Trained on it without a licence, so that its part is held: {_names(others)}."
    if not uses:
        yield "No model that counts was trained on it."


def _all(node: "Explanation", code: str) -> list["Explanation"]:
    return [part for part in node.parts if part.code == code]


def _names(uses: Sequence["Explanation"]) -> str:
    return ", ".join(_name(part) for part in uses)


def _name(use: "Explanation") -> str:
    return f"{use.values['model_id']}@{use.values['version']}"


def _moment(text: str) -> str:
    """Write an instant as a day, and with its time where that isn't midnight."""
    day, _, time = text.partition("T")
    if time == "00:00:00.000000Z":
        return day
    return f"{day} {time.removesuffix('Z').removesuffix('.000000')} UTC"


def _moments(node: "Explanation") -> dict[str, str]:
    """Return a node's values, its instants as they are read."""
    return {
        name: _moment(text) if name in _INSTANTS else text for name, text in node.values.items()
    }


def _direct(node: "Explanation", currency: str) -> str:
    if node.amount == NOTHING:
        return ""
    licences = counted(int(node.values["licences"]), "licence")
    return f"earned by {licences}: {node.amount} {currency}"


def _training_licence(node: "Explanation", _: str) -> str:
    values = _moments(node)
    until = f" until {values['valid_until']}" if "valid_until" in values else ""
    revoked = f", revoked from {values['revoked_from']} on" if "revoked_from" in values else ""
    return (
        f"licence {values['licence_id']} for training by {values['licensee_id']}, from"
        f" {values['valid_from']}{until}{revoked}{_STANDING[values['standing']]}"
    )


def _owner(node: "Explanation", _: str) -> str:
    return f"{node.values['contributor_id']} has {node.values['share']} of it"


def _trained_on(node: "Explanation", _: str) -> str:
    values = _moments(node)
    licence = f"licence {values['licence_id']}" if "licence_id" in values else "no licence"
    return (
        f"{_name(node)} by {values['developer_id']}, trained on it on {values['trained_at']}:"
        f" weight {values['weight']}, {licence}"
    )


def _image_earned(node: "Explanation", currency: str) -> str:
    values = node.values
    if values["basis"] == "direct":
        return f"{values['contributor_id']}: {node.amount} {currency}"
    what = "the training of" if values["basis"] == "training" else "what was generated by"
    way = ", attributed to this image" if values["way"] == "attribution" else ""
    if values["reference"] != values["manifest_of"]:
        way = f", which is built on {values['manifest_of']}"
    return (
        f"earned {node.amount} {currency} for {values['contributor_id']}: {what}"
        f" {values['reference']}{way}"
    )


def _earned_nothing(node: "Explanation", _: str) -> str:
    values = node.values
    of = {"training": " of the training fee", "generation": " of what it generated"}
    what = of.get(values.get("basis", ""), "")
    money = f" in {values['currency']}" if "currency" in values else ""
    return f"earned nothing{what}{money}: {_WHY_NOT[values['reason']]}"


def _licence_fault(node: "Explanation", _: str) -> str:
    values = _moments(node)
    return f"not licence {values['licence_id']}: {_FAULT[values['reason']].format(**values)}"


def _attributed_and_held(node: "Explanation", currency: str) -> str:
    values = node.values
    return (
        f"{node.amount} {currency} that generations of {values['reference']} attribute to it is"
        f" held: {WHY_HELD[values['reason']]}"
    )


SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
    "image_total": lambda *_: "",
    "direct": _direct,
    "training_licence": _training_licence,
    "owner": _owner,
    "trained_on": _trained_on,
    "image_earned": _image_earned,
    "earned_nothing": _earned_nothing,
    "licence_fault": _licence_fault,
    "attributed_and_held": _attributed_and_held,
}
