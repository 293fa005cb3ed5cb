"""Holds a warehouse's catalog from another process, as one that writes for long does."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_HOLD: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def catalog_held(folder: Path) -> Iterator[None]:
    """Keep everybody else from writing to the catalog of the warehouse in a folder."""
    command = [sys.executable, "-c", _HOLD, str(folder / "catalog.sqlite")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert b"held\n" == other.stdout.readline()
        try:
            yield
        finally:
            other.communicate()
