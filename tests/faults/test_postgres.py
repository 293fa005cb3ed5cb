"""A PostgreSQL that fails, hangs or is shared costs nothing (SPEC §8, promises 1, 5 and 7)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from time import sleep
from typing import Final

import pytest

from tests import faketime
from tests.emulator import wait_until
from tests.faults.disk import filled, small_disk
from tests.faults.final_check import check
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.scene import CLOSE, Process, Scene, market_bodies
from tests.feed import Feed
from tests.lake.sending import rows
from tests.postgres import Postgres, own_server
from tests.stores import BUCKET, asked, running

BACK: Final = "batches are committed again"
WORKER: Final = "worker"
"""A role with no more rights than it needs."""

Outage = Callable[[Postgres], AbstractContextManager[None]]


@contextmanager
def _stopped(server: Postgres) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def _out_of_connections(server: Postgres) -> Iterator[None]:
    server.run(f"ALTER ROLE {WORKER} CONNECTION LIMIT 0")
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{WORKER}'")
    yield
    server.run(f"ALTER ROLE {WORKER} CONNECTION LIMIT -1")


def _pass_through(
    scene: Scene, server: Postgres, feed: Feed, process: Process, outage: Outage
) -> None:
    """Publish into an outage, and see that nothing is given to anybody until it is over."""
    before = scene.head
    events = market_bodies(f"/{before}")
    with outage(server):
        scene.publish(feed, events)
        process.says("can't be reached")
        sleep(2)
        assert [] == scene.broker.pull(feed.path), "what is held went to somebody else"
    scene.reach(before + len(events))


def test_an_ingest_goes_on_when_the_server_does(scene: Scene, postgres: Postgres) -> None:
    """It is stopped, then out of connections: each said, and no attempt is spent."""
    postgres.run(f"CREATE ROLE {WORKER} LOGIN PASSWORD $p${postgres.password}$p$")
    postgres.run(f"GRANT CREATE ON DATABASE postgres TO {WORKER}")
    scene.make_on(postgres, user=WORKER)
    feed = scene.feed()
    process = scene.follow(feed)
    scene.publish(feed, market_bodies("/before"))
    scene.reach(len(scene.messages))
    _pass_through(scene, postgres, feed, process, _stopped)
    _pass_through(scene, postgres, feed, process, _out_of_connections)
    wait_until(lambda: 2 == process.stderr.count(BACK), 60, "it said twice that it goes on")
    counts = scene.stop(process)

    assert len(scene.messages) == counts["accepted"] == counts["received"]
    check(scene)


def _stopped_at(scene: Scene, feed: Feed, place: str, *flags: str) -> Process:
    """Start an ingest that stops at a place of the program, and wait until it has."""
    process = scene.follow(feed, faults=[f"stop:{place}:1"], flags=flags)
    wait_until(lambda: process.is_stopped, 60, f"it stops: {process.stderr}")
    return process


def test_a_server_that_restarts_within_a_commit_costs_nothing(
    scene: Scene, postgres: Postgres
) -> None:
    """What wasn't committed is committed again, once."""
    scene.make_on(postgres)
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market"))
    process = _stopped_at(scene, feed, "after:pipelines.lake.log:_write")
    postgres.stop()
    postgres.start()
    process.send(signal.SIGCONT)
    scene.reach(len(scene.messages))
    counts = scene.stop(process)

    assert len(scene.messages) == counts["accepted"] == counts["received"]
    check(scene)


def _cut_within_a_commit(scene: Scene, proxy: Proxy) -> Process:
    """Publish events, and start an ingest whose connection is cut at its COMMIT."""
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market"))
    process = _stopped_at(scene, feed, "after:pipelines.lake.log:_write")
    proxy.last_words = b"COMMIT"
    process.send(signal.SIGCONT)
    wait_until(lambda: 1 == proxy.times_cut, 60, "the connection is cut")
    return process


def test_a_commit_whose_answer_is_cut_off_counts_once(scene: Scene, postgres: Postgres) -> None:
    """It was made, which a new connection finds out: nothing is a duplicate."""
    with proxy_to(postgres.port) as proxy:
        scene.make_on(postgres, port=proxy.port)
        process = _cut_within_a_commit(scene, proxy)
        kept = scene.warehouse / "staged"
        wait_until(lambda: not list(kept.glob("commit-*")), 60, "the files are put back")
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

        assert "can't be reached" not in process.stderr
        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


