"""Runs `explain` and insists on what holds of any explanation."""

from pathlib import Path
from typing import Any

from tests.conftest import run

Node = dict[str, Any]


def bridge_of(warehouse: Path, before: Node, after: Node) -> Node:
    """Explain two statements of a contributor beside each other; their parts sum exactly."""
    outcome = run(
        [
            "explain",
            f"--from={before['period']}",
            f"--to={after['period']}",
            "--json",
            f"--warehouse={warehouse}",
            "--contributor",
            "--",
            after["contributor_id"],
        ]
    )
    assert outcome.code == 0, outcome.stderr
    assert outcome.json["is_equal"] is True
    (node,) = [part for part in outcome.json["explanation"]["parts"] if part["code"] == "bridge"]
    insist_on_bridge(node)
    return dict(node)


def insist_on_bridge(node: Node) -> None:
    """Insist that a bridge's parts sum to it, and those of each of its lines to the line."""
    parts = [part for part in node["parts"] if "amount" in part]
    assert to_micros(node["amount"]) == sum(to_micros(part["amount"]) for part in parts)
    values = node["values"]
    paid = to_micros(values["to_payable"]) - to_micros(values["from_payable"])
    assert to_micros(node["amount"]) == paid
    for part in parts:
        if part["code"] == "royalty":
            amounts = [to_micros(factor["amount"]) for factor in part["parts"]]
            assert to_micros(part["amount"]) == sum(amounts)


def to_micros(text: str) -> int:
    """Read a statement's money in micros."""
    whole, _, fraction = text.lstrip("-").partition(".")
    micros = int(whole + fraction)
    return -micros if text.startswith("-") else micros
