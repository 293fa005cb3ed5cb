"""Explains a line: what the contributor is owed, from whom, and what it is in the statement."""

from collections import defaultdict
from typing import Any, Final

import duckdb

from pipelines.explain.nodes import MILLI_DIGITS, PPM_DIGITS, Log, decimal, money, share
from pipelines.lake import explained
from pipelines.royalties.lineage import LONGEST_WAY, PPM
from pipelines.royalties.money import MICRO_DIGITS
from pipelines.royalties.rounding import floor_div, half_even
from schemas.decimals import scaled
from schemas.explanation import Explanation

RATE_DIGITS: Final = 10
MOST_WAYS: Final = 100
"""So many ways from a pool's version to one of its bases are named."""

Version = tuple[str, str]


def explain_line(
    connection: duckdb.DuckDBPyConnection, line: dict[str, Any], log: Log
) -> tuple[Explanation, bool]:
    """Return what a line's entitlement comes from, and whether that adds up to what it states.

    The line's key is staged, as is the close that issued it.
    """
    explained.stage_line(connection)
    if line["basis"] == "direct":
        parts, total, is_equal = _licences(connection, line, log)
    else:
        parts, total, is_equal = _pool(connection, line, log)
    root = Explanation(
        code="entitlement", amount=money(total), currency=line["currency"], parts=parts
    )
    return root, is_equal and money(total) == line["corrected"]


def explain_conversion(
    connection: duckdb.DuckDBPyConnection, line: dict[str, Any], currency: str, log: Log
) -> tuple[Explanation, bool]:
    """Return how a line's delta became its amount, and whether that comes out as it is stated."""
    delta, fx = scaled(line["delta"], MICRO_DIGITS), line["fx"]
    values = {"delta": line["delta"]}
    parts: list[Explanation] = []
    is_found = True
    if fx is None:
        amount = delta
    elif "credited" in fx:
        values |= {"credited": fx["credited"], "stated": line["original"]}
        credited, stated = (
            scaled(text, MICRO_DIGITS) for text in (fx["credited"], line["original"])
        )
        amount = half_even(credited * delta, stated)
    else:
        values |= {"from_rate": fx["from_rate"], "to_rate": fx["to_rate"], "date": fx["date"]}
        to_rate, from_rate = (
            scaled(text, RATE_DIGITS) for text in (fx["to_rate"], fx["from_rate"])
        )
        amount = half_even(delta * to_rate, from_rate)
        rates = explained.rows(connection, "explained_line")
        is_found = [fx] == [_as_stated(row) for row in rates]
        parts = [node for row in rates for node in log.node("rates_published", row["fx_seq"])]
    root = Explanation(
        code="conversion", amount=money(amount), currency=currency, values=values, parts=parts
    )
    return root, is_found and money(amount) == line["amount"]


def _as_stated(rates: explained.Row) -> dict[str, str]:
    """Return rates as a line states them."""
    return {
        "base": rates["fx_base"],
        "date": rates["fx_on"].isoformat(),
        "from_rate": rates["fx_from_rate"],
        "to_rate": rates["fx_to_rate"],
    }


Found = tuple[list[Explanation], int, bool]


def _licences(connection: duckdb.DuckDBPyConnection, line: dict[str, Any], log: Log) -> Found:
    nodes, total, is_equal = [], 0, True
    licences = explained.rows(connection, "explained_licence")
    log.know(one["seq"] for one in licences)
    for one in licences:
        owned = one["fee_micros"] * one["share_ppm"]
        rated = floor_div(owned * one["rate_ppm"], PPM * PPM)
        floor = floor_div(one["floor_micros"] * one["share_ppm"], PPM)
        royalty = min(max(rated, floor), floor_div(owned, PPM))
        is_equal = is_equal and royalty == one["amount_micros"]
        total += royalty
        values = {
            "licence_id": one["licence_id"],
            "use": one["use"],
            "fee": money(one["fee_micros"]),
            "share": share(one["share_ppm"]),
            "rate": share(one["rate_ppm"]),
        }
        if one["use"] == "download":
            values["download_number"] = str(one["download_number"])
        if one["floor_micros"]:
            values["floor"] = money(one["floor_micros"])
        field = "direct_levels" if one["use"] == "download" else "training_share"
        nodes.append(
            Explanation(
                code="licence",
                amount=money(royalty),
                currency=line["currency"],
                values=values,
                events=log.events([one["seq"]]),
                parts=[
                    *log.node("agreed", one["rate_seq"], field=field),
                    *log.node("agreed", one["floor_seq"], field="direct_floor"),
                ],
            )
        )
    return nodes, total, is_equal


