"""What `explain` says to people of a model version."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pipelines.cli.words import NOTHING, WHY_HELD, counted, own_digits

if TYPE_CHECKING:
    from schemas.explanation import Explained, Explanation

_STANDING: Final = {
    "in_force": "the training that counts",
    "not_closed": "a training of a period that isn't closed yet, which counts later",
    "redeclared": "declared again under the same name, so it doesn't count and its fee is held",
    "reversed": "reversed, so it doesn't count",
}
_PAID_FOR: Final = {"training": "the training", "generation": "what it generated"}
_PAYERS: Final = {"training": "developer", "generation": "customer"}


def first(found: "Explained") -> Iterator[str]:
    """Yield the first lines, in plain words."""
    name, root = found.model_version, found.explanation
    if found.period is None:
        yield f"Nothing is counted for {name}: no period is closed yet."
        return
    trained = [part for part in root.parts if part.code == "trained"]
    counts = [part for part in trained if part.values["standing"] in {"in_force", "not_closed"}]
    for part in counts:
        yield _training(name, part)
    if not counts:
        yield (
            f"No training of {name} counts by the close of {found.period}; the contributors' part"
            " of what is paid for it is held."
        )
    for part in root.parts:
        if part.code == "revenue":
            paid = own_digits(part.amount, part.currency)
            yield f"{paid} was paid for {_PAID_FOR[part.values['basis']]}{_by(part)}."
        elif part.code == "earned":
            yield from _of_earned(part)
        elif part.code == "held":
            why = WHY_HELD.get(part.values["reason"], "")
            yield f"{own_digits(part.amount, part.currency)} is held: {why}."


def _training(name: str | None, part: "Explanation") -> str:
    values = part.values
    images = counted(int(values["images"]), "image")
    return (
        f"{name} was trained by {values['developer_id']} on {images},"
        f" on {values['trained_at'][:10]}."
    )


def _by(part: "Explanation") -> str:
    values = part.values
    payments = counted(int(values["payments"]), "payment")
    payers = counted(int(values["payers"]), _PAYERS[values["basis"]])
    return "" if values["basis"] == "training" else f", in {payments} by {payers}"


def _of_earned(part: "Explanation") -> Iterator[str]:
    values = part.values
    amount = own_digits(part.amount, part.currency)
    contributors = counted(int(values["contributors"]), "contributor")
    given = own_digits(values["allocated"], part.currency)
    goes = f"all of it is owed to {contributors}"
    if values["held"] != NOTHING:
        goes = f"{given} is owed to {contributors}, and the rest is held"
    yield f"Of {_PAID_FOR[values['basis']]} {amount} is for contributors: {goes}."


def _trained(node: "Explanation", currency: str) -> str:
    values = node.values
    return (
        f"{_STANDING[values['standing']]}: by {values['developer_id']},"
        f" {counted(int(values['images']), 'image')}, fee {node.amount} {currency}"
    )


def _base_model(node: "Explanation", _: str) -> str:
    values = node.values
    return (
        f"built on {values['model_id']}@{values['version']}, which gets {values['share']} of what"
        " comes to manifests"
    )


def _revenue(node: "Explanation", currency: str) -> str:
    return f"paid for {_PAID_FOR[node.values['basis']]}: {node.amount} {currency}{_by(node)}"


def _payer(node: "Explanation", currency: str) -> str:
    values = node.values
    payments = counted(int(values["payments"]), "payment")
    return f"{values['payer']}: {node.amount} {currency}, {payments}"


def _earned(node: "Explanation", currency: str) -> str:
    values = node.values
    return (
        f"for contributors, of {_PAID_FOR[values['basis']]}: {node.amount} {currency}"
        f" = {_shared(values)}"
    )


def _own_pool(node: "Explanation", currency: str) -> str:
    return f"{node.values['origin_period']}: {node.amount} {currency} = {_shared(node.values)}"


def _shared(values: Mapping[str, str]) -> str:
    contributors = counted(int(values["contributors"]), "contributor")
    return f"{values['allocated']} to {contributors} + {values['held']} held"


SENTENCES: Final[Mapping[str, Callable[["Explanation", str], str]]] = {
    "trained": _trained,
    "base_model": _base_model,
    "revenue": _revenue,
    "payer": _payer,
    "earned": _earned,
    "own_pool": _own_pool,
}
