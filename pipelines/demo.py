"""Shows it all on a small marketplace: ingest, close, late events, close again (SPEC §7.3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from pipelines.close.job import Closed, close
from pipelines.errors import ConflictError
from pipelines.ingest.job import ingest
from pipelines.lake import scratch
from pipelines.lake.creation import create
from pipelines.lake.log import Counts
from pipelines.lake.setting import Setting
from pipelines.lake.warehouse import Warehouse
from pipelines.sources import example

MARKER: Final = ".manyhands-demo"
"""A file in the folder that says that the demo made it, and may make it anew."""

EVENTS: Final = "events"
"""The folder within it of the events that were ingested."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Month:
    """What became of a month: what was ingested before its close, and the close."""

    ingested: Counts
    closed: Closed


def demo(warehouse: Warehouse, report: Report) -> tuple[Month, Month]:
    """Make a warehouse anew, ingest two months and close each; the same every time.

    Raises ConflictError where the folder is there and the demo didn't make it.
    """
    make_anew(warehouse)
    return (
        _month(warehouse, "2026-10", example.october(), datetime(2026, 11, 1), report),  # noqa: DTZ001
        _month(warehouse, "2026-11", example.november(), datetime(2026, 12, 1), report),  # noqa: DTZ001
    )


def make_anew(warehouse: Warehouse) -> None:
    """Put an empty warehouse with the demo's marker in the place of what the demo left there.

    Raises ConflictError where the folder is there and the demo didn't make it.
    """
    folder = warehouse.folder
    _refuse_unless_own(folder)
    with scratch.beside(folder.absolute()) as made:
        fresh = made / folder.name
        create(replace(warehouse, folder=fresh), Setting())
        (fresh / MARKER).touch()
        if folder.exists():
            folder.rename(made / "old")
        fresh.rename(folder)


def _refuse_unless_own(folder: Path) -> None:
    is_there = folder.exists() or folder.is_symlink()
    if is_there and (folder.is_symlink() or not (folder / MARKER).is_file()):
        message = f"{folder} is not the demo's own, so it was left alone; run it in another folder"
        raise ConflictError(message)


def _month(
    warehouse: Warehouse,
    period: str,
    events: Iterable[example.Event],
    now: datetime,
    report: Report,
) -> Month:
    path = warehouse.folder / EVENTS / f"{period}.ndjson"
    path.parent.mkdir(exist_ok=True)
    path.write_text(example.ndjson(events), encoding="ascii")
    batches = ingest(warehouse, [str(path)], clock=lambda: now, manifest_roots=[], note=report)
    counts = sum(batches, Counts())
    report(f"{counts.received} events received, the log is at {counts.head}")
    (closed,) = close(warehouse, period=period, as_of=now, dry_run=False, report=report)
    return Month(counts, closed)
