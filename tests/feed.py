"""Sends events to a subscription of a real broker, in both modes of CloudEvents (SPEC §3.1)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.emulator import Emulator

QUICK: Final = ("--idle-seconds=2", "--batch-seconds=0.5", "--lease-seconds=10")
"""Flags of an ingest that waits for nothing longer than the broker makes it."""


@dataclass(frozen=True)
class Feed:
    """A topic and a subscription of a test's own."""

    emulator: Emulator
    topic: str
    path: str
    """Of the subscription."""

    @property
    def source(self) -> str:
        """The subscription, as the command takes it."""
        return f"pubsub:{self.path}"

    def publish(
        self, bodies: Sequence[bytes], attributes: dict[str, str] | None = None
    ) -> list[str]:
        """Publish messages, and return their ids."""
        return self.emulator.publish(self.topic, bodies, attributes)

    def seek(self, time: datetime) -> None:
        """Let the subscription send again what was published since, acknowledged or not."""
        with self.emulator.subscriber as client:
            client.seek(request={"subscription": self.path, "time": time})


def bodies(events: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return events in structured mode."""
    return [json.dumps(event).encode() for event in events]


def binary(event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return an event in binary mode: the body, and the attributes."""
    attributes = {f"ce-{name}": text for name, text in event.items() if name != "data"}
    return json.dumps(event["data"]).encode(), attributes | {"content-type": "application/json"}
