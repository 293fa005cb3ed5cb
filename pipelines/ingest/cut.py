"""Cut sources into batches of portions, on the disk that all workers share (SPEC §4, §10).

What a batch is does not hang on who cuts it: a group of sources gives the same batches each time,
and they appear whole or not at all, so that one that is cut twice is there once.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import ManyhandsError, UsageError
from pipelines.ingest.read import hand_over
from pipelines.lake.disk import appearing
from pipelines.sources.batches import batches
from pipelines.sources.limits import Limits
from pipelines.sources.opened import Source

WAVE_BYTES: Final = 1 << 30
"""Of files that are cut and staged before anything of them is committed: what the disk holds."""

_FAULT: Final = "fault.json"
_CUT: Final = "[0-9]*"
"""Groups that are cut whole; what an attempt that died left has a hidden name."""


@dataclass(frozen=True)
class Group:
    """Sources that are cut one after the other, into batches of their own."""

    number: int
    """By the order of the sources."""
    sources: tuple[Source, ...]


def waves(sources: Iterable[Source], limits: Limits) -> Iterator[list[Group]]:
    """Group sources by their sizes, about a batch a group, and groups into waves."""
    wave: list[Group] = []
    size = 0
    for number, group in enumerate(_grouped(sources, limits.size)):
        wave.append(Group(number, tuple(group)))
        size += sum(source.size for source in group)
        if size >= WAVE_BYTES:
            yield wave
            wave, size = [], 0
    if wave:
        yield wave


def _grouped(sources: Iterable[Source], most_bytes: int) -> Iterator[list[Source]]:
    group: list[Source] = []
    for source in sources:
        if group and sum(one.size for one in (*group, source)) > most_bytes:
            yield group
            group = []
        group.append(source)
    if group:
        yield group


def cut(group: Group, folder: Path, limits: Limits) -> None:
    """Cut the sources of a group into `folder/<group>/<batch>/<portion>`.

    What went wrong with a source stands beside the batches.
    """
    place = folder / f"{group.number:06}"
    if place.exists():  # another attempt has cut it already
        return
    with appearing(place) as made:
        made.mkdir()
        try:
            for number, batch in enumerate(batches(group.sources, limits)):
                here = made / f"{number:06}"
                here.mkdir()
                hand_over(batch.events, here)
                batch.acknowledge()
        except ManyhandsError as error:
            fault = {"is_usage": isinstance(error, UsageError), "message": str(error)}
            (made / _FAULT).write_text(json.dumps(fault), encoding="utf-8")


def portions(folder: Path) -> list[Path]:
    """Return the files of all portions, in the order of the sources and of their lines."""
    return sorted(folder.glob(f"{_CUT}/*/*.portion"))


def cut_batches(folder: Path) -> list[Path]:
    """Return the folders of all batches, in the order of the sources and of their lines."""
    return sorted(path for path in folder.glob(f"{_CUT}/*") if path.is_dir())


def faults(folder: Path) -> Iterator[ManyhandsError]:
    """Yield what went wrong with sources, in their order."""
    for path in sorted(folder.glob(f"{_CUT}/{_FAULT}")):
        fault = json.loads(path.read_text(encoding="utf-8"))
        yield (UsageError if fault["is_usage"] else ManyhandsError)(fault["message"])
