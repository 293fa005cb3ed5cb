"""A warehouse whose first closes are not signed, and its last one is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.lake.setting import FORMAT
from tests.conftest import run
from tests.lake.sending import rows
from tests.lake.test_setting import unpack
from tests.made_once import MadeOnce

ORIGIN = "royalties.example/manyhands"
NEXT = ("2026-12", "2027-01", "2027-02")
"""The periods to close after those that the warehouse has, in order."""
CHECKPOINTS = (
    "SELECT period, tree_size, tree_root, checkpoint, verifier_key FROM period_close"
    " WHERE checkpoint IS NOT NULL ORDER BY period"
)


@dataclass(frozen=True)
class Log:
    """A warehouse, and the key that its closes are signed by."""

    folder: Path
    key: Path
    verifier_key: str

    @property
    def on(self) -> str:
        """The flag that names the warehouse."""
        return f"--warehouse={self.folder}"

    def close(self, period: str, *words: str) -> None:
        """Close a period, signed by the key unless the words name another."""
        year, month = map(int, period.split("-"))
        after = f"{year + month // 12}-{month % 12 + 1:02}"
        closed = run(
            [
                "close",
                self.on,
                f"--period={period}",
                f"--as-of={after}-02T00:00:00Z",
                f"--signing-key={self.key}",
                *words,
            ]
        )
        assert 0 == closed.code, closed.stderr

    def statements(self) -> list[str]:
        """Return the ids of all statements."""
        return [name for (name,) in rows(self.folder, "SELECT statement_id FROM statement")]

    def copied(self, place: Path) -> "Log":
        """Return the same log in a copy of the warehouse."""
        return Log(Path(shutil.copytree(self.folder, place)), self.key, self.verifier_key)


def keygen(path: Path, name: str = ORIGIN) -> str:
    """Make a key, and return what others verify by."""
    made = run(["keygen", name, f"--signing-key={path}"])
    assert 0 == made.code, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="session")
def unsigned(made_once: MadeOnce) -> Log:
    """Return the demo's two closes, and a key that none of them is signed by; it is only read."""

    def fill(folder: Path) -> None:
        unpack(FORMAT, folder).rename(folder / "warehouse")
        (folder / "log.vkey").write_text(keygen(folder / "log.key"))

    folder = made_once("unsigned", fill)
    return Log(folder / "warehouse", folder / "log.key", (folder / "log.vkey").read_text())


@pytest.fixture(scope="session")
def signed(unsigned: Log, made_once: MadeOnce) -> Log:
    """Return the same with the next period closed, signed; it is only read."""

    def fill(folder: Path) -> None:
        unsigned.copied(folder / "warehouse").close(NEXT[0])

    folder = made_once("signed", fill)
    return Log(folder / "warehouse", unsigned.key, unsigned.verifier_key)


@pytest.fixture(scope="session")
def proofs(signed: Log, made_once: MadeOnce) -> Path:
    """Return the proofs of all statements in a folder, which is only read."""

    def fill(folder: Path) -> None:
        for name in signed.statements():
            done = run(["statements", "proof", name, f"--out={folder}", signed.on])
            assert 0 == done.code, done.stderr

    return made_once("proofs", fill)


@pytest.fixture
def log(signed: Log, tmp_path: Path) -> Log:
    """Return a copy that a test may change."""
    return signed.copied(tmp_path / "warehouse")
