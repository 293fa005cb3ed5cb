"""Read portions of a batch: from bytes to what was received (SPEC §3.1, §3.4)."""

import os
import pickle
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pipelines.sources.batch import Portion
from pipelines.sources.lines import Lines
from pipelines.sources.subscriptions import is_subscription
from schemas.json_text import BLANK
from schemas.record import Received


def read(portion: Portion) -> Iterator[Received]:
    """Read lines one by one; those of nothing but white space are skipped."""
    for part in portion:
        if isinstance(part, Lines):
            yield from _read_lines(part)
        else:
            yield part


def _read_lines(lines: Lines) -> Iterator[Received]:
    for number, line in enumerate(lines.text.removesuffix(b"\n").split(b"\n")):
        if lines.size >= 0 or line.strip(BLANK):
            yield Received(
                lines.position + number,
                readable(lines.origin),
                str(lines.first_line + number),
                line,
                size=lines.size,
                sha256=lines.sha256,
            )


@lru_cache
def readable(origin: str) -> str:
    """Return a file's name, which can be any bytes, as text that is no subscription's."""
    name = os.fsencode(origin).decode("utf-8", "backslashreplace")
    return f"./{name}" if is_subscription(name) else name


def hand_over(portions: Iterable[Portion], folder: Path) -> list[Path]:
    """Write portions to files in a folder, and return their paths in the order of the portions.

    A pipeline begins with the paths: what it begins with, Beam compresses several times.
    """
    paths = []
    for number, portion in enumerate(portions):
        path = folder / f"{number:06}.portion"
        path.write_bytes(pickle.dumps(portion, pickle.HIGHEST_PROTOCOL))
        paths.append(path)
    return paths


def take_over(path: Path) -> Portion:
    """Return the portion in a file."""
    portion: Portion = pickle.loads(path.read_bytes())  # noqa: S301  our own bytes
    return portion
