"""A clock that the log speaks against closes and ingests nothing (SPEC §6, §7.3)."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import TryAgainError
from pipelines.lake.clock import AHEAD, BEHIND, check_clock
from pipelines.lake.closes import progress
from pipelines.lake.connection import connect
from pipelines.lake.creation import create
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence
from tests.conftest import Run, run
from tests.everyday import some_of
from tests.lake.sending import send
from tests.marketplace import Events, small
from tests.outputs import stored

TAKEN = datetime.fromisoformat("2026-02-20")
"""When the log took its events, all of January."""

TICK = timedelta(microseconds=1)
LONG_AGO = "2020-01-15T12:00:00Z"
AS_OF = "--as-of=2020-02-20T00:00:00Z"
IN_2099 = "--as-of=2099-01-01T00:00:00Z"


def _fill(folder: Path, setting: Setting) -> None:
    create(Warehouse(folder), setting)
    send(folder, small(Events()).events, now=TAKEN)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to a warehouse of months, of which January is due by TAKEN."""
    folder = tmp_path_factory.mktemp("months") / "warehouse"
    _fill(folder, Setting())
    with connect(Warehouse(folder)) as connection:
        yield connection


@pytest.mark.parametrize("now", [TAKEN - BEHIND, TAKEN, TAKEN + AHEAD], ids=str)
def test_a_clock_within_bounds_is_believed(
    connection: duckdb.DuckDBPyConnection, now: datetime
) -> None:
    """Two machines' clocks differ a little, and a log may rest for a month."""
    check_clock(connection, progress(connection), now)


@pytest.mark.parametrize("now", [TAKEN - BEHIND - TICK, TAKEN + AHEAD + TICK], ids=str)
def test_a_clock_beyond_bounds_is_not(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Both times are named, and how to go on where the clock is right."""
    with pytest.raises(TryAgainError) as caught:
        check_clock(connection, progress(connection), now)

    assert 75 == caught.value.exit_code
    for told in (now.isoformat(timespec="seconds"), "2026-02-20T00:00:00Z", "--as-of"):
        assert told in str(caught.value)


def test_a_log_that_rested_with_one_period_due_is_believed(tmp_path: Path) -> None:
    """A warehouse of quarters has nothing to do for months, and then one close."""
    _fill(tmp_path / "warehouse", Setting(Cadence.QUARTER))
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        check_clock(connection, progress(connection), datetime.fromisoformat("2026-06-30T23:59:59"))
        with pytest.raises(TryAgainError, match="2 periods would be due, 2026-Q1 to 2026-Q2"):
            check_clock(connection, progress(connection), datetime.fromisoformat("2026-07-01"))


def test_a_log_without_events_says_nothing_of_a_clock(tmp_path: Path) -> None:
    """What was refused isn't in the log: a first ingest by a wrong clock proves nothing later."""
    create(Warehouse(tmp_path / "warehouse"), Setting(first_period="2026-01"))
    send(tmp_path / "warehouse", [b"{"], now=TAKEN)
    with connect(Warehouse(tmp_path / "warehouse")) as connection:
        check_clock(connection, progress(connection), datetime.fromisoformat("1970-01-01"))
        check_clock(connection, progress(connection), datetime.fromisoformat("2099-01-01"))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse with what happened long before what the machine's clock says."""
    folder = tmp_path_factory.mktemp("old")
    words = ["ingest", _sale(folder, "first"), AS_OF]
    assert 0 == run([*words, f"--warehouse={folder / 'warehouse'}"]).code
    return folder / "warehouse"


@pytest.fixture
def market(manyhands: Run, old: Path, tmp_path: Path) -> Run:
    """Run commands on a copy of it."""
    shutil.copytree(old, tmp_path / "warehouse")
    return manyhands


COMMANDS = some_of(
    [("close", "--due"), ("ingest", "late.ndjson")],
    [("close", "--due"), ("close", "--period=2020-01"), ("ingest", "late.ndjson")],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_by_a_clock_far_ahead_does_nothing(
    market: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Exit 75, and the files are as they were; with --as-of it goes on."""
    _sale(tmp_path, "late")
    before = stored.bytes_of(tmp_path / "warehouse")
    refused = market(*words)
    unchanged = before == stored.bytes_of(tmp_path / "warehouse")
    told = market(*words, AS_OF)

    assert (75, "", True) == (refused.code, refused.stdout, unchanged)
    assert "2020-02-20T00:00:00Z" in refused.stderr
    assert "2020-01 to 20" in refused.stderr
    assert 0 == told.code


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_by_a_clock_behind_the_log_does_nothing(
    market: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Exit 75 after events, or a close, of a time to come; `status` only reads, and is shown."""
    source = _sale(tmp_path, "late")
    earlier = ["close", "--period=2020-01"] if words[0] == "ingest" else ["ingest", source]
    assert 0 == market(*earlier, IN_2099).code
    refused = market(*words)

    assert (75, "") == (refused.code, refused.stdout)
    assert "2099-01-01T00:00:00Z" in refused.stderr
    assert "--as-of" in refused.stderr
    assert 0 == market("status").code
    assert 0 == market(*words, AS_OF).code


def test_a_closed_period_is_told_by_any_clock(market: Run) -> None:
    """Nothing is done by it then: exit 0 and the digest."""
    first = market("close", "--period=2020-01", AS_OF, "--json")
    again = market("close", "--period=2020-01", "--json")

    assert (0, first.json) == (again.code, again.json)


def test_an_ingest_says_by_as_of_that_the_clock_is_right(market: Run, tmp_path: Path) -> None:
    """After a long rest it is said once, and commands by the clock go on."""
    now = f"--as-of={datetime.now().astimezone().isoformat()}"
    assert 0 == market("ingest", _sale(tmp_path, "late"), now).code

    assert 0 == market("close", "--period=2020-01").code


def _sale(folder: Path, name: str) -> str:
    events = Events(f"/{name}")
    events.generation("1", "5", LONG_AGO)
    return events.write(folder / f"{name}.ndjson")
