"""How much is on its way to a topic at once."""

import pytest

from pipelines.outputs import topics
from pipelines.outputs.statement_issued import StatementIssued

TIME = "2026-11-01T00:00:00.000000Z"


def _events(*sizes: int) -> list[StatementIssued]:
    return [StatementIssued(f"2026-10/c{size}", "c", "d", TIME, b"x" * size) for size in sizes]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1, 1, 1], [[1, 1, 1]]),
        ([1, 1, 1, 1], [[1, 1, 1], [1]]),
        ([4, 5, 6, 7], [[4, 5, 6], [7]]),
        ([9, 1, 1, 1], [[9, 1], [1, 1]]),
        ([99, 1, 99], [[99], [1, 99]]),
    ],
)
def test_a_window_is_bounded_by_statements_and_bytes(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], expected: list[list[int]]
) -> None:
    """It ends with the statement that reaches three of them or ten bytes; none is left out."""
    monkeypatch.setattr(topics, "WINDOW_EVENTS", 3)
    monkeypatch.setattr(topics, "WINDOW_BYTES", 10)
    windows = topics._windows(iter(_events(*sizes)))

    assert expected == [[len(event.sealed) for event in window] for window in windows]
