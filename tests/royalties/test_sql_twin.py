"""Money in SQL is divided, split, rounded and written as it is in Python (SPEC §10)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake import sql
from pipelines.royalties.money import from_micros, to_micros
from pipelines.royalties.rounding import floor_div, half_even
from pipelines.royalties.splitting import split

LIMIT = 10**38 - 1

wholes = (
    st.integers(-LIMIT, LIMIT)
    | st.integers(-20, 20)
    | st.integers(-(2**64), 2**64)
    | st.sampled_from([LIMIT, -LIMIT, 2**63 - 1, 2**63, -(2**63)])
)
pairs = st.lists(st.tuples(wholes, wholes.filter(bool)), min_size=1, max_size=50)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with our macros, as every connection of ours has them."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in sql.names("functions"):
            connection.execute(sql.text("functions", name))
        yield connection


def over(
    database: duckdb.DuckDBPyConnection, expression: str, drawn: list[tuple[int, int]], kind: str
) -> list[object]:
    """Compute an expression of the columns n and d, of type `kind`, for each pair in order."""
    rows = database.execute(
        f"SELECT {expression} FROM (SELECT CAST(unnest($n) AS {kind}) AS n,"
        f" CAST(unnest($d) AS {kind}) AS d)",
        {"n": [str(n) for n, _ in drawn], "d": [str(d) for _, d in drawn]},
    ).fetchall()
    return [value for (value,) in rows]


@pytest.mark.parametrize("kind", ["HUGEINT", "DECIMAL(38, 0)"])
@given(drawn=pairs)
def test_both_floor_alike(
    database: duckdb.DuckDBPyConnection, kind: str, drawn: list[tuple[int, int]]
) -> None:
    """Up to 38 digits and of either sign, the floors are the same."""
    expected = [floor_div(n, d) for n, d in drawn]
    assert expected == over(database, "floor_div(n, d)", drawn, kind)


@pytest.mark.parametrize("kind", ["HUGEINT", "DECIMAL(38, 0)"])
@given(drawn=pairs)
def test_both_round_half_to_even_alike(
    database: duckdb.DuckDBPyConnection, kind: str, drawn: list[tuple[int, int]]
) -> None:
    """Up to 38 digits and of either sign, what is rounded is the same."""
    expected = [half_even(n, d) for n, d in drawn]
    assert expected == over(database, "half_even(n, d)", drawn, kind)


@given(
    drawn=st.lists(st.tuples(st.integers(-50, 50), st.sampled_from([-4, -2, 2, 4, 6])), min_size=1)
)
def test_both_round_ties_alike(
    database: duckdb.DuckDBPyConnection, drawn: list[tuple[int, int]]
) -> None:
    """Halves, of which small numbers have many, go to the even neighbour in both."""
    expected = [half_even(n, d) for n, d in drawn]
    assert expected == over(database, "half_even(n, d)", drawn, "BIGINT")


@pytest.mark.parametrize("division", ["floor_div", "half_even"])
@pytest.mark.parametrize("numerator", [0, 1, -1])
def test_a_division_by_zero_is_an_error(
    database: duckdb.DuckDBPyConnection, division: str, numerator: int
) -> None:
    """Neither gives null, as `//` would."""
    with pytest.raises(duckdb.InvalidInputException, match="out of range: a division by 0"):
        over(database, f"{division}(n, d)", [(numerator, 0)], "HUGEINT")


@given(drawn=pairs)
def test_a_product_is_exact_or_an_error_that_names_it(
    database: duckdb.DuckDBPyConnection, drawn: list[tuple[int, int]]
) -> None:
    """Up to 38 digits the product is exact; above, the error says of what, and what to do."""
    for n, d in drawn:
        if abs(n * d) <= LIMIT:
            assert [n * d] == over(database, "exact_product(n, d, 'a')", [(n, d)], "HUGEINT")
        else:
            with pytest.raises(duckdb.InvalidInputException) as caught:
                over(database, "exact_product(n, d, 'pool ' || 1)", [(n, d)], "HUGEINT")
            assert (
                "out of range: pool 1: a product has more than 38 digits;"
                " reverse the event that made it" in str(caught.value)
            )


def test_a_product_is_refused_from_39_digits_on(database: duckdb.DuckDBPyConnection) -> None:
    """The limit is 38 digits, not what a HUGEINT can hold, and of either sign."""
    assert [LIMIT] == over(database, "exact_product(n, d, 'a')", [(LIMIT, 1)], "DECIMAL(38, 0)")
    for n, d in ((10**19, 10**19), (10**19, -(10**19)), (LIMIT, LIMIT)):
        with pytest.raises(duckdb.InvalidInputException, match="out of range: a:"):
            over(database, "exact_product(n, d, 'a')", [(n, d)], "HUGEINT")


def test_one_product_out_of_range_is_named_among_many(
    database: duckdb.DuckDBPyConnection,
) -> None:
    """The error names the row that it stands in, also where the product is used twice."""
    drawn = [(number, 10) for number in range(3_000)] + [(LIMIT, 7)]
    product = "exact_product(n, d, 'row ' || d)"
    with pytest.raises(duckdb.InvalidInputException, match="out of range: row 7:"):
        over(database, f"half_even({product}, d) + {product}", drawn, "HUGEINT")


def test_a_product_with_nothing_is_nothing(database: duckdb.DuckDBPyConnection) -> None:
    """Null is not out of range."""
    row = database.execute("SELECT exact_product(NULL, 1, 'a'), exact_product(1, NULL, 'a')")
    assert (None, None) == row.fetchone()


around_60_bits = st.integers(-3, 3).map(lambda beside: 2**60 + beside)
claim_weights = st.one_of(
    st.lists(st.integers(1, 10**12) | st.integers(1, 5), min_size=1, max_size=12),
    # in all about as much as divides a part once, of which one claim is nearly all
    st.tuples(around_60_bits, st.lists(st.integers(1, 5), max_size=4)).map(
        lambda drawn: [drawn[0] - sum(drawn[1]), *drawn[1]]
    ),
)
parts = st.lists(
    st.tuples(st.integers(0, 10**18) | st.integers(0, 50) | around_60_bits, claim_weights),
    min_size=1,
    max_size=8,
)


@given(drawn=parts)
def test_both_split_alike(
    database: duckdb.DuckDBPyConnection, drawn: list[tuple[int, list[int]]]
) -> None:
    """Each part of each amount is the same, ties and all, and the parts sum to the amount."""
    rows = [
        (part, f"i{place:02}", amount, weight)
        for part, (amount, over) in enumerate(drawn)
        for place, weight in enumerate(over)
    ]
    columns = [list(column) for column in zip(*reversed(rows), strict=True)]
    database.execute(
        "CREATE OR REPLACE TABLE drawn AS SELECT *, 'pool' AS pool_name FROM (SELECT"
        " unnest($parts) AS part_id, unnest($claimants) AS claimant,"
        " CAST(unnest($amounts) AS DECIMAL(38, 0)) AS amount_micros,"
        " CAST(unnest($weights) AS HUGEINT) AS weight)",
        dict(zip(("parts", "claimants", "amounts", "weights"), columns, strict=True)),
    )
    found = database.execute(
        "SELECT amount_micros FROM split_claims('drawn') ORDER BY part_id, claimant"
    ).fetchall()

    expected = [part for amount, over in drawn for part in split(amount, over)]
    assert expected == [micros for (micros,) in found]
    assert sum(amount for amount, _ in drawn) == sum(expected)


@pytest.mark.parametrize("kind", ["HUGEINT", "DECIMAL(38, 0)"])
@given(drawn=pairs)
def test_both_write_money_alike(
    database: duckdb.DuckDBPyConnection, kind: str, drawn: list[tuple[int, int]]
) -> None:
    """Micros up to 38 digits and of either sign have one text."""
    expected = [from_micros(n) for n, _ in drawn]
    assert expected == over(database, "money_text(n)", drawn, kind)


@given(st.integers(0, 10**18 - 1))
def test_both_read_amounts_alike(database: duckdb.DuckDBPyConnection, micros: int) -> None:
    """An amount has the same micros, with its trailing zeros and without."""
    text = from_micros(micros)
    for amount in (text, text.rstrip("0").rstrip(".")):
        assert (to_micros(amount),) == database.execute(
            "SELECT micros($t)", {"t": amount}
        ).fetchone()


@pytest.mark.parametrize(
    ("macro", "digits", "highest"),
    [("ppm", 6, 10**6), ("milli", 3, 10**6), ("rate_e10", 10, 10**17 - 1)],
)
@given(st.data())
def test_decimals_are_read_exactly(
    database: duckdb.DuckDBPyConnection, macro: str, digits: int, highest: int, data: st.DataObject
) -> None:
    """Shares, rates and weights are whole numbers of their smallest unit."""
    whole = data.draw(st.integers(0, highest) | st.just(highest))
    text = format(Decimal(whole).scaleb(-digits), "f")
    for decimal in (text, text.rstrip("0").rstrip(".")):
        row = database.execute(f"SELECT {macro}($t)", {"t": decimal}).fetchone()
        assert (whole,) == row


@given(
    st.datetimes(
        datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31T23:59:59.999999")
    )
)
def test_an_instant_is_read_to_the_microsecond(
    database: duckdb.DuckDBPyConnection, at: datetime
) -> None:
    """A canonical instant is the same in the warehouse, whatever the session's time zone."""
    text = at.isoformat(timespec="microseconds") + "Z"
    assert (at,) == database.execute("SELECT instant($t)", {"t": text}).fetchone()
