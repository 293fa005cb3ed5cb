"""Memory is bounded by settings, not by the backlog (SPEC §8, promise 8)."""

import json
import os

import pytest

from tests.faults.final_check import check
from tests.faults.scene import FLAGS, Scene, market, market_bodies

BOUND = 16 << 20
"""Bytes of messages that an ingest may hold."""


def _peak(scene: Scene, name: str, size: int) -> int:
    """Ingest a backlog of so many bytes, and return the most memory that it took."""
    feed = scene.feed(name)
    about = {"comment": "x" * 30_000}
    one = len(market_bodies("/x", 0)[-1]) + len(about["comment"])
    events = [event | about for event in market(f"/{name}", size // one)]
    scene.publish(feed, [json.dumps(event).encode() for event in events])
    flags = [flag for flag in FLAGS if not flag.startswith("--batch")]
    process = scene.start(
        "ingest", feed.source, *flags, "--idle-seconds=12", f"--max-memory={BOUND >> 20}MiB"
    )
    _, status, usage = os.wait4(process.running.pid, 0)
    assert 0 == status, process.stderr
    return usage.ru_maxrss


@pytest.mark.long
def test_memory_does_not_grow_with_the_backlog(scene: Scene) -> None:
    """Ten times the bound takes at most a fifth more memory than once the bound."""
    once = _peak(scene, "once", BOUND)
    ten = _peak(scene, "ten", 10 * BOUND)

    assert ten <= 1.2 * once, (once, ten)
    check(scene)
