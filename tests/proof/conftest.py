"""A warehouse whose first closes are not signed, and its last one is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import run
from tests.lake.sending import rows
from tests.lake.test_setting import unpack

ORIGIN = "royalties.example/manyhands"
NEXT = ("2026-12", "2027-01", "2027-02")
"""The periods to close after those that the warehouse has, in order."""


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
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Unpack the demo's two closes, and make a key that none of them is signed by."""
    folder = tmp_path_factory.mktemp("unsigned")
    return Log(unpack(7, folder), folder / "log.key", keygen(folder / "log.key"))


@pytest.fixture(scope="session")
def signed(unsigned: Log, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Close the next period, signed; it is only read."""
    log = unsigned.copied(tmp_path_factory.mktemp("signed") / "warehouse")
    log.close(NEXT[0])
    return log


@pytest.fixture(scope="session")
def proofs(signed: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the proofs of all statements into a folder, which is only read."""
    out = tmp_path_factory.mktemp("proofs")
    for name in signed.statements():
        done = run(["statements", "proof", name, f"--out={out}", signed.on])
        assert 0 == done.code, done.stderr
    return out


@pytest.fixture
def log(signed: Log, tmp_path: Path) -> Log:
    """Return a copy that a test may change."""
    return signed.copied(tmp_path / "warehouse")
