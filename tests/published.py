"""A marketplace with two closed months, and what its destinations were sent."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conftest import run
from tests.emulator import Emulator, wait_until
from tests.marketplace import Events, small

CLOSED = ("2026-01", "2026-02")
STATEMENTS = ["2026-01/ana", "2026-01/ben", "2026-02/ana", "2026-02/ben"]
MARCH = "--as-of=2026-03-01T00:00:00Z"
APRIL = "--as-of=2026-04-01T00:00:00Z"


def marketplace(folder: Path, *, closed: bool = True) -> Path:
    """Make a warehouse with something to state for January, February and March, two closed."""
    warehouse = f"--warehouse={folder / 'warehouse'}"
    events = small(Events())
    for month in ("02", "03"):
        rates = {"base": "EUR", "date": f"2026-{month}-05", "rates": {"USD": "1.1"}}
        events.add("fx-rates-published", rates, f"2026-{month}-05T00:00:00Z")
        events.generation("1", "12.34", time=f"2026-{month}-10T00:00:00Z")
    path = events.write(folder / "events.ndjson")
    assert 0 == run(["ingest", path, warehouse, APRIL]).code
    if closed:
        assert 0 == run(["close", "--due", warehouse, MARCH]).code
    return folder / "warehouse"


def sealed(folder: Path) -> dict[str, bytes]:
    """Return the sealed bytes of all statements, by their ids."""
    listed = rows(folder, "SELECT statement_id FROM statement ORDER BY ALL")
    shown = {
        name: run(["statements", "show", name, f"--warehouse={folder}", "--json"])
        for (name,) in listed
    }
    return {name: one.stdout.rstrip("\n").encode("ascii") for name, one in shown.items()}


def rows(folder: Path, sql: str) -> list[list[Any]]:
    """Return the rows of a query, as lists, their columns by name."""
    found = run(["query", sql, f"--warehouse={folder}", "--json"]).json
    return [[row[name] for name in sorted(row)] for row in found]


def recorded(folder: Path, destination: str) -> list[list[str]]:
    """Return which statements a warehouse says that a destination has, and what became of each."""
    query = "SELECT statement_id, outcome AS was FROM publication WHERE destination = "
    return rows(folder, f"{query}'{destination}' ORDER BY ALL")


def in_file(path: Path) -> list[str]:
    """Return the ids of the statements in a file of events, in its order."""
    return [json.loads(line)["data"]["statement_id"] for line in path.read_bytes().splitlines()]


def drained(emulator: Emulator, subscription: str, least: int) -> list[Any]:
    """Pull messages until there are so many, and then all that are left."""
    messages: list[Any] = []

    def is_drained() -> bool:
        pulled = emulator.pull(subscription)
        messages.extend(one.message for one in pulled)
        return not pulled and len(messages) >= least

    wait_until(is_drained, 30, f"{least} messages came, and then none")
    return messages


def statement_ids(messages: Sequence[Any]) -> list[str]:
    """Return the ids of the statements in messages, sorted: Pub/Sub keeps no order."""
    return sorted(json.loads(message.data)["statement_id"] for message in messages)
