"""Explains a contributor: what was paid, what is held and what would release it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipelines.close.compute import compute_declared
from pipelines.errors import NotFoundError, UsageError
from pipelines.explain.bridge import explain_bridge
from pipelines.explain.nodes import money, share
from pipelines.explain.standing import Standing
from pipelines.lake import explained, subjects
from pipelines.lake.closes import named_period
from pipelines.royalties.bridge import IDENTITY
from pipelines.royalties.periods import Period
from schemas.explanation import Code, Explanation

RATE_DAYS = 31
"""A rate may be so many days older than the last day of a period (SPEC §6, FX)."""


@dataclass(frozen=True)
class Between:
    """The periods of the two statements that are compared; None: the last two."""

    first: str | None = None
    last: str | None = None


def explain_contributor(
    standing: Standing, contributor_id: str, between: Between
) -> tuple[Explanation, bool]:
    """Return what there is to say of a contributor at the last close, and whether it is equal.

    Raises NotFoundError where there is no statement of a period that is named, UsageError where
    the periods can't be compared.
    """
    key = explained.Key(contributor_id)
    statements: list[explained.Row] = []
    registered: list[explained.Row] = []
    held: list[explained.Row] = []
    if standing.closing:
        compute_declared(standing.connection, standing.closing)
        explained.ask(standing.connection, key)
        statements = subjects.staged(standing.connection, "explained_statement", "period")
        registered = subjects.staged(standing.connection, "explained_registration")
        held = subjects.staged(standing.connection, "explained_held", _HELD_ORDER)
    since = standing.since(key)
    account = _account(statements, registered)
    compared = _compared(standing, contributor_id, statements, between)
    parts = [
        *_registered(standing, registered, account),
        *_paid(statements),
        *(_issued(one) for one in statements),
        *_open(standing, statements),
        *_held(standing, held, account),
        *since,
    ]
    is_equal = True
    if compared:
        bridged, is_equal = explain_bridge(standing, contributor_id, compared)
        parts.append(bridged)
    values = {"contributor_id": contributor_id, "statements": str(len(statements))}
    return Explanation(code="contributor", values=values, parts=parts), is_equal


_HELD_ORDER = "reason, currency, origin_period, basis, reference"


def _compared(
    standing: Standing,
    contributor_id: str,
    statements: Sequence[explained.Row],
    between: Between,
) -> Sequence[explained.Row]:
    """Return the statements from the first to the last that are compared; none where none are."""
    for period in (between.first, between.last):
        if period is not None:
            named_period(period, standing.setting.cadence)
    periods = [one["period"] for one in statements]
    if between == Between() and len(periods) < 2:  # noqa: PLR2004  two are compared
        return ()
    last = _place(periods, between.last, contributor_id) if between.last else len(periods) - 1
    first = _place(periods, between.first, contributor_id) if between.first else last - 1
    if first < 0:
        last_period = between.last or "the last one"
        message = f"{contributor_id} has no statement before {last_period} to compare it with"
        raise NotFoundError(message)
    if first >= last:
        message = (
            f"--from {periods[first]} is not before {periods[last]}, the period of the other"
            " statement; name the earlier one by --from and the later one by --to"
        )
        raise UsageError(message)
    return statements[first : last + 1]


def _place(periods: Sequence[str], period: str, contributor_id: str) -> int:
    if period in periods:
        return periods.index(period)
    has = f"there are those of {', '.join(periods)}" if periods else "there is none at all"
    message = f"no statement {period}/{contributor_id}; {has}"
    raise NotFoundError(message)


def _account(
    statements: Sequence[explained.Row], registered: Sequence[explained.Row]
) -> dict[str, str]:
    """Return the currency that the account is in, and the one that was registered."""
    found = {}
    if registered:
        found["registered"] = registered[0]["currency"]
        found["account"] = statements[-1]["currency"] if statements else found["registered"]
    return found


def _registered(
    standing: Standing, registered: Sequence[explained.Row], account: dict[str, str]
) -> list[Explanation]:
    """Return the registration, with the account's currency where that is another one yet."""
    other = {name: text for name, text in account.items() if text != account["registered"]}
    return [
        Explanation(
            code="registered",
            values={
                "currency": one["currency"],
                "withholding_rate": share(one["withholding_rate_ppm"]),
                **other,
            },
            events=standing.log.events([one["seq"]]),
        )
        for one in registered
    ]


