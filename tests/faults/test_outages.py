"""A warehouse that can't be written costs nothing: it goes on by itself (SPEC §8, promise 7)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from time import sleep

import pytest

from tests.emulator import free_port
from tests.faults.disk import filled, small_disk
from tests.faults.final_check import check
from tests.faults.scene import FOLLOWING, Process, Scene, market_bodies
from tests.feed import Feed, bodies
from tests.lake.holding import catalog_held
from tests.marketplace import Events
from tests.stores import BUCKET, nobody, running

Outage = Callable[[Path], AbstractContextManager[None]]
BACK = "batches are committed again"


@contextmanager
def _moved_away(warehouse: Path) -> Iterator[None]:
    away = warehouse.with_name("away")
    warehouse.rename(away)
    yield
    away.rename(warehouse)


def _pass_through(scene: Scene, feed: Feed, process: Process, outage: Outage, said: str) -> None:
    """Publish into an outage, and see that the broker gives nothing to anybody until it is over."""
    before = scene.head
    events = market_bodies(f"/{before}")
    with outage(scene.warehouse):
        scene.publish(feed, events)
        process.says(said)
        sleep(2)
        assert [] == scene.broker.pull(feed.path), "what is held went to somebody else"
    scene.reach(before + len(events))
    reasons = [line for line in process.stderr.splitlines() if said in line]
    assert sorted(set(reasons)) == sorted(reasons), "a reason is said in a loop"


def test_an_ingest_goes_on_after_each_outage(scene: Scene) -> None:
    """The folder moved away, a catalog that is locked: said once, and no attempt is spent."""
    feed = scene.feed()
    process = scene.follow(feed)
    scene.publish(feed, market_bodies("/before"))
    scene.reach(len(scene.messages))
    _pass_through(scene, feed, process, _moved_away, "no warehouse in")
    _pass_through(scene, feed, process, catalog_held, "the catalog is busy")
    process.says(BACK)
    counts = scene.stop(process)

    assert 2 == process.stderr.count(BACK)
    assert len(scene.messages) == counts["accepted"] == counts["received"]
    check(scene)


def test_an_ingest_goes_on_when_its_disk_has_room_again(scene: Scene, tmp_path: Path) -> None:
    """A full disk is said once; nothing of what came meanwhile is lost or taken twice."""
    with small_disk(tmp_path / "disk") as disk:
        scene.home = disk / "warehouse"
        feed = scene.feed()
        process = scene.follow(feed)
        scene.publish(feed, market_bodies("/before"))
        scene.reach(len(scene.messages))
        _pass_through(scene, feed, process, lambda _: filled(disk), "disk is full")
        counts = scene.stop(process)
        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


@pytest.mark.long
@pytest.mark.parametrize("outage", [_moved_away, catalog_held])
def test_sigterm_ends_an_outage(scene: Scene, outage: Outage) -> None:
    """Exit 0 within 20 seconds; what was held goes to the next one, which loses nothing."""
    feed = scene.feed()
    process = scene.follow(feed)
    scene.publish(feed, market_bodies("/before"))
    scene.reach(len(scene.messages))
    with outage(scene.warehouse):
        scene.publish(feed, market_bodies("/within"))
        process.says("it is tried again")
        scene.stop(process)
        process.says("what wasn't committed is handed back")
    following = scene.follow(feed)
    scene.reach(len(scene.messages))
    scene.stop(following)
    check(scene)


@pytest.mark.long
@pytest.mark.parametrize("tenth", range(10))
def test_a_disk_that_is_full_at_any_moment_costs_nothing(
    scene: Scene, chance: Random, tenth: int
) -> None:
    """No file of the process may grow any more, from a random moment on, for a while."""
    del tenth
    feed = scene.feed()
    process = scene.follow(feed, flags=["--batch-events=20", "--batch-seconds=0.05"])
    scene.publish(feed, market_bodies("/before"))
    scene.reach(len(scene.messages))
    for number in range(4):
        scene.publish(feed, market_bodies(f"/full{number}", 100))
        sleep(chance.uniform(0, 2))
        prlimit(process.running.pid, RLIMIT_FSIZE, (chance.randrange(40_000), RLIM_INFINITY))
        sleep(chance.uniform(0, 5))
        prlimit(process.running.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
    scene.reach(len(scene.messages))
    scene.stop(process)
    check(scene)


@pytest.mark.long
def test_an_ingest_goes_on_when_a_manifest_root_answers_again(scene: Scene) -> None:
    """What came with the manifest's event waits too; nothing is refused, each is taken once."""
    content = b'{"image_id":"a"}\n'
    manifest = {"uri": "m", "sha256": sha256(content).hexdigest(), "rows": 1}
    events = Events("/trained")
    events.generation("1", "1")
    events.model("7", manifest)
    port, feed = free_port(), scene.feed()
    root = f"--manifest-roots=s3://{BUCKET}/some"
    words = ("ingest", feed.source, *FOLLOWING, root)
    process = scene.start(*words, environment=nobody("s3", port).environment)
    scene.publish(feed, bodies(events.events))
    process.says("can't be reached now (no connection)")
    sleep(2)
    assert 0 == scene.head
    assert [] == scene.broker.pull(feed.path), "what is held went to somebody else"

    process.send(signal.SIGSTOP)  # so that it never finds the bucket without the object
    with running("s3", port) as store:
        store.put("some/m", content)
        process.send(signal.SIGCONT)
        scene.reach(len(events.events))
        process.says(BACK)
        counts = scene.stop(process)

    assert 1 == process.stderr.count("can't be reached now")
    assert len(events.events) == counts["accepted"] == counts["received"]
    check(scene)