def _pool(connection: duckdb.DuckDBPyConnection, line: dict[str, Any], log: Log) -> Found:
    found = explained.rows(connection, "explained_pool")
    if not found:  # it is gone, and what was stated of it is taken back
        return [], 0, True
    (pool,) = found
    payments = explained.payments(connection, log.most)
    shared = sum(int(one["paid_micros"]) * one["share_ppm"] for one in payments)
    is_equal = floor_div(shared, PPM) == pool["amount_micros"]
    nodes = [
        Explanation(
            code="pool",
            amount=money(pool["amount_micros"]),
            currency=line["currency"],
            values={
                "model_id": pool["model_id"],
                "version": pool["version"],
                "rest": money(pool["rest_micros"]),
            },
            parts=[_paid(one, line, log) for one in payments],
        )
    ]
    own = pool["model_id"], pool["version"]
    ways = _Ways(own, explained.base_ways(connection))
    weighed = explained.weighed_versions(connection)
    images: dict[int, list[explained.Row]] = defaultdict(list)
    for image in explained.rows(connection, "explained_image", "part_id, image_id"):
        images[image["part_id"]].append(image)
    log.know(image["licence_seq"] for of_part in images.values() for image in of_part)
    attributed: dict[int, list[explained.Row]] = defaultdict(list)
    for attribution in explained.attributions(connection):
        attributed[attribution["part_id"]].append(attribution)
    total = 0
    for part in explained.rows(connection, "explained_part", "part_id"):
        used, by = images[part["part_id"]], attributed[part["part_id"]]
        total += int(part["amount_micros"])
        is_equal = is_equal and _is_split(part, used) and _is_attributed(part, by)
        node = _part(part, used, line, ways, log)
        if node.code == "manifest" and (part["model_id"], part["version"]) not in weighed:
            node.values["weights"] = "kept"
        node.parts[:0] = [_attribution(one, line, log) for one in by]
        nodes.append(node)
    return nodes, total, is_equal


def _paid(one: explained.Row, line: dict[str, Any], log: Log) -> Explanation:
    events = log.events(one["seqs"], one["paid"])
    events.count = one["payments"]
    return Explanation(
        code="payments",
        amount=money(one["paid_micros"]),
        currency=line["currency"],
        values={"share": share(one["share_ppm"])},
        events=events,
        parts=log.node("agreed", one["share_seq"], field=f"{line['basis']}_share"),
    )


def _is_split(part: explained.Row, images: list[explained.Row]) -> bool:
    """Return whether a part's claim is that of its images, and its share floored, or one more."""
    weighed = sum(
        one["share_ppm"] * (1 if one["weight_milli"] is None else one["weight_milli"])
        for one in images
    )
    floor = floor_div(int(part["part_micros"]) * part["weight"], part["total_weight"])
    leftover = int(part["amount_micros"]) - floor
    return weighed == part["weight"] and floor == part["floor_micros"] and leftover in {0, 1}


def _is_attributed(part: explained.Row, by: list[explained.Row]) -> bool:
    """Return whether an attributed image's part is what its generations attribute to it."""
    if part["image_id"] is None:
        return not by
    owed = sum(int(one["paid_micros"]) * one["share_ppm"] * one["attributed_ppm"] for one in by)
    return floor_div(owed, PPM * PPM) == int(part["part_micros"])


def _attribution(one: explained.Row, line: dict[str, Any], log: Log) -> Explanation:
    return Explanation(
        code="attribution",
        amount=money(one["paid_micros"]),
        currency=line["currency"],
        values={"share": share(one["share_ppm"]), "attributed": share(one["attributed_ppm"])},
        events=log.events(one["seqs"], one["paid"]),
    )


def _part(
    part: explained.Row,
    images: list[explained.Row],
    line: dict[str, Any],
    ways: "_Ways",
    log: Log,
) -> Explanation:
    digits = PPM_DIGITS + (MILLI_DIGITS if part["image_id"] is None else 0)
    values = {
        "part": money(part["part_micros"]),
        "weight": decimal(part["weight"], digits),
        "total_weight": decimal(part["total_weight"], digits),
        "floor": money(part["floor_micros"]),
        "leftover": money(part["amount_micros"] - part["floor_micros"]),
    }
    if part["image_id"] is None:
        version = part["model_id"], part["version"]
        values |= {"model_id": version[0], "version": version[1]}
        if named := ways.to(version):
            values["ways"] = named
    else:
        values["image_id"] = part["image_id"]
    return Explanation(
        code="manifest" if part["image_id"] is None else "attributed_image",
        amount=money(part["amount_micros"]),
        currency=line["currency"],
        values=values,
        parts=[_image(one, log) for one in images],
    )


def _image(one: explained.Row, log: Log) -> Explanation:
    values = {
        "image_id": one["image_id"],
        "licence_id": one["licence_id"],
        "share": share(one["share_ppm"]),
    }
    if one["weight_milli"] is not None:
        values["weight"] = decimal(one["weight_milli"], MILLI_DIGITS)
    return Explanation(code="image", values=values, events=log.events([one["licence_seq"]]))


class _Ways:
    """The ways from a pool's version to those that it was built on, as text."""

    def __init__(self, own: Version, bases: list[tuple[str, str, str, str, int]]) -> None:
        self._own = own
        self._bases: dict[Version, list[tuple[Version, int]]] = defaultdict(list)
        for model_id, version, base, base_version, ppm in bases:
            self._bases[model_id, version].append(((base, base_version), ppm))

    def to(self, wanted: Version) -> str:
        """Name the ways to a version, each with the shares that it passes; none to the own one."""
        if wanted == self._own:
            return ""
        found: list[str] = []
        waiting = [(self._own, _name(self._own), 1)]
        while waiting and len(found) < MOST_WAYS:
            version, way, length = waiting.pop()
            if version == wanted:
                found.append(way)
            elif length < LONGEST_WAY:
                waiting.extend(
                    (base, f"{way} > {_name(base)} ({share(ppm)})", length + 1)
                    for base, ppm in self._bases[version]
                )
        return "; ".join(sorted(found))


def _name(version: Version) -> str:
    return "@".join(version)
