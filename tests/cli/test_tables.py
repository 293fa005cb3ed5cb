"""Tables for people."""

from decimal import Decimal
from io import StringIO

from pipelines.cli.tables import plain, write_table


def _table(headings: tuple[str, ...], *rows: tuple[object, ...]) -> list[str]:
    stream = StringIO()
    write_table(stream, headings, rows)
    return stream.getvalue().splitlines()


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    """Null is empty; a line has no blanks at its end."""
    expected = [
        "id       amount  note",
        "ana    1.500000",
        "benno     -7.00  x",
    ]

    assert expected == _table(
        ("id", "amount", "note"), ("ana", Decimal("1.500000"), None), ("benno", "-7.00", "x")
    )


def test_a_table_without_rows_has_its_headings() -> None:
    """An empty answer still says what it would tell."""
    assert ["a  b"] == _table(("a", "b"))


def test_rows_beyond_those_measured_are_written_too() -> None:
    """However many there are; only the first set the widths."""
    lines = _table(("n",), *((number,) for number in range(2_500)))

    assert 2_501 == len(lines)


def test_nothing_from_an_event_can_steer_a_terminal() -> None:
    """Escapes, line ends and marks of direction stand as their codes; letters stay."""
    assert r"\x1b[31mred\x07 \r\n\u202e ä 漢" == plain("\x1b[31mred\x07 \r\n\u202e ä 漢")


def test_values_are_shown_as_in_json() -> None:
    """Truth, lists and bytes look as they do in a document."""
    assert ["true", '["1"]', '{"a": 1}', "/w=="] == [
        plain(value) for value in (True, [Decimal(1)], {"a": 1}, b"\xff")
    ]
