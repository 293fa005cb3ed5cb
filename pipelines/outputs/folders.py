"""Writes files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; what is written there becomes `path` at the end.

    Where the context ends in an error, `path` stays as it was.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as made:
        written = Path(made) / path.name
        yield written
        _sync(written)
        written.replace(path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
