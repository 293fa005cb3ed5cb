"""Explains an image: who licensed it, which models trained on it, what it earned and why not."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.close.compute import compute_entitlements
from pipelines.explain.contributor import held_nodes
from pipelines.explain.nodes import MILLI_DIGITS, decimal, money, share
from pipelines.explain.standing import Standing
from pipelines.explain.training_licence import fault, licence_of
from pipelines.lake import earnings, explained, subjects
from pipelines.values import json_value
from schemas.explanation import Explanation

_OF_POOLS = ("contributor_id", "basis", "reference", "manifest_of", "way")
_COUNTS = {"in_force", "not_closed"}
_WHY_NOT = {"redeclared": "model_redeclared", "reversed": "model_reversed"}


@dataclass(frozen=True)
class _Image:
    """What a close knows of an image."""

    licences: list[explained.Row]
    owners: list[explained.Row]
    uses: list[explained.Row]
    pools: list[explained.Row]
    earned: list[explained.Row]
    attributed: list[explained.Row]
    held: list[explained.Row]

    def trained_under(self, use: explained.Row) -> explained.Row | None:
        """Return the licence under which a training used the image; None where it had none."""
        return licence_of(self.for_training(), use)

    def for_training(self) -> list[explained.Row]:
        """Return the licences for training, whether they count or not."""
        return [one for one in self.licences if one["use"] == "training"]


def explain_image(standing: Standing, image_id: str) -> tuple[Explanation, bool]:
    """Return what there is to say of an image at the last close, and whether it is equal.

    It is where each training's licence is found a second time, and the images of a contributor get
    together what the contributor gets of a manifest.

    Raises ManyhandsError, naming the pool, where a number doesn't fit.
    """
    key = explained.Key(None, basis="direct", reference=image_id)
    parts: list[Explanation] = []
    is_equal = True
    if standing.closing:
        standing.report(f"computing what {image_id} earned by the close of {standing.period}")
        compute_entitlements(standing.connection, standing.closing)
        explained.ask(standing.connection, key)
        earnings.stage_shares(standing.connection, image_id)
        image = _read(standing)
        uneven = subjects.staged(standing.connection, "uneven_image_part")
        is_equal = not uneven and all(_is_found(image, use) for use in image.uses)
        parts = _parts(standing, image)
    root = Explanation(
        code="image", values={"image_id": image_id}, parts=[*parts, *standing.since(key)]
    )
    return root, is_equal


def _read(standing: Standing) -> _Image:
    def rows(name: str, order: str) -> list[explained.Row]:
        return subjects.staged(standing.connection, name, order)

    return _Image(
        licences=rows("explained_image_licence", "occurred_at, seq"),
        owners=rows("explained_owner", "licence_seq, contributor_id"),
        uses=rows("explained_use", "trained_at, seq"),
        pools=rows("explained_use_pool", "basis DESC, currency"),
        earned=rows(
            "explained_image_earning", "reference, basis DESC, currency, contributor_id, way"
        ),
        attributed=rows("explained_attributed", "reference, currency, reason"),
        held=rows("explained_held", "reason, currency, origin_period, contributor_id"),
    )


def _is_found(image: _Image, use: explained.Row) -> bool:
    """Return whether the close found the licence of a training that this finds."""
    if not use["is_reached"]:
        return True
    found = image.trained_under(use)
    return bool(use["licence_seq"] == (found["seq"] if found else None))


def _parts(standing: Standing, image: _Image) -> list[Explanation]:
    standing.log.know(one["seq"] for one in (*image.for_training(), *image.uses))
    return [
        *_totals(image),
        *_direct(standing, image),
        *(_licence(standing, image, one) for one in image.for_training()),
        *(_use(standing, image, one) for one in image.uses),
        *(_attributed(one) for one in image.attributed),
        *held_nodes(image.held),
    ]


def _royalties(image: _Image) -> Iterable[tuple[explained.Row, explained.Row]]:
    """Yield each licence with each of its owners who gets a royalty of it."""
    licences = {one["seq"]: one for one in image.licences}
    return (
        (licences[owner["licence_seq"]], owner)
        for owner in image.owners
        if owner["amount_micros"] is not None and not owner["no_terms"]
    )


def _totals(image: _Image) -> list[Explanation]:
    """Return what the image earned in all by currency, and of it by basis."""
    sums: dict[str, dict[str, int]] = defaultdict(
        lambda: {"direct": 0, "training": 0, "generation": 0}
    )
    for licence, owner in _royalties(image):
        sums[licence["currency"]]["direct"] += int(owner["amount_micros"])
    for one in image.earned:
        sums[one["currency"]][one["basis"]] += int(one["amount_micros"])
    return [
        Explanation(
            code="image_total",
            amount=money(sum(by_basis.values())),
            currency=currency,
            values={basis: money(amount) for basis, amount in by_basis.items()},
        )
        for currency, by_basis in sorted(sums.items())
        if any(by_basis.values())
    ]


def _direct(standing: Standing, image: _Image) -> list[Explanation]:
    """Return what licences earned by currency, by contributor, with the licences' events."""
    amounts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    seqs: dict[str, set[int]] = defaultdict(set)
    for licence, owner in _royalties(image):
        amounts[licence["currency"]][owner["contributor_id"]] += int(owner["amount_micros"])
        seqs[licence["currency"]].add(licence["seq"])
    return [
        Explanation(
            code="direct",
            amount=money(sum(by.values())),
            currency=currency,
            values={"licences": str(len(seqs[currency]))},
            events=standing.log.events(sorted(seqs[currency])),
            parts=[
                Explanation(
                    code="image_earned",
                    amount=money(amount),
                    currency=currency,
                    values={"contributor_id": contributor_id, "basis": "direct"},
                )
                for contributor_id, amount in sorted(by.items())
            ],
        )
        for currency, by in sorted(amounts.items())
    ]


