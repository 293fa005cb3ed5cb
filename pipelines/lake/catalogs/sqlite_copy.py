"""Copies a catalog as it is now, by its bytes alone. Runs as a program, in a process of its own.

SQLite's locks are POSIX's: a process loses all that it has on a file as soon as it closes any
descriptor of it, whoever opened that. So a process that may be writing to a warehouse must not
open its catalog, neither with a second SQLite library nor as a plain file; this one has no locks.
It writes nothing beside the catalog, and needs no right but to read.

The copy is whoever opens it to recover, as after a power cut: the main file, and the WAL over it.
Frames that a checkpoint moves into the main file meanwhile stand in the WAL all the same, until
that is begun anew, with other salts in its header: then, and where there is no WAL but the main
file changes, the copy is made again.
"""

import os
import sys
import time
from collections.abc import Iterator

PATIENCE_S = 5.0
PAUSE_S = 0.01
BUSY, FAILED = 75, 1

_BLOCK = 1 << 20
_WAL_HEADER = 32


def main() -> int:
    """Copy the catalog named first to the path named second, and return the exit code.

    Where a file fails, stdout has its error number and its name, on a line each.
    """
    catalog, copy = sys.argv[1:]
    try:
        return 0 if copied(catalog, copy) else BUSY
    except OSError as error:
        sys.stdout.buffer.write(b"%d\n%s" % (error.errno or 0, os.fsencode(error.filename or "")))
        return FAILED


def copied(catalog: str, copy: str) -> bool:
    """Copy a catalog, as often as it takes; return False where it changes for PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not _copied_once(catalog, copy):
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_S)
    return True


def _copied_once(catalog: str, copy: str) -> bool:
    """Copy the main file, then the WAL; return whether they belong together."""
    _remove(f"{copy}-wal")
    before = _wal_header(catalog)
    _write(copy, _blocks(catalog))
    if before:
        try:
            _write(f"{copy}-wal", _blocks(f"{catalog}-wal"))
        except FileNotFoundError:
            return False
        return before == _wal_header(catalog)
    # whoever changes the main file has a WAL or a journal meanwhile; one that comes and goes
    # before or after this moment is seen in what changed
    return _is_left_alone(catalog) and _is_equal(catalog, copy) and _is_left_alone(catalog)


def _is_left_alone(catalog: str) -> bool:
    return not _wal_header(catalog) and not os.path.exists(f"{catalog}-journal")  # noqa: PTH110


def _wal_header(catalog: str) -> bytes:
    """Return the WAL's header, whose salts are new each time that it is begun; none: empty."""
    try:
        with open(f"{catalog}-wal", "rb", buffering=0) as file:  # noqa: PTH123  pathlib is slow
            header = file.read(_WAL_HEADER)
    except FileNotFoundError:
        return b""
    return header if len(header) == _WAL_HEADER else b""


def _blocks(path: str) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        while block := file.read(_BLOCK):
            yield block


def _write(path: str, blocks: Iterator[bytes]) -> None:
    with open(path, "wb") as file:  # noqa: PTH123
        file.writelines(blocks)


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        """No try before this one left it."""


def _is_equal(one: str, other: str) -> bool:
    blocks = _blocks(other)
    return all(block == next(blocks, b"") for block in _blocks(one)) and not next(blocks, b"")


if __name__ == "__main__":
    sys.exit(main())
