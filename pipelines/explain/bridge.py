"""Explains why one statement of a contributor pays more or less than another."""

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from pipelines.close.compute import compute_declared, compute_payments
from pipelines.explain.nodes import MICROS, exact, money
from pipelines.explain.standing import Standing
from pipelines.lake import explained, reading, subjects
from pipelines.royalties.bridge import (
    FACTORS,
    TERMS,
    Key,
    Part,
    Rates,
    Royalty,
    Stated,
    adds_up,
    bridge,
)
from pipelines.royalties.lineage import PPM
from pipelines.royalties.money import MICRO_DIGITS
from pipelines.royalties.rounding import floor_div
from schemas.decimals import scaled
from schemas.explanation import Explanation

RATE_DIGITS: Final = 10


def explain_bridge(
    standing: Standing, contributor_id: str, statements: Sequence[explained.Row]
) -> tuple[Explanation, bool]:
    """Return the difference of what two statements pay in its parts, and whether all is equal.

    The two are the first and the last of the contributor's statements that are given, in the order
    of their periods.

    It isn't where the parts don't sum to the difference, or the log doesn't give what the
    statements state.
    """
    before, after = statements[0], statements[-1]
    old_one, old_holds = _stated(standing, contributor_id, before)
    nodes, changes = _changes(standing, contributor_id, statements[1:])
    new_one, new_holds = _stated(standing, contributor_id, after)
    counted = old_one.at_rates(changes)
    parts = bridge(counted, new_one)
    values = {
        "from": before["statement_id"],
        "from_payable": money(counted.payable),
        "to": after["statement_id"],
        "to_payable": money(new_one.payable),
    }
    if changes:
        values |= {"from_stated": money(old_one.payable), "from_currency": before["currency"]}
    root = Explanation(
        code="bridge",
        amount=money(new_one.payable - counted.payable),
        currency=after["currency"],
        values=values,
        parts=[*nodes, *_royalties(parts), *_others(parts)],
    )
    return root, old_holds and new_holds and adds_up(parts, counted, new_one)


def _stated(standing: Standing, contributor_id: str, row: explained.Row) -> tuple[Stated, bool]:
    """Return a statement with the payments of its lines, and whether these give what it states."""
    connection = standing.connection
    standing.report(f"computing what was paid by the close of {row['period']}")
    compute_payments(connection, standing.closing_of(row["period"]))
    explained.ask(connection, explained.Key(contributor_id))
    payments = {
        (one["basis"], one["reference"], one["currency"]): one
        for one in subjects.staged(connection, "explained_royalty")
    }
    sealed = json.loads(reading.sealed_statement(connection, row["statement_id"]))
    lines = [line for line in sealed["lines"] if line["kind"] == "royalty"]
    royalties = {_key(line): _royalty(line, payments.get(_key(line))) for line in lines}
    stated = Stated(
        payable=_micros(sealed["payable"]),
        adjustments=_micros(sealed["adjustments"]),
        terms={name: _micros(sealed[name]) for name in TERMS},
        royalties=royalties,
    )
    given = all(_is_given(line, payments.get(_key(line))) for line in lines)
    return stated, given and not stated.unexplained()


def _key(line: dict[str, Any]) -> Key:
    return line["basis"], line["reference"], line["currency"]


def _micros(text: str) -> int:
    return scaled(text, MICRO_DIGITS)


def _royalty(line: dict[str, Any], paid: explained.Row | None) -> Royalty:
    return Royalty(
        amount=_micros(line["amount"]),
        delta=_micros(line["delta"]),
        payments=paid["payments"] if paid else 0,
        paid=Fraction(paid["paid"], PPM) if paid else Fraction(0),
        shared=Fraction(paid["shared"], PPM) if paid else Fraction(0),
    )


def _is_given(line: dict[str, Any], paid: explained.Row | None) -> bool:
    """Return whether the payments of a line give its royalty, or the pool that was stored."""
    if paid is None:
        return False
    given = floor_div(paid["shared"], PPM)
    expected = paid["pool_micros"] if line["basis"] != "direct" else _micros(line["corrected"])
    return bool(given == expected)


def _changes(
    standing: Standing, contributor_id: str, statements: Sequence[explained.Row]
) -> tuple[list[Explanation], list[Rates]]:
    """Return how the account went over to other currencies with statements, and at which rates."""
    nodes, changes = [], []
    for one in statements:
        if one["converted_from"]:
            compute_declared(standing.connection, standing.closing_of(one["period"]))
            explained.ask(standing.connection, explained.Key(contributor_id))
            (change,) = subjects.staged(standing.connection, "explained_conversion")
            nodes.append(_changed(standing, change))
            rates = (scaled(change[name], RATE_DIGITS) for name in ("from_rate", "to_rate"))
            changes.append(Rates(*rates))
    return nodes, changes


def _changed(standing: Standing, change: explained.Row) -> Explanation:
    log = standing.log
    return Explanation(
        code="currency_changed",
        values={
            "period": change["period"],
            "from": change["converted_from"],
            "to": change["currency"],
            "base": change["converted_base"],
            "date": change["converted_on"].isoformat(),
            "from_rate": change["from_rate"],
            "to_rate": change["to_rate"],
        },
        parts=[
            *log.node("registered", change["registration_seq"]),
            *log.node("rates_published", change["fx_seq"]),
        ],
    )


def _royalties(parts: Sequence[Part]) -> list[Explanation]:
    by_line = groupby(parts, key=lambda part: part.key)
    return [_line(key, list(of_line)) for key, of_line in by_line if key]


def _line(key: Key, parts: list[Part]) -> Explanation:
    """Return a royalty line's parts: those of its factors, or its one part."""
    values = dict(zip(("basis", "reference", "line_currency"), key, strict=True))
    if parts[0].code not in FACTORS:
        (part,) = parts
        return _as_node(part, values | _amounts(part))
    return Explanation(
        code="royalty",
        amount=money(sum(part.amount for part in parts)),
        values=values,
        parts=[_as_node(part, _factors(part, key)) for part in parts],
    )


def _others(parts: Sequence[Part]) -> list[Explanation]:
    return [_as_node(part, _amounts(part)) for part in parts if not part.key]


def _as_node(part: Part, values: dict[str, str]) -> Explanation:
    return Explanation(code=part.code, amount=money(part.amount), values=values)


def _amounts(part: Part) -> dict[str, str]:
    return {"from": money(part.before), "to": money(part.after)}


def _factors(part: Part, key: Key) -> dict[str, str]:
    """Return a factor before and after as exact fractions; a price in major units."""
    basis, _, currency = key
    scale = MICROS if part.code == "price" else 1
    numbers = {"from": exact(part.before, scale), "to": exact(part.after, scale)}
    return {"basis": basis, "line_currency": currency, **numbers}
