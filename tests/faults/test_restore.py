"""An older backup and a seek bring everything back, to the same digests (docs/operating.md)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import run
from tests.faults.final_check import check
from tests.faults.scene import CLOSE, Scene, market_bodies
from tests.feed import Feed, bodies
from tests.lake.sending import rows
from tests.marketplace import Events

CLOSE_FEBRUARY = ("close", "--period=2026-02", "--as-of=2026-03-01T00:00:00Z")
ISSUED = "statements-issued-2026-02.ndjson"


def _february(source: str) -> list[bytes]:
    """Return what is sold in February, of the catalogue that January's events made."""
    events = Events(source)
    for number in range(5):
        events.generation("1", f"{number + 1}.5", time="2026-02-10T00:00:00Z")
    return bodies(events.events)


def _ingest(scene: Scene, feed: Feed) -> None:
    """Follow until all that was published is in the log, and stop."""
    process = scene.follow(feed)
    scene.reach(len(scene.messages))
    scene.stop(process)


def _close(scene: Scene, *words: str) -> str:
    """Close a period, and return its digest."""
    closed = run([*words, f"--warehouse={scene.warehouse}", "--json"])
    assert 0 == closed.code, closed.stderr
    return str(closed.json["closes"][-1]["digest"])


def _back_up(warehouse: Path, backup: Path) -> None:
    """Copy the catalog first, and the data after it."""
    backup.mkdir()
    shutil.copy2(warehouse / "catalog.sqlite", backup)
    for part in ("data", "manifests", "gate"):
        if (warehouse / part).exists():
            shutil.copytree(warehouse / part, backup / part)


def _restore(backup: Path, warehouse: Path) -> None:
    shutil.rmtree(warehouse)
    shutil.copytree(backup, warehouse)


def _closed_twice(scene: Scene, feed: Feed, published: Path) -> tuple[Path, str]:
    """Close January, take a backup, and close February; return the backup and the last digest."""
    scene.publish(feed, market_bodies("/market"))
    _ingest(scene, feed)
    _close(scene, *CLOSE)
    backup = scene.folder / "backup"
    _back_up(scene.warehouse, backup)
    scene.publish(feed, _february("/sales"))
    _ingest(scene, feed)
    published.mkdir()
    return backup, _close(scene, *CLOSE_FEBRUARY, f"--publish-to={published}")


def test_an_older_backup_and_a_seek_bring_everything_back(scene: Scene) -> None:
    """The close is the same again, and a folder that has its statements takes them as the same."""
    feed, published = scene.feed(retain_acked_messages=True), scene.folder / "published"
    before = datetime.now(UTC)
    backup, digest = _closed_twice(scene, feed, published)
    issued, events = (published / ISSUED).read_bytes(), _events(scene)

    _restore(backup, scene.warehouse)
    assert scene.head < len(scene.messages)
    feed.seek(before)
    _ingest(scene, feed)

    assert events == _events(scene)
    assert digest == _close(scene, *CLOSE_FEBRUARY)
    sent = run(["publish", f"--to={published}", f"--warehouse={scene.warehouse}", "--json"])
    assert (0, issued) == (sent.code, (published / ISSUED).read_bytes()), sent.stderr
    assert sent.json["published"] > len(issued.splitlines()), "January's are sent too"
    check(scene)


@pytest.mark.long
def test_a_close_after_a_restore_that_lacks_events_is_not_published(scene: Scene) -> None:
    """The folder still has what was issued; it refuses other statements of the same period."""
    feed, published = scene.feed(retain_acked_messages=True), scene.folder / "published"
    backup, digest = _closed_twice(scene, feed, published)
    issued = (published / ISSUED).read_bytes()

    _restore(backup, scene.warehouse)  # and nobody seeks
    file = scene.folder / "some.ndjson"
    file.write_bytes(b"\n".join(_february("/sales")[:2]) + b"\n")
    assert 0 == run(["ingest", str(file), f"--warehouse={scene.warehouse}"]).code

    assert digest != _close(scene, *CLOSE_FEBRUARY)
    sent = run(["publish", f"--to={published}", f"--warehouse={scene.warehouse}"])
    assert 5 == sent.code
    assert "of before a restore" in sent.stderr
    assert issued == (published / ISSUED).read_bytes()


def _events(scene: Scene) -> set[tuple[object, ...]]:
    """Return the identity and the content of each event of producers."""
    query = "SELECT source, id, content_sha256 FROM event WHERE source <> 'manyhands'"
    return set(rows(scene.warehouse, query))
