"""Of several that make one warehouse one does, and all go on with it (SPEC §8, promise 5)."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import ConflictError
from pipelines.lake import creation
from pipelines.lake.creation import create, make_unless_there
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from tests.everyday import one_of
from tests.lake.sending import rows, send
from tests.marketplace import Events, small

pytestmark = pytest.mark.usefixtures("made_anew")

_FIRST = """
import sys
from pathlib import Path
from pipelines.lake.creation import make_unless_there
from pipelines.lake.warehouse import Warehouse
from tests.lake.sending import send
from tests.marketplace import Events, small
messages = small(Events(f"/{sys.argv[2]}")).events
print("ready", flush=True)
sys.stdin.readline()
make_unless_there(Warehouse(Path(sys.argv[1])))
send(Path(sys.argv[1]), messages)
"""
SENDERS = 4


@pytest.mark.processes
@pytest.mark.parametrize("is_there", one_of(2, [False, True]), ids=["new folder", "empty folder"])
def test_first_ingesters_of_one_folder_all_succeed(tmp_path: Path, *, is_there: bool) -> None:
    """Real processes that begin at once; what each sent is in the log."""
    folder = tmp_path / "warehouse"
    if is_there:
        folder.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _FIRST, str(folder), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for number in range(SENDERS)
    ]
    for process in processes:
        assert process.stdout is not None
        assert b"ready\n" == process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()

    assert [0] * SENDERS == [process.returncode for process in processes]
    sent = SENDERS * len(small(Events()).events)
    assert [(sent, sent)] == rows(folder, "SELECT count(*), max(seq) FROM event")
    assert [folder] == list(tmp_path.iterdir())


@pytest.fixture
def overtaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which another makes a warehouse at the last moment, and sends to it."""
    folder, fill = tmp_path / "warehouse", creation._fill

    def fill_and_wait(made: Warehouse, setting: Setting, number: int) -> None:
        fill(made, setting, number)
        monkeypatch.setattr(creation, "_fill", fill)
        create(Warehouse(folder), Setting())
        send(folder, small(Events()).events)

    monkeypatch.setattr(creation, "_fill", fill_and_wait)
    return folder


def test_who_is_overtaken_uses_what_the_other_made(overtaken: Path) -> None:
    """Its log stays."""
    make_unless_there(Warehouse(overtaken))

    assert send(overtaken, small(Events()).events).duplicate


def test_of_two_that_make_a_warehouse_one_does(overtaken: Path) -> None:
    """The other says so, and what the first one made stays."""
    with pytest.raises(ConflictError, match="another process made it first"):
        create(Warehouse(overtaken), Setting())

    assert send(overtaken, small(Events()).events).duplicate
