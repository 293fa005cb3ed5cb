"""A close doesn't build on what was edited in a warehouse since it was written or sealed."""

import shutil
from pathlib import Path

import pytest

from pipelines.errors import GateError
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from tests import scenario
from tests.conftest import run
from tests.everyday import one_of
from tests.made_once import MadeOnce

CASE = "change_of_currency"
"""Its closes have advances, reserves, take-backs, and accounts that change their currency."""

STATEMENTS = (
    "UPDATE warehouse.statement SET carried_micros = carried_micros + 1",
    "UPDATE warehouse.statement SET opening_micros = opening_micros + 1",
    "UPDATE warehouse.statement SET recouped_micros = 0 WHERE recouped_micros > 0",
    "UPDATE warehouse.statement SET reserve_withheld_micros = reserve_withheld_micros * 2",
    "UPDATE warehouse.statement SET reserve_due_period = '2030-01'",
    "UPDATE warehouse.statement SET reserve_released_micros = 1",
    "UPDATE warehouse.statement SET payable_micros = payable_micros + 10000",
    "UPDATE warehouse.statement SET withholding_micros = withholding_micros + 1",
    "UPDATE warehouse.statement SET currency = 'GBP'",
    "UPDATE warehouse.statement SET converted_to_rate = '2'",
    "UPDATE warehouse.statement SET sealed = encode('{}')",
    "UPDATE warehouse.statement SET digest = sha256('')",
    "DELETE FROM warehouse.statement WHERE period < '2026-02'",
    "INSERT INTO warehouse.statement FROM warehouse.statement LIMIT 1",
)
LINES = (
    "UPDATE warehouse.statement_line SET delta_micros = delta_micros - 1",
    "UPDATE warehouse.statement_line SET amount_micros = amount_micros - 1",
    "UPDATE warehouse.statement_line SET fx_credited_micros = 1",
    "UPDATE warehouse.statement_line SET reference = 'other'",
    "DELETE FROM warehouse.statement_line WHERE period < '2026-02'",
    "INSERT INTO warehouse.statement_line FROM warehouse.statement_line LIMIT 1",
)
CLOSES = (
    "UPDATE warehouse.period_close SET digest = sha256('')",
    "UPDATE warehouse.period_close SET previous_digest = repeat('0', 64)",
    "UPDATE warehouse.period_close SET log_seq = log_seq - 1",
    "UPDATE warehouse.period_close SET ends_at = ends_at + INTERVAL 1 DAY",
    "UPDATE warehouse.period_close SET statements = statements + 1",
    "UPDATE warehouse.period_close SET log_digest = sha256('')",
    "UPDATE warehouse.period_close SET closed_at = closed_at - INTERVAL 1 DAY",
    "DELETE FROM warehouse.period_close WHERE period < '2026-02'",
    "DELETE FROM warehouse.event WHERE type = 'period-closed'",
)
FACTS = (
    "UPDATE warehouse.contributor SET withholding_rate_ppm = withholding_rate_ppm + 1",
    "UPDATE warehouse.contributor SET currency = 'USD'",
    "UPDATE warehouse.terms SET reserve_rate_ppm = 1",
    "UPDATE warehouse.image_licensed SET fee_micros = fee_micros + 1",
    "UPDATE warehouse.licence_contributor SET contributor_id = 'somebody'",
    "UPDATE warehouse.fx_rate SET rate_e10 = rate_e10 + 1",
    "UPDATE warehouse.advance SET amount_micros = amount_micros - 1",
    "DELETE FROM warehouse.advance",
    "DELETE FROM warehouse.fx_rate",
    "INSERT INTO warehouse.image_licensed FROM warehouse.image_licensed LIMIT 1",
    "DELETE FROM warehouse.row_sum",
)
LOG = (
    "DELETE FROM warehouse.event WHERE seq = 1",
    "UPDATE warehouse.event SET type = 'licence-revoked' WHERE type = 'image-licensed'",
    "UPDATE warehouse.ingest_batch SET accepted = accepted + 1, received = received + 1",
)
OLDER = {
    "DELETE FROM warehouse.statement_line WHERE period < '2026-02'",
    "INSERT INTO warehouse.statement_line FROM warehouse.statement_line LIMIT 1",
    "UPDATE warehouse.image_licensed SET fee_micros = fee_micros + 1",
    "UPDATE warehouse.licence_contributor SET contributor_id = 'somebody'",
    "INSERT INTO warehouse.image_licensed FROM warehouse.image_licensed LIMIT 1",
    "DELETE FROM warehouse.event WHERE seq = 1",
    "UPDATE warehouse.event SET type = 'licence-revoked' WHERE type = 'image-licensed'",
    "UPDATE warehouse.ingest_batch SET accepted = accepted + 1, received = received + 1",
}
"""Edits of what an earlier close read, and this one need not: a close that computes everything
looks at it, as `verify` does."""
EDITS = [edit for kind in (STATEMENTS, LINES, CLOSES, FACTS, LOG) for edit in one_of(12, kind)]


@pytest.fixture(scope="session")
def closed(made_once: MadeOnce) -> Path:
    """Return a worked case up to its last close, which is left to do; it is only copied."""
    steps, _ = scenario.read(CASE)

    def play(folder: Path) -> None:
        scenario.run({**steps, "steps": steps["steps"][:-1]}, folder, scenario.in_process)

    return made_once(f"all-but-the-last-of-{CASE}", play) / "warehouse"


def close(folder: Path, *flags: str) -> tuple[int, str]:
    """Close what the case closes last, and return the exit code and what it came to."""
    step = scenario.read(CASE)[0]["steps"][-1]
    words = ["close", f"--period={step['close']}", f"--as-of={step['as_of']}", "--json"]
    outcome = run([*words, f"--warehouse={folder}", *flags])
    return outcome.code, outcome.stdout + outcome.stderr


@pytest.mark.thorough
def test_a_warehouse_that_nobody_edited_closes(closed: Path, tmp_path: Path) -> None:
    """Without an edit the last close is that of the case."""
    shutil.copytree(closed, tmp_path / "warehouse")

    code, text = close(tmp_path / "warehouse")

    assert 0 == code
    assert scenario.read(CASE)[1]["closes"][-1]["digest"] in text


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.replace("warehouse.", ""))
def test_what_was_edited_is_not_built_on(closed: Path, tmp_path: Path, edit: str) -> None:
    """The gate stops the close, whatever row of a result, a fact or the log was edited.

    It says to restore them: to reverse events would move money.
    """
    folder = tmp_path / "warehouse"
    shutil.copytree(closed, folder)
    with connect(Warehouse(folder)) as connection:
        ((changed,),) = connection.execute(edit).fetchall()

    code, text = close(folder, *(["--full"] if edit in OLDER else []))

    assert changed > 0
    assert GateError.exit_code == code, text
    assert "restore it from a backup" in text
    assert "reverse the events" not in text
