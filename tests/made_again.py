"""A worked case's warehouse, and another one that was made again from its log."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import scenario
from tests.conftest import run

NEXT = "--as-of=2030-01-01T00:00:00Z"


def as_target(words: Sequence[str], folder: Path) -> list[str]:
    """Return words that name a warehouse in PostgreSQL as those that name where it is made."""
    named = [word.replace("--schema=", "--to-schema=") for word in words]
    named = [word.replace("--warehouse=", "--to=") for word in named]
    named = [word.replace("--password-file=", "--to-password-file=") for word in named]
    return [*named, f"--to-data-path={folder}"]


def answers(words: Sequence[str], period: str) -> list[Any]:
    """Return what a warehouse says of what was issued, held, received and refused."""
    asked: list[list[str]] = [
        ["statements", "list", f"--period={period}"],
        ["held", f"--period={period}"],
        ["deadletter", "list"],
        ["query", "SELECT * FROM period_close ORDER BY ALL"],
        ["query", "SELECT * EXCLUDE (body) FROM event ORDER BY seq"],
        ["query", "SELECT * FROM ingest_batch ORDER BY ALL"],
        ["query", "SELECT * FROM manifest_entry ORDER BY ALL"],
        ["query", "SELECT * FROM row_sum ORDER BY ALL"],
    ]
    return [run([*one, *words, "--json"]).json for one in asked]


def insist_on_same(old: Sequence[str], new: Sequence[str], name: str) -> None:
    """Insist that two warehouses say the same, also of the close that comes next."""
    _, expected = scenario.read(name)
    periods = [close["period"] for close in expected["closes"]]
    for period in periods:
        assert answers(old, period) == answers(new, period)
    closed = [run(["close", "--dry-run", "--due", NEXT, *words, "--json"]) for words in (old, new)]
    assert closed[0].code == closed[1].code
    assert closed[0].stdout == closed[1].stdout