def _licence(standing: Standing, image: _Image, one: explained.Row) -> Explanation:
    values = {name: one[name] for name in ("licence_id", "licensee_id", "standing")}
    for name in ("valid_from", "valid_until", "revoked_from"):
        if one[name] is not None:
            values[name] = str(json_value(one[name]))
    return Explanation(
        code="training_licence",
        amount=money(one["fee_micros"]),
        currency=one["currency"],
        values=values,
        events=standing.log.events([one["seq"]]),
        parts=[
            Explanation(
                code="owner",
                values={
                    "contributor_id": owner["contributor_id"],
                    "share": share(owner["share_ppm"]),
                },
            )
            for owner in image.owners
            if owner["licence_seq"] == one["seq"]
        ],
    )


def _use(standing: Standing, image: _Image, use: explained.Row) -> Explanation:
    """Return a training that has the image: its licence, what it earned, and why not."""
    licence = image.trained_under(use)
    values = {
        "model_id": use["model_id"],
        "version": use["version"],
        "developer_id": use["developer_id"],
        "trained_at": str(json_value(use["trained_at"])),
        "weight": decimal(use["weight_milli"], MILLI_DIGITS),
        "standing": use["standing"],
    }
    if licence:
        values["licence_id"] = licence["licence_id"]
    return Explanation(
        code="trained_on",
        values=values,
        events=standing.log.events([use["seq"]]),
        parts=[*_earned_of(image, use), *_why_not(image, use, licence)],
    )


def _reference(use: explained.Row) -> str:
    return f"{use['model_id']}@{use['version']}"


def _earnings_of(image: _Image, use: explained.Row) -> list[explained.Row]:
    if use["standing"] not in _COUNTS:
        return []
    return [one for one in image.earned if one["manifest_of"] == _reference(use)]


def _earned_of(image: _Image, use: explained.Row) -> list[Explanation]:
    return [
        Explanation(
            code="image_earned",
            amount=money(one["amount_micros"]),
            currency=one["currency"],
            values={name: one[name] for name in _OF_POOLS},
        )
        for one in _earnings_of(image, use)
    ]


def _why_not(image: _Image, use: explained.Row, licence: explained.Row | None) -> list[Explanation]:
    """Return why the image earned nothing of a training, or of its pools of a basis."""
    if use["standing"] in _WHY_NOT:
        return [_nothing(_WHY_NOT[use["standing"]])]
    if licence is None:
        return [_unlicensed(image, use)]
    earned = _earnings_of(image, use)
    pools = [one for one in image.pools if one["seq"] == use["seq"]]
    if not pools and not earned:
        return [_nothing("not_closed" if use["standing"] == "not_closed" else "no_pool")]
    own = {(one["basis"], one["currency"]) for one in earned if one["reference"] == _reference(use)}
    return [
        _nothing(_why_not_of(pool), basis=pool["basis"], currency=pool["currency"])
        for pool in pools
        if (pool["basis"], pool["currency"]) not in own
    ]


def _why_not_of(pool: explained.Row) -> str:
    if not pool["rest_micros"]:
        return "attributed_elsewhere"
    return "below_a_micro" if pool["own_micros"] else "passed_to_bases"


def _nothing(reason: str, **values: str) -> Explanation:
    return Explanation(code="earned_nothing", values={"reason": reason, **values})


def _unlicensed(image: _Image, use: explained.Row) -> Explanation:
    """Return that a training had no licence, with why each licence for training is none for it."""
    faults: Sequence[Explanation] = [
        Explanation(
            code="licence_fault",
            values={
                "licence_id": one["licence_id"],
                "licensee_id": one["licensee_id"],
                "reason": reason,
                **{
                    name: str(json_value(one[name]))
                    for name in ("valid_from", "valid_until", "revoked_from")
                    if one[name] is not None
                },
            },
        )
        for one in image.for_training()
        if (reason := fault(one, use))
    ]
    node = _nothing("unlicensed_image" if faults else "no_licence")
    node.parts = [*faults]
    return node


def _attributed(one: explained.Row) -> Explanation:
    return Explanation(
        code="attributed_and_held",
        amount=money(one["amount_micros"]),
        currency=one["currency"],
        values={"reason": one["reason"], "reference": one["reference"]},
    )
