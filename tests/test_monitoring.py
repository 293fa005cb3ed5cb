"""What those who watch over a warehouse read of it."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import NotFoundError
from pipelines.lake.warehouse import Warehouse
from pipelines.monitoring import look
from tests.conftest import Run
from tests.marketplace import Events, small
from tests.outputs import stored

MONTHS = [f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13)]


@pytest.mark.thorough
def test_a_close_is_seen_as_it_was(manyhands: Run, tmp_path: Path) -> None:
    """The next close is due where the next period ends, with the grace days; amounts are exact."""
    manyhands("init", "--grace-days=2")
    manyhands(
        "ingest", small(Events()).write(tmp_path / "e.ndjson"), "--as-of=2026-02-01T00:00:00Z"
    )
    closed = manyhands("close", "--period=2026-01", "--as-of=2026-03-01T00:00:00Z", "--json").json
    seen = look(Warehouse(tmp_path / "warehouse"))
    held = manyhands("status", "--json").json["held"]

    assert 10 == seen.head
    assert {"2026-01": closed["closes"][0]["statements"]} == seen.statements
    assert {"input", "gate", "seal", "statement"} <= {step for _, step in seen.steps}
    assert datetime(2026, 3, 3) == seen.next_close_due_at  # noqa: DTZ001  naive in UTC
    assert datetime(2026, 2, 1) == seen.recorded_at  # noqa: DTZ001
    assert {("unlicensed_image", "USD")} == set(seen.held)
    assert Decimal(held["unlicensed_image"]["USD"]) == seen.held["unlicensed_image", "USD"]


def test_the_last_twelve_closes_are_seen(tmp_path: Path) -> None:
    """Steps of earlier ones stay in the warehouse."""
    steps = [{"period": month, "step": "gate", "milliseconds": 1_500} for month in MONTHS]
    closes = [stored.closed(month, 1) for month in MONTHS]
    folder = stored.make(tmp_path / "w", {"period_close": closes, "close_step": steps})
    seen = look(Warehouse(folder))

    assert MONTHS[12:] == sorted(seen.statements)
    assert {(month, "gate"): 1_500 for month in MONTHS[12:]} == seen.steps


def test_an_empty_warehouse_has_nothing_to_see(manyhands: Run, tmp_path: Path) -> None:
    """No batch, no close, and none that is due."""
    manyhands("init")
    seen = look(Warehouse(tmp_path / "warehouse"))

    assert (0, None, {}, {}, None) == (
        seen.head,
        seen.recorded_at,
        seen.dead_letters,
        seen.held,
        seen.next_close_due_at,
    )


def test_a_warehouse_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A look changes nothing."""
    with pytest.raises(NotFoundError):
        look(Warehouse(tmp_path / "w"))

    assert [] == list(tmp_path.iterdir())
