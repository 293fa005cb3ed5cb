"""Memory is bounded by settings, not by the backlog (SPEC §8, promise 8)."""

import json
from pathlib import Path
from time import sleep

import pytest

from tests.faults.final_check import check
from tests.faults.scene import Process, Scene, market, market_bodies

BOUND = 16 << 20
"""Bytes of messages that an ingest may hold."""

LONG_LEASE = ("--idle-seconds=10", "--lease-seconds=120")
"""The emulator sends all that it has at once: what waits in the connection for longer than a lease
comes again."""


def _peak(scene: Scene, name: str, size: int) -> int:
    """Ingest a backlog of so many bytes, and return the most memory that it took."""
    feed = scene.feed(name)
    about = {"comment": "x" * 30_000}
    one = len(market_bodies("/x", 0)[-1]) + len(about["comment"])
    events = [event | about for event in market(f"/{name}", size // one)]
    scene.publish(feed, [json.dumps(event).encode() for event in events])
    process = scene.start("ingest", feed.source, *LONG_LEASE, f"--max-memory={BOUND >> 20}MiB")
    peak = 0
    while process.running.poll() is None:
        peak = max(peak, _most_resident(process))
        sleep(0.05)
    assert 0 == process.ended(), process.stderr
    return peak


def _most_resident(process: Process) -> int:
    """Return the most memory that a process had by now, in KiB; 0 where it has just ended.

    What the system says of it at its end counts what this process had when it started it.
    """
    status = Path(f"/proc/{process.running.pid}/status").read_text(encoding="utf-8")
    named = dict(line.split(":", 1) for line in status.splitlines())
    return int(named.get("VmHWM", "0").split()[0])


@pytest.mark.long
def test_memory_does_not_grow_with_the_backlog(scene: Scene) -> None:
    """Ten times the bound takes at most a fifth more memory than once the bound."""
    once = _peak(scene, "once", BOUND)
    ten = _peak(scene, "ten", 10 * BOUND)

    assert ten <= 1.2 * once, (once, ten)
    check(scene)
