"""deploy/compose.yaml: its services' own commands run, up to a statement that is published."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.commands import insist_on_flags
from tests.emulator import Emulator, wait_until
from tests.feed import bodies
from tests.marketplace import Events, small
from tests.postgres import Postgres

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "manyhands"]


class Stage:
    """Where the services run as processes: a broker and a server of the tests' own."""

    def __init__(self, folder: Path, broker: Emulator, server: Postgres) -> None:
        """Map the services' names to this machine."""
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self._mapped = {
            "host=postgres port=5432": f"host=127.0.0.1 port={server.port}",
            "pubsub:8085": broker.address,
            "/data/": f"{folder}/data/",
            "/run/secrets/postgres-password": str(server.password_file),
            "projects/market/": "projects/market/",
        }

    def mapped(self, text: str) -> str:
        """Return a text of the file with what stands for its names here."""
        for name, here in self._mapped.items():
            text = text.replace(name, here)
        return text.replace("$$", "$")

    def start(self, name: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start a service as its entry point and command say, with its environment."""
        service = COMPOSE["services"][name]
        entry = service.get("entrypoint", ["manyhands"])
        environment = {key: self.mapped(text) for key, text in service["environment"].items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        process = subprocess.Popen(
            [self.mapped(word) for word in [*entry, *service["command"]]],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), **environment, **more},
            stderr=(self.folder / f"{name}.stderr").open("wb"),
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def end(self) -> None:
        """Leave no process behind."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def stage(tmp_path: Path, emulator: Emulator, postgres: Postgres) -> Iterator[Stage]:
    """Set the stage, with the database that the image of PostgreSQL would make."""
    postgres.run(f"CREATE ROLE royalties LOGIN PASSWORD $p${postgres.password}$p$")
    postgres.alone("CREATE DATABASE royalties OWNER royalties")
    (tmp_path / "data").mkdir()
    made = Stage(tmp_path, emulator, postgres)
    try:
        yield made
    finally:
        made.end()


def test_its_services_take_events_and_publish_statements(stage: Stage, emulator: Emulator) -> None:
    """`init`, `ingest` and `close` as the file has them; whoever subscribes gets a statement."""
    topic, statements = _topics(emulator)
    assert 0 == stage.start("init").wait(60)
    assert 0 == stage.start("init").wait(60), "an init beside a warehouse is no failure"
    stage.start("ingest")
    month = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m-15T12:00:00Z")
    events = small(Events()).events
    emulator.publish(topic, bodies([{**event, "time": month} for event in events]))
    log = stage.folder / "ingest.stderr"
    wait_until(lambda: f'"head": {len(events)}' in log.read_text(), 60, "all events are in the log")
    stage.start("close", CLOSE_EVERY_SECONDS="1")

    received: list[Any] = []

    def has_come() -> bool:
        received.extend(emulator.pull(statements))
        return bool(received)

    wait_until(has_come, 90, "a statement came")
    assert {"statement-issued"} == {one.message.attributes["ce-type"] for one in received}


def _topics(emulator: Emulator) -> tuple[str, str]:
    """Make what the service `topics` makes, and a subscription to the statements."""
    paths = []
    for name in ("events", "statements"):
        topic = f"projects/market/topics/{name}"
        path = f"projects/market/subscriptions/{name}"
        emulator.publisher.create_topic(request={"name": topic})
        with emulator.subscriber as client:
            client.create_subscription(
                request={"name": path, "topic": topic, "ack_deadline_seconds": 60}
            )
        paths.append(path)
    return "projects/market/topics/events", paths[1]


def test_its_commands_and_settings_are_the_programs() -> None:
    """Each flag and each variable; and none of ours may do more than it needs."""
    for name in OURS:
        service = COMPOSE["services"][name]
        own = [key for key in service["environment"] if key.startswith("MANYHANDS_")]
        insist_on_flags([] if "entrypoint" in service else service["command"], environment=own)
        assert (True, ["ALL"]) == (service["read_only"], service["cap_drop"])
    assert ["init", "ingest", "close"] == OURS


def test_the_image_has_what_it_copies() -> None:
    """The Dockerfile's files are there, the lock is what it installs, and it isn't root."""
    text = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert "--require-hashes --requirement requirements.lock" in text
    assert "USER 10001:10001" in text
    for name in [line.removeprefix("!") for line in allowed if line.startswith("!")]:
        assert (ROOT / name).exists(), name
    assert shutil.which("sh"), "the entry points are scripts"