def _paid(statements: Sequence[explained.Row]) -> list[Explanation]:
    """Return what was paid in each currency, in the order of the first statement in it."""
    amounts: dict[str, list[int]] = defaultdict(list)
    for one in statements:
        amounts[one["currency"]].append(int(one["payable_micros"]))
    return [
        Explanation(
            code="paid",
            amount=money(sum(paid)),
            currency=currency,
            values={"statements": str(len(paid))},
        )
        for currency, paid in amounts.items()
    ]


def _issued(one: explained.Row) -> Explanation:
    values = {"period": one["period"], "statement_id": one["statement_id"]}
    if one["converted_from"]:
        values["converted_from"] = one["converted_from"]
    return Explanation(
        code="issued",
        amount=money(one["payable_micros"]),
        currency=one["currency"],
        values=values | {name: money(one[f"{name}_micros"]) for name in IDENTITY},
    )


def _open(standing: Standing, statements: Sequence[explained.Row]) -> list[Explanation]:
    """Return what the last statement leaves open: carried, reserves, and advances to recoup."""
    if not statements or not standing.closing:
        return []
    last = statements[-1]
    open_parts: list[tuple[Code, str, list[Explanation]]] = [
        ("still_carried", "carried", []),
        ("still_reserved", "reserve_balance", _reserves(statements)),
        ("outstanding", "advance_outstanding", []),
    ]
    return [
        Explanation(
            code=code,
            amount=money(last[f"{name}_micros"]),
            currency=last["currency"],
            values={"statement_id": last["statement_id"]}
            | (_threshold(last) if code == "still_carried" else {}),
            parts=parts,
        )
        for code, name, parts in open_parts
        if last[f"{name}_micros"]
    ]


def _threshold(last: explained.Row) -> dict[str, str]:
    """Return the payment threshold and what is missing to it, where it is why nothing is paid."""
    is_paid = last["payable_micros"] or last["withholding_micros"]
    threshold, carried = last["threshold_micros"], last["carried_micros"]
    if is_paid or not 0 < carried < threshold:
        return {}
    return {"threshold": money(threshold), "missing": money(threshold - carried)}


def _reserves(statements: Sequence[explained.Row]) -> list[Explanation]:
    """Return the reserves that aren't released, in the currency that they were withheld in."""
    return [
        Explanation(
            code="reserve",
            amount=money(one["reserve_withheld_micros"]),
            currency=one["currency"],
            values={"withheld_in": one["period"], "due": one["reserve_due_period"]},
        )
        for one in statements
        if one["reserve_withheld_micros"] and one["reserve_due_period"] > statements[-1]["period"]
    ]


def _held(
    standing: Standing, held: Sequence[explained.Row], account: dict[str, str]
) -> list[Explanation]:
    """Return what is held by reason and currency, by origin period, with what would release it."""
    if not standing.closing:
        return []
    following = standing.closing.period.next()
    nodes = held_nodes(held)
    for node in nodes:
        node.values |= _release(node.values["reason"], following, account)
    return nodes


def held_nodes(held: Sequence[explained.Row]) -> list[Explanation]:
    """Return what is held by reason and currency, each with its parts."""
    groups: dict[tuple[str, str], list[explained.Row]] = defaultdict(list)
    for one in held:
        groups[one["reason"], one["currency"]].append(one)
    return [
        Explanation(
            code="held",
            amount=money(sum(int(one["amount_micros"]) for one in of_reason)),
            currency=currency,
            values={"reason": reason},
            parts=[_held_part(one) for one in of_reason],
        )
        for (reason, currency), of_reason in groups.items()
    ]


def _held_part(one: explained.Row) -> Explanation:
    """Return one held amount, by what it is of."""
    values = {name: one[name] for name in ("origin_period", "basis", "reference")}
    if one["contributor_id"]:
        values["contributor_id"] = one["contributor_id"]
    return Explanation(
        code="held_part",
        amount=money(one["amount_micros"]),
        currency=one["currency"],
        values=values,
    )


def _release(reason: str, following: Period, account: dict[str, str]) -> dict[str, str]:
    """Return what would release an amount at the close of a period, by name."""
    if reason == "contributor_not_registered":
        return {"release": "contributor-registered", "release_period": following.name}
    if reason == "no_fx_rate":
        return {
            "release": "fx-rates-published",
            "release_period": following.name,
            "rates_from": _days_before(following),
            "rates_until": following.last_on.isoformat(),
            **account,
        }
    if reason == "no_terms":
        return {"release": "terms-agreed"}
    if reason == "advance_redeclared":
        return {"release": "event-reversed"}
    if reason == "advance_currency":
        return {"release": "contributor-registered", "release_period": following.name, **account}
    return {}


def _days_before(period: Period) -> str:
    return (period.last_on - timedelta(days=RATE_DAYS)).isoformat()
