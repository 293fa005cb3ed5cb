"""What a fault happens in: a warehouse, subscriptions of a real broker, and real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipelines.lake.catalogs.sqlite import files
from pipelines.lake.warehouse import Warehouse
from tests.cli.processes import with_default_signals
from tests.conftest import run
from tests.emulator import Emulator, wait_until
from tests.faults import launcher
from tests.feed import Feed, bodies
from tests.lake.sending import rows
from tests.marketplace import Events, small
from tests.postgres import Postgres

CLOSE: Final = ("close", "--due", "--as-of=2026-02-01T00:00:00Z")
FLAGS: Final = ("--json", "--batch-seconds=0.2", "--batch-events=200", "--lease-seconds=10")
FOLLOWING: Final = (*FLAGS, "--follow")
_PROGRAM: Final = (sys.executable, "-m", launcher.__name__)
_PROJECT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Message:
    """A message as it was published."""

    id: str
    body: bytes
    attributes: dict[str, str] | None = None


@dataclass
class Process:
    """A command that runs, or has run, and what it says on stderr."""

    running: "subprocess.Popen[str]"
    stderr_path: Path

    @property
    def stderr(self) -> str:
        """What it has said by now."""
        return self.stderr_path.read_text(encoding="utf-8")

    @property
    def is_stopped(self) -> bool:
        """Whether a SIGSTOP has stopped it."""
        stat = Path(f"/proc/{self.running.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.running.send_signal(number)

    def ended(self, seconds: float = 120) -> int:
        """Wait until it ends, and return its exit code."""
        return self.running.wait(seconds)

    def kill_after(self, seconds: float) -> None:
        """Kill it after some time, unless it ends well before."""
        try:
            code = self.ended(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            code = self.ended()
        assert code in {0, -signal.SIGKILL}, self.stderr

    def says(self, text: str, seconds: float = 60) -> None:
        """Wait until it says something on stderr."""
        wait_until(lambda: text in self.stderr, seconds, f"{text!r} is said: {self.stderr}")

    @property
    def document(self) -> Any:  # noqa: ANN401  a JSON document
        """What it printed, once it has ended."""
        assert self.running.stdout is not None
        return json.loads(self.running.stdout.read())


@dataclass
class Scene:
    """One case: its broker, its folder, and what was published in it."""

    broker: Emulator
    folder: Path
    name: str
    address: str = ""
    """Where its processes find the broker; as a rule where it is."""
    messages: list[Message] = field(default_factory=list)
    """All that were published."""
    lines: list[bytes] = field(default_factory=list)
    """All that were given in files to an ingest that ended well."""
    home: Path | None = None
    """Where its warehouse is, where that isn't in its folder."""
    server: Postgres | None = None
    """Has its catalog; None: it is in the warehouse's folder."""
    naming: list[str] = field(default_factory=list)
    """What names one with a catalog on a server to its processes, which may go by a proxy: that is
    a thread of this process, and can't forward what a call into DuckDB here waits for."""
    directly: list[str] = field(default_factory=list)
    """What names it without one."""
    processes: list[Process] = field(default_factory=list)

    @property
    def warehouse(self) -> Path:
        """The folder of its warehouse."""
        return self.home or self.folder / "warehouse"

    @property
    def words(self) -> list[str]:
        """What names its warehouse on a command line in this process."""
        return self.directly or [f"--warehouse={self.warehouse}"]

    @property
    def place(self) -> Path | Warehouse:
        """Its warehouse, as what reads it takes it."""
        if self.server is None:
            return self.warehouse
        return self.server.place(self.naming)

    def make_on(
        self, server: Postgres, *, user: str = "", port: int = 0, data_path: str = ""
    ) -> None:
        """Make its warehouse, with its catalog on a server, as a user; processes use the port."""
        as_user = {"user": user} if user else {}
        self.server, self.directly = server, server.warehouse(**as_user)
        _, *others = self.directly
        named = server.addressed(**as_user, port=port or server.port)
        self.naming = [f"--warehouse={named}", *others]
        made = run(["init", *self.words, f"--data-path={data_path or self.warehouse}"])
        assert 0 == made.code, made.stderr

    def feed(self, name: str = "a", **subscription: Any) -> Feed:  # noqa: ANN401  as Pub/Sub has it
        """Make a topic and a subscription."""
        return Feed(self.broker, *self.broker.make(f"{self.name}-{name}", **subscription))

    def publish(
        self, feed: Feed, sent: Sequence[bytes], attributes: dict[str, str] | None = None
    ) -> list[str]:
        """Publish messages, and know them."""
        ids = feed.publish(sent, attributes)
        self.messages += [
            Message(one, body, attributes) for one, body in zip(ids, sent, strict=True)
        ]
        return ids

    def start(
        self, *words: str, faults: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Process:
        """Start a command, with faults in their places."""
        path = self.folder / f"stderr-{len(self.processes)}"
        with path.open("w", encoding="utf-8") as stderr:
            running = subprocess.Popen(
                [*_PROGRAM, *faults, "--", *words, *(self.naming or self.words)],
                cwd=self.folder,
                env=os.environ
                | {"PYTHONPATH": str(_PROJECT)}
                | {"PUBSUB_EMULATOR_HOST": self.address or self.broker.address}
                | dict(environment or {}),
                preexec_fn=with_default_signals,  # noqa: PLW1509  no thread of ours holds a lock
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.processes.append(Process(running, path))
        return self.processes[-1]

    def follow(
        self, *feeds: Feed, faults: Sequence[str] = (), flags: Sequence[str] = ()
    ) -> Process:
        """Start an ingest that follows subscriptions."""
        sources = [feed.source for feed in feeds]
        return self.start("ingest", *sources, *FOLLOWING, *flags, faults=faults)

    def stop(self, process: Process) -> Any:  # noqa: ANN401  a JSON document
        """Ask a process to stop, and return what it counted; it has 20 seconds."""
        process.send(signal.SIGTERM)
        assert 0 == process.ended(20), process.stderr
        return process.document

    @property
    def head(self) -> int:
        """The head of the log; 0 where there is no warehouse yet."""
        if self.server is None and not (self.warehouse / "catalog.sqlite").exists():
            return 0
        ((head,),) = rows(self.place, "SELECT seq FROM head")
        return int(head)

    def reach(self, head: int, seconds: float = 120) -> None:
        """Wait until the log has so many events; a catalog in files is read once they change."""
        seen: list[object] = []

        def is_reached() -> bool:
            before, seen[:] = list(seen), self._catalog_files()
            is_new = self.server is not None or before != seen
            return is_new and self.head >= head

        wait_until(is_reached, seconds, f"the head of the log is {head}")

    def _catalog_files(self) -> Iterator[object]:
        """Yield what is another after a commit; a look at a catalog takes longer than its state."""
        for path in files(Warehouse(self.warehouse)):
            with suppress(FileNotFoundError):
                found = path.stat()
                yield path.name, found.st_ino, found.st_size, found.st_mtime_ns

    def end(self) -> None:
        """Leave no process behind."""
        for process in self.processes:
            if process.running.poll() is None:
                process.send(signal.SIGKILL)
            process.running.communicate()


def market(source: str, sold: int = 40) -> list[dict[str, Any]]:
    """Return a small marketplace's events, with so many sales besides."""
    events = small(Events(source))
    for number in range(sold):
        events.generation("1", f"0.{number + 1:06}")
    return events.events


def market_bodies(source: str, sold: int = 40) -> list[bytes]:
    """Return a small marketplace's events in structured mode."""
    return bodies(market(source, sold))
