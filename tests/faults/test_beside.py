"""Everything at once on one warehouse: as one after the other (SPEC §8, promise 5)."""

from collections.abc import Callable, Sequence

import pytest

from tests.conftest import run
from tests.emulator import wait_until
from tests.faults.final_check import check
from tests.faults.scene import CLOSE, Process, Scene, market_bodies
from tests.lake.sending import rows


def _all_at_once(scene: Scene, sold: int, closers: int) -> None:
    """Ingest files beside a stream, closers, a reader and `maintain`, of events that overlap."""
    feed = scene.feed()
    lines = [*market_bodies("/files", sold), *market_bodies("/both", sold)]
    (scene.folder / "events.ndjson").write_bytes(b"\n".join(lines))
    scene.publish(feed, market_bodies("/market"))
    following = scene.follow(feed, flags=["--batch-events=50", "--batch-seconds=0.05"])
    scene.reach(1)
    others = [scene.start("ingest", "events.ndjson", "--batch-lines=100")]
    others += [scene.start(*CLOSE) for _ in range(closers)]
    others.append(scene.start("maintain"))
    scene.publish(feed, market_bodies("/both", sold))
    wait_until(_read_until(scene, others), 240, "files are read and periods closed")

    assert 0 == others[0].ended(), others[0].stderr
    assert {one.ended() for one in others[1:]} <= {0, 5, 75}, [one.stderr for one in others]
    scene.lines += lines
    scene.reach(len({*lines, *(message.body for message in scene.messages)}))
    scene.stop(following)
    check(scene)


def _read_until(scene: Scene, processes: Sequence[Process]) -> Callable[[], bool]:
    """Return what reads the warehouse, and returns whether all processes have ended."""
    query = "SELECT count(*) = max(seq) AS whole FROM event"

    def read() -> bool:
        ended = run(["query", query, "--json", f"--warehouse={scene.warehouse}"])
        assert (0, [{"whole": True}]) == (ended.code, ended.json), ended.stderr
        return all(one.running.poll() is not None for one in processes)

    return read


def test_files_a_stream_a_closer_a_reader_and_maintenance_work_side_by_side(scene: Scene) -> None:
    """Nothing is lost, nothing is there twice, and every reading is of a whole log."""
    _all_at_once(scene, 100, 1)


@pytest.mark.long
def test_many_work_side_by_side(scene: Scene) -> None:
    """Two closers, and more to ingest."""
    _all_at_once(scene, 2_000, 2)
    assert 1 == len(rows(scene.warehouse, "FROM period_close"))
