"""A statement and its sealed bytes (SPEC §6, §7.2)."""

import json
from hashlib import sha256

import pytest
from pydantic import ValidationError

from schemas.statement import Statement
from tests import scenario

CLOSES = [(name, close) for name in scenario.NAMES for close in scenario.read(name)[1]["closes"]]


@pytest.mark.parametrize("name", sorted({name for name, _close in CLOSES}))
def test_sealed_statements_hash_to_the_digest_of_their_close(name: str) -> None:
    """The bytes of a worked case's statements give the digests that it names, chained."""
    previous = "0" * 64

    for close in scenario.read(name)[1]["closes"]:
        digest = sha256(f"{previous}\n{close['period']}\n".encode())
        for statement in map(Statement.model_validate, close["statements"]):
            seal = sha256(statement.sealed()).hexdigest()
            digest.update(f"{statement.contributor_id} {seal}\n".encode())
        previous = digest.hexdigest()
        assert close["digest"] == previous


@pytest.mark.parametrize("amount", ["1", "1.00000", "1.0000000", "+1.000000", "01.000000", 1.0])
def test_money_has_six_decimals(amount: object) -> None:
    """Money in another shape is no statement's."""
    (statement, *_) = next(close["statements"] for _name, close in CLOSES if close["statements"])

    with pytest.raises(ValidationError, match="a string with 6 decimals"):
        Statement.model_validate({**statement, "payable": amount})


def test_a_statement_is_sealed_as_it_is_shown() -> None:
    """Sealed bytes are ASCII, with sorted keys and no spaces, and read back to the statement."""
    (statement, *_) = next(close["statements"] for _name, close in CLOSES if close["statements"])

    sealed = Statement.model_validate(statement).sealed()

    assert statement == json.loads(sealed)
    assert list(statement) == sorted(set(Statement.model_fields) - {"converted"})
    assert json.dumps(statement, sort_keys=True, separators=(",", ":")).encode() == sealed


def test_a_statement_that_changes_its_currency_says_so_where_its_name_stands() -> None:
    """`converted` stands in the order of the names, with `from`; the other statements lack it."""
    (_, close, *_) = scenario.read("change_of_currency")[1]["closes"]

    for statement in close["statements"]:
        sealed = Statement.model_validate(statement).sealed()
        assert statement == json.loads(sealed)
        assert sorted(Statement.model_fields) == list(json.loads(sealed))
        assert "BGN" == statement["converted"]["from"]
