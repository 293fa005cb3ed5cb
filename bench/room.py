"""Keeps what benchmarks run on: made once a seed, one at a time, where there is room for it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import ManyhandsError

DATA: Final = Path(__file__).with_name(".data")
MADE: Final = "made.json"
"""In the folder of what is made whole: what it was made from."""

EVENT_BYTES: Final = 163
"""What an event takes in a warehouse, about, as measured."""
LINE_BYTES: Final = 320
"""What an event takes as a line of JSON, about, as measured."""

_GB: Final = 1_000_000_000


@dataclass(frozen=True)
class Data:
    """What benchmarks run on."""

    name: str
    """Of its folder."""
    made_from: Mapping[str, object]
    """The seed, and how many there are of what."""
    size: int
    """Bytes that it takes, about."""
    make: Callable[[Path], None]
    """Makes it in a folder."""

    @contextmanager
    def there(self, root: Path = DATA) -> Iterator[Path]:
        """Return the folder of the data, which is there as long as the context lasts.

        What a run that was cut short left is used where it was made from the same, and makes room
        where it wasn't.

        Raises ManyhandsError, naming both figures, where there is no room for it.
        """
        folder = root / self.name
        if not self._is_made(folder):
            shutil.rmtree(root, ignore_errors=True)
            refuse_unless_room(self.name, self.size, root.parent)
            folder.mkdir(parents=True)
            self.make(folder)
            (folder / MADE).write_text(json.dumps(dict(self.made_from)), encoding="utf-8")
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def _is_made(self, folder: Path) -> bool:
        made = folder / MADE
        return made.is_file() and json.loads(made.read_text(encoding="utf-8")) == self.made_from


def refuse_unless_room(name: str, size: int, place: Path) -> None:
    """Raise ManyhandsError, naming both figures, where a disk has no room for so many bytes."""
    free = shutil.disk_usage(place).free
    if size > free:
        message = (
            f"{name} would take about {size / _GB:,.1f} GB, and the disk of {place} has"
            f" {free / _GB:,.1f} GB free; choose a smaller size, or make room"
        )
        raise ManyhandsError(message)
