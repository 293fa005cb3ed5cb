"""Google's Pub/Sub emulator: real subscriptions on this machine, a broker for each worker.

It comes with the gcloud SDK and needs Java. Where it is missing, the tests that need it are
skipped; with MANYHANDS_TEST_SERVERS=required, as `.ci/run` sets it, they fail.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from google.cloud import pubsub_v1

from tests.required import skip_unless_required

PROJECT: Final = "marketplace"
MISSING: Final = "the Pub/Sub emulator is not installed"
_STARTED_IN_S: Final = 60.0


def program() -> str | None:
    """Return the emulator's program: on the path, or in the gcloud SDK's folder."""
    found = shutil.which("cloud-pubsub-emulator")
    gcloud = shutil.which("gcloud")
    if found or not gcloud:
        return found
    sdk = Path(gcloud).resolve().parents[1]
    inside = sdk / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    return str(inside) if inside.exists() else None


@dataclass
class Emulator:
    """A broker that runs, until it is stopped."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """What PUBSUB_EMULATOR_HOST has to be."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that uses this broker."""
        return {"PUBSUB_EMULATOR_HOST": self.address}

    @property
    def publisher(self) -> pubsub_v1.PublisherClient:
        """A client of this broker."""
        with self._named():
            return pubsub_v1.PublisherClient()

    @property
    def subscriber(self) -> pubsub_v1.SubscriberClient:
        """A client of this broker."""
        with self._named():
            return pubsub_v1.SubscriberClient()

    @contextmanager
    def _named(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBSUB_EMULATOR_HOST", self.address)
            yield

    def make(self, name: str, **subscription: Any) -> tuple[str, str]:  # noqa: ANN401  as Pub/Sub has it
        """Make a topic and a subscription to it, both called `name`, and return their paths."""
        topic = self.make_topic(name)
        path = f"projects/{PROJECT}/subscriptions/{name}"
        given = {"name": path, "topic": topic, "ack_deadline_seconds": 10} | subscription
        with self.subscriber as client:
            client.create_subscription(request=given)
        return topic, path

    def make_topic(self, name: str) -> str:
        """Make a topic, and return its path."""
        topic = f"projects/{PROJECT}/topics/{name}"
        self.publisher.create_topic(request={"name": topic})
        return topic

    def publish(
        self, topic: str, bodies: Sequence[bytes], attributes: Mapping[str, str] | None = None
    ) -> list[str]:
        """Publish messages in order, and return their ids."""
        client = self.publisher
        sent = [client.publish(topic, body, **(attributes or {})) for body in bodies]
        return [one.result(timeout=60) for one in sent]

    def pull(self, subscription: str, most: int = 100) -> list[Any]:
        """Pull messages at once and acknowledge them; none where the subscription is empty."""
        with self.subscriber as client:
            pulled = client.pull(
                request={
                    "subscription": subscription,
                    "max_messages": most,
                    "return_immediately": True,
                },
                timeout=30,
            ).received_messages
            if pulled:
                ids = [one.ack_id for one in pulled]
                client.acknowledge(request={"subscription": subscription, "ack_ids": ids})
        return list(pulled)

    def suspend(self) -> None:
        """Stop the broker from answering, with what it holds kept."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End the broker; what it held is gone."""
        if self.process.poll() is None:
            self.resume()  # one that is stopped can't end
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def start(port: int = 0, heap: str = "1g") -> Emulator:
    """Start a broker on a port, and return it when it answers."""
    found = program()
    if found is None:
        skip_unless_required(MISSING)
    port = port or free_port()
    process = subprocess.Popen(
        [str(found), "--host=127.0.0.1", f"--port={port}"],
        env={**os.environ, "JAVA_OPTS": f"-Xmx{heap}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a group of its own: the program is a script that starts Java
    )
    emulator = Emulator(port, process)
    try:
        wait_until(lambda: _answers(emulator), _STARTED_IN_S, "the emulator answers")
    except BaseException:
        emulator.stop()
        raise
    return emulator


def _answers(emulator: Emulator) -> bool:
    if emulator.process.poll() is not None:
        pytest.fail(f"the emulator ended with {emulator.process.returncode}")
    try:
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=1):
            pass
        emulator.publisher.list_topics(
            request={"project": f"projects/{PROJECT}"}, timeout=2, retry=None
        )
    except Exception:  # noqa: BLE001  whatever it is: not yet
        return False
    return True


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds, and fail where it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s it isn't so that {what}")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Run a broker for all tests of a worker; who stops it from answering lets it go on."""
    running = start()
    try:
        yield running
    finally:
        running.stop()