def test_a_commit_to_an_object_store_whose_answer_is_cut_off_counts_once(
    scene: Scene, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckLake removes its objects too; they are copied back."""
    with (
        proxy_to(postgres.port) as proxy,
        running("s3") as store,
        asked(store, monkeypatch),
    ):
        scene.make_on(postgres, port=proxy.port, data_path=f"s3://{BUCKET}/warehouse")
        process = _cut_within_a_commit(scene, proxy)
        wait_until(lambda: not store.keys("warehouse/staged"), 60, "the objects are put back")
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

        assert "can't be reached" not in process.stderr
        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


@pytest.mark.long
def test_a_commit_that_the_server_gets_late_is_never_half_there(
    scene: Scene, postgres: Postgres
) -> None:
    """The session is ended before anybody looks, so that nothing can be committed after it."""
    with proxy_to(postgres.port) as proxy:
        scene.make_on(postgres, port=proxy.port)
        proxy.late_s = 4.0
        process = _cut_within_a_commit(scene, proxy)
        sleep(2 * proxy.late_s)
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


def test_a_worker_killed_after_its_answer_was_cut_off_loses_nothing(
    scene: Scene, postgres: Postgres
) -> None:
    """DuckLake has removed the files that the commit names; whoever comes next has them back."""
    with proxy_to(postgres.port) as proxy:
        scene.make_on(postgres, port=proxy.port)
        feed = scene.feed()
        scene.publish(feed, market_bodies("/market"))
        places = [
            "stop:after:pipelines.lake.log:_write:1",
            "kill:before:pipelines.lake.catalogs.kept_files:Kept.put_back:1",
        ]
        process = scene.follow(feed, faults=places)
        wait_until(lambda: process.is_stopped, 60, "it stops")
        proxy.last_words = b"COMMIT"
        process.send(signal.SIGCONT)
        assert -signal.SIGKILL == process.ended()
        assert 1 == len(list((scene.warehouse / "staged").glob("commit-*")))
        following = scene.follow(feed)
        following.says("source policy")
        scene.stop(following)
        check(scene)
        assert [] == list((scene.warehouse / "staged").iterdir())


def test_a_close_whose_answer_is_cut_off_is_closed_once(scene: Scene, postgres: Postgres) -> None:
    """The closer says what it closed, and not that somebody else did."""
    with proxy_to(postgres.port) as proxy:
        scene.make_on(postgres, port=proxy.port)
        _logged(scene)
        process = scene.start(
            *CLOSE, "--json", faults=["stop:after:pipelines.lake.results:store:1"]
        )
        wait_until(lambda: process.is_stopped, 60, "it stops")
        proxy.last_words = b"COMMIT"
        process.send(signal.SIGCONT)

        assert 0 == process.ended(), process.stderr
        assert 1 == proxy.times_cut
        assert ["2026-01"] == [close["period"] for close in process.document["closes"]]
        check(scene)


def test_a_worker_that_hangs_with_the_lock_stops_nobody(scene: Scene, postgres: Postgres) -> None:
    """Another one goes on without it; and so does the first, when it is let."""
    scene.make_on(postgres)
    feeds = [scene.feed("a"), scene.feed("b")]
    for feed in feeds:
        scene.publish(feed, market_bodies(f"/{feed.path[-1]}"))
    hanging = _stopped_at(scene, feeds[0], "before:pipelines.lake.log:commit_once")
    other = scene.follow(feeds[1], flags=["--lock-seconds=1"])
    scene.reach(len(scene.messages) // 2)
    hanging.send(signal.SIGCONT)
    scene.reach(len(scene.messages))
    for process in (hanging, other):
        scene.stop(process)
    check(scene)


def test_a_worker_whose_clock_is_two_days_off_does_nothing(
    scene: Scene, postgres: Postgres
) -> None:
    """Nothing is rejected for it, acknowledged or closed; both clocks are named."""
    scene.make_on(postgres)
    feed = scene.feed()
    scene.publish(feed, market_bodies("/market"))
    for words in (["close", "--due"], ["ingest", feed.source, "--idle-seconds=1"]):
        refused = scene.start(*words, environment=faketime.off_by("+48h"))
        assert 75 == refused.ended()
        assert "this machine's clock says" in refused.stderr
        assert "--as-of" in refused.stderr
    assert 0 == scene.head
    following = scene.follow(feed)
    scene.reach(len(scene.messages))
    scene.stop(following)
    check(scene)


@pytest.mark.long
def test_an_ingest_waits_until_the_servers_clock_is_right_again(scene: Scene) -> None:
    """It is set two days ahead while the ingest runs, and back."""
    with own_server() as server:
        clock = faketime.Clock(server.folder / "clock")
        server.stop()
        server.environment = clock.environment
        server.start()
        scene.make_on(server)
        feed = scene.feed()
        process = scene.follow(feed)
        scene.publish(feed, market_bodies("/before"))
        scene.reach(len(scene.messages))
        clock.set("+48h")
        sleep(faketime.NOTICED_IN_S)
        scene.publish(feed, market_bodies("/meanwhile"))
        process.says("this machine's clock says")
        assert len(scene.messages) // 2 == scene.head
        clock.set("+0")
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


def test_a_server_without_room_costs_nothing(scene: Scene) -> None:
    """It may crash meanwhile, as PostgreSQL does when its log can't be written."""
    place = Path(mkdtemp(prefix="tests-disk-"))  # where the server's own user can go
    place.chmod(0o711)
    with small_disk(place / "disk", "160m") as disk, own_server(place=disk) as server:
        scene.make_on(server)
        feed = scene.feed()
        process = scene.follow(feed)
        scene.publish(feed, market_bodies("/before"))
        scene.reach(len(scene.messages))
        with filled(disk):
            scene.publish(feed, market_bodies("/meanwhile"))
            process.says("until then nothing is acknowledged")
        server.stop()
        server.start()
        scene.reach(len(scene.messages))
        counts = scene.stop(process)

        assert len(scene.messages) == counts["accepted"] == counts["received"]
        check(scene)


@pytest.mark.long
@pytest.mark.parametrize("kills", [4, 40])
def test_workers_of_one_subscription_are_killed_at_random(
    scene: Scene, postgres: Postgres, chance: Random, kills: int
) -> None:
    """Four at a time; whoever dies is replaced, until so many have died."""
    scene.make_on(postgres)
    feed = scene.feed()
    flags = ["--batch-events=20", "--batch-seconds=0.05"]
    workers = [scene.follow(feed, flags=flags) for _ in range(4)]
    for number in range(kills):
        scene.publish(feed, market_bodies(f"/kill{number}"))
        sleep(chance.uniform(0, 4))
        place = chance.randrange(len(workers))
        workers[place].send(signal.SIGKILL)
        workers[place].ended()
        workers[place] = scene.follow(feed, flags=flags)
    scene.reach(len(scene.messages), 300)
    for worker in workers:
        scene.stop(worker)
    check(scene)


CLOSER: Final = (
    "before:pipelines.lake.transaction:commit_once",
    "after:pipelines.lake.transaction:commit_once",
    "after:pipelines.lake.results:store",
)


@pytest.mark.long
@pytest.mark.parametrize("place", CLOSER)
def test_of_eight_closers_one_wins_though_it_is_killed(
    scene: Scene, postgres: Postgres, place: str
) -> None:
    """Who gets to a step dies there, but for the last one: there is one close."""
    scene.make_on(postgres)
    _logged(scene)
    killed = [scene.start(*CLOSE, faults=[f"kill:{place}:1"]) for _ in range(7)]
    last = scene.start(*CLOSE)
    codes = {process.ended(300) for process in killed}
    assert codes <= {-signal.SIGKILL, 0, 5, 75}, [process.stderr for process in killed]
    assert -signal.SIGKILL in codes
    assert last.ended(300) in {0, 5, 75}, last.stderr
    check(scene)
    assert 1 == len(rows(scene.place, "FROM period_close"))


def _logged(scene: Scene) -> None:
    feed = scene.feed("logged")
    scene.publish(feed, market_bodies("/market"))
    ingest = scene.start("ingest", feed.source, "--idle-seconds=1", "--batch-seconds=0.2")
    assert 0 == ingest.ended(), ingest.stderr
