"""Explains a model version: what it was trained on, what it was paid, and who gets a part."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from pipelines.close.compute import compute_declared
from pipelines.explain.nodes import money, share
from pipelines.explain.standing import Standing
from pipelines.lake import explained, subjects
from pipelines.lake.staging import stage
from pipelines.values import json_value
from schemas.explanation import Explanation

FIRST_PAYERS = 3
"""So many payers are named of those who paid in one currency."""

_ORDER = "basis DESC, currency, origin_period"
_Groups = dict[tuple[str, str], list[explained.Row]]


def explain_model(standing: Standing, reference: str) -> tuple[Explanation, bool]:
    """Return what there is to say of a model version at the last close, and whether it is equal.

    It is where each of its pools is what contributors get of it and what is held, to the micro.
    """
    key = explained.Key(None, reference=reference)
    parts: list[Explanation] = []
    is_equal = True
    if standing.closing:
        standing.report(f"reading what {reference} earned by the close of {standing.period}")
        compute_declared(standing.connection, standing.closing)
        explained.ask(standing.connection, key)
        pools = subjects.staged(standing.connection, "explained_own_pool", _ORDER)
        is_equal = all(
            one["amount_micros"] == one["allocated_micros"] + one["held_micros"] for one in pools
        )
        parts = [
            *_trainings(standing),
            *_revenue(standing),
            *_earned(standing, pools),
            *_held(standing),
        ]
    model_id, _, version = reference.rpartition("@")
    root = Explanation(
        code="model_version",
        values={"model_id": model_id, "version": version},
        parts=[*parts, *standing.since(key)],
    )
    return root, is_equal


def _trainings(standing: Standing) -> list[Explanation]:
    """Return each declaration, that in force with its base models."""
    bases = [
        Explanation(
            code="base_model",
            values={
                "model_id": one["model_id"],
                "version": one["version"],
                "share": share(one["share_ppm"]),
            },
        )
        for one in subjects.staged(standing.connection, "explained_base")
    ]
    return [
        Explanation(
            code="trained",
            amount=money(one["training_fee_micros"]),
            currency=one["currency"],
            values={
                "standing": one["standing"],
                "developer_id": one["developer_id"],
                "trained_at": str(json_value(one["trained_at"])),
                "images": str(one["images"]),
            },
            events=standing.log.events([one["seq"]]),
            parts=bases if one["standing"] in {"in_force", "not_closed"} else [],
        )
        for one in subjects.staged(standing.connection, "explained_training", "trained_at, seq")
    ]


def _revenue(standing: Standing) -> list[Explanation]:
    """Return what was paid by basis and currency, with who paid most."""
    most = None if standing.log.most is None else FIRST_PAYERS
    nodes = []
    for (basis, currency), group in groupby(
        subjects.payers(standing.connection, most), key=lambda one: (one["basis"], one["currency"])
    ):
        payers = list(group)
        nodes.append(
            Explanation(
                code="revenue",
                amount=money(payers[0]["all_micros"]),
                currency=currency,
                values={
                    "basis": basis,
                    "payments": str(payers[0]["all_payments"]),
                    "payers": str(payers[0]["payers"]),
                },
                parts=[
                    Explanation(
                        code="payer",
                        amount=money(one["paid_micros"]),
                        currency=currency,
                        values={"payer": one["payer"], "payments": str(one["payments"])},
                    )
                    for one in payers
                ],
            )
        )
    return nodes


def _earned(standing: Standing, pools: Sequence[explained.Row]) -> list[Explanation]:
    """Return what contributors' pools come to by basis and currency, with each pool."""
    shared = {
        (one["basis"], one["currency"]): one["contributors"]
        for one in subjects.staged(standing.connection, "explained_shared")
    }
    return [
        Explanation(
            code="earned",
            amount=_sum(group, "amount"),
            currency=currency,
            values={
                "basis": basis,
                "allocated": _sum(group, "allocated"),
                "contributors": str(shared.get((basis, currency), 0)),
                "held": _sum(group, "held"),
            },
            parts=[_pool(one) for one in group],
        )
        for (basis, currency), group in _grouped(pools, "basis").items()
    ]


def _pool(one: explained.Row) -> Explanation:
    return Explanation(
        code="own_pool",
        amount=money(one["amount_micros"]),
        currency=one["currency"],
        values={
            "basis": one["basis"],
            "origin_period": one["origin_period"],
            "allocated": money(one["allocated_micros"]),
            "contributors": str(one["contributors"]),
            "held": money(one["held_micros"]),
        },
    )


def _held(standing: Standing) -> list[Explanation]:
    """Return what is held by reason and currency, by origin period."""
    stage(standing.connection, "explain", "explained_held")
    held = subjects.staged(
        standing.connection, "explained_held_sum", "reason, currency, origin_period, basis"
    )
    return [
        Explanation(
            code="held",
            amount=_sum(group, "amount"),
            currency=currency,
            values={"reason": reason},
            parts=[_held_part(one) for one in group],
        )
        for (reason, currency), group in _grouped(held, "reason").items()
    ]


def _held_part(one: explained.Row) -> Explanation:
    values = {"origin_period": one["origin_period"], "basis": one["basis"]}
    if one["contributors"]:
        values["contributors"] = str(one["contributors"])
    amount, currency = money(one["amount_micros"]), one["currency"]
    return Explanation(code="held_part", amount=amount, currency=currency, values=values)


def _grouped(rows: Sequence[explained.Row], name: str) -> _Groups:
    """Return rows by a column and their currency, in their order."""
    groups: _Groups = defaultdict(list)
    for one in rows:
        groups[one[name], one["currency"]].append(one)
    return groups


def _sum(rows: Sequence[explained.Row], name: str) -> str:
    return money(sum(int(one[f"{name}_micros"]) for one in rows))
