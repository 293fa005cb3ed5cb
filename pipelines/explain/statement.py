"""Explains a statement's arithmetic, term by term (SPEC §6, Statement)."""

from typing import Any

import duckdb

from pipelines.explain.nodes import Log, money, share
from pipelines.lake import explained
from pipelines.royalties.lineage import PPM
from pipelines.royalties.rounding import floor_div, half_even
from schemas.explanation import Explanation


def explain_statement(
    connection: duckdb.DuckDBPyConnection, stated: dict[str, Any], log: Log
) -> tuple[Explanation, bool]:
    """Return a statement explained, and whether each term comes out as it is stated.

    `stated` is the sealed statement; the close that issued it is staged.
    """
    explained.ask(connection, explained.Key(stated["contributor_id"]))
    explained.stage_account(connection)
    accounts = explained.rows(connection, "explained_account")
    if not accounts:
        return Explanation(code="statement"), False
    (account,) = accounts
    reserves = explained.rows(connection, "explained_reserve")
    terms = _terms(account, reserves)
    parts = [
        _opening(account, stated, log),
        Explanation(code="royalties", amount=terms["royalties"], values=_lines(stated, "royalty")),
        Explanation(
            code="adjustments", amount=terms["adjustments"], values=_lines(stated, "adjustment")
        ),
        _recouped(connection, account, terms, log),
        _reserve_withheld(account, terms, log),
        Explanation(
            code="reserve_released",
            amount=terms["reserve_released"],
            parts=[
                Explanation(
                    code="reserve",
                    amount=money(one["amount_micros"]),
                    values={"withheld_in": one["period"], "due": one["due_period"]},
                )
                for one in reserves
            ],
        ),
        Explanation(code="available", amount=terms["available"]),
        Explanation(
            code="due",
            amount=terms["due"],
            values={
                "threshold": money(account["threshold_micros"]),
                "minor_unit": money(account["minor_micros"]),
            },
            parts=log.node("agreed", account["threshold_seq"], field="payment_threshold"),
        ),
        Explanation(
            code="withholding",
            amount=terms["withholding"],
            values={"due": terms["due"], "rate": share(account["withholding_rate_ppm"])},
            parts=log.node("registered", account["registration_seq"]),
        ),
        Explanation(code="payable", amount=terms["payable"]),
        Explanation(code="carried", amount=terms["carried"]),
    ]
    values = {"period": stated["period"], "contributor_id": stated["contributor_id"]}
    root = Explanation(
        code="statement",
        amount=stated["payable"],
        currency=stated["currency"],
        values=values,
        parts=parts,
    )
    return root, all(stated.get(name, amount) == amount for name, amount in terms.items())


def _terms(account: explained.Row, reserves: list[explained.Row]) -> dict[str, str]:
    """Compute the terms of a statement from what it starts from, apart from the close's SQL."""
    opening, royalties, adjustments, outstanding = (
        int(account[f"{name}_micros"])
        for name in ("opening", "royalties", "adjustments", "outstanding")
    )
    earned = royalties + adjustments
    recouped = min(max(opening + earned, 0), outstanding)
    reservable = max(min(earned - recouped, opening + earned - recouped), 0)
    withheld = floor_div(reservable * account["reserve_rate_ppm"], PPM)
    released = sum(int(one["amount_micros"]) for one in reserves)
    available = opening + earned - recouped - withheld + released
    minor = account["minor_micros"]
    units = floor_div(available, minor)
    if units <= 0 or units * minor < account["threshold_micros"]:
        units = 0
    withholding = half_even(units * account["withholding_rate_ppm"], PPM) * minor
    due = units * minor
    amounts = {
        "opening": opening,
        "royalties": royalties,
        "adjustments": adjustments,
        "recouped": recouped,
        "reservable": reservable,
        "reserve_withheld": withheld,
        "reserve_released": released,
        "available": available,
        "due": due,
        "withholding": withholding,
        "payable": due - withholding,
        "carried": available - due,
    }
    return {name: money(micros) for name, micros in amounts.items()}


def _lines(stated: dict[str, Any], kind: str) -> dict[str, str]:
    return {"lines": str(sum(line["kind"] == kind for line in stated["lines"]))}


def _opening(account: explained.Row, stated: dict[str, Any], log: Log) -> Explanation:
    values, parts = {}, []
    if account["opening_period"]:
        values["carried_by"] = f"{account['opening_period']}/{stated['contributor_id']}"
    if account["converted_from"]:
        parts = [
            Explanation(
                code="converted",
                amount=money(account["converted_opening_micros"]),
                currency=account["converted_from"],
                values={
                    "from_rate": account["converted_from_rate"],
                    "to_rate": account["converted_to_rate"],
                },
                parts=[
                    *log.node("registered", account["registration_seq"]),
                    *log.node("rates_published", account["converted_seq"]),
                ],
            )
        ]
    return Explanation(
        code="opening", amount=money(account["opening_micros"]), values=values, parts=parts
    )


def _recouped(
    connection: duckdb.DuckDBPyConnection,
    account: explained.Row,
    terms: dict[str, str],
    log: Log,
) -> Explanation:
    advances = [
        Explanation(
            code="advance",
            amount=money(one["amount_micros"]),
            currency=one["currency"],
            values={"advance_id": one["advance_id"]},
            events=log.events([one["seq"]]),
        )
        for one in explained.rows(connection, "explained_advance")
    ]
    return Explanation(
        code="recouped",
        amount=terms["recouped"],
        values={"outstanding": money(account["outstanding_micros"])},
        parts=advances,
    )


def _reserve_withheld(account: explained.Row, terms: dict[str, str], log: Log) -> Explanation:
    values = {"of": terms["reservable"], "rate": share(account["reserve_rate_ppm"])}
    if account["reserve_due_period"]:
        values["due"] = account["reserve_due_period"]
    return Explanation(
        code="reserve_withheld",
        amount=terms["reserve_withheld"],
        values=values,
        parts=log.node("agreed", account["reserve_rate_seq"], field="reserve_rate"),
    )
