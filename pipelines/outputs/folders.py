"""A folder that statements are published to: a file a period, whole or not at all."""

import filecmp
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError, UsageError
from pipelines.lake.disk import replacing
from pipelines.outputs.statement_issued import StatementIssued, structured


@dataclass(frozen=True)
class Folder:
    """A folder that is there and can be written in."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's full path, as text whatever its bytes are."""
        return os.fsencode(self.path).decode("utf-8", "backslashreplace")

    def write(self, period: str, events: Iterable[StatementIssued]) -> int:
        """Write a period's events to `statements-issued-<period>.ndjson`; return how many.

        Raises ConflictError where the file is there and says something else, ManyhandsError where
        it can't be written.
        """
        path = self.path / f"statements-issued-{period}.ndjson"
        try:
            with replacing(path) as written:
                count = _write_lines(written, events)
                _refuse_if_other(path, written)
        except OSError as error:
            message = f"{path}: {error.strerror}; nothing half-written is left; mend it, run again"
            raise ManyhandsError(message) from error
        return count


@contextmanager
def opened(named: str) -> Iterator[Folder]:
    """Look a folder up.

    Raises NotFoundError where it isn't there, UsageError where it is no folder, ManyhandsError
    where this user may not write in it.
    """
    folder = Path(named).resolve()
    if not folder.exists():
        message = f"{folder}: no such folder to publish to; make it, or name another"
        raise NotFoundError(message)
    if not folder.is_dir():
        message = f"{folder} is no folder; statements are published to a folder or to a topic"
        raise UsageError(message)
    if not os.access(folder, os.W_OK | os.X_OK):
        message = f"{folder}: this user may not write in it; allow it, or name another folder"
        raise ManyhandsError(message)
    yield Folder(folder)


def _write_lines(path: Path, events: Iterable[StatementIssued]) -> int:
    count = 0
    with path.open("wb") as file:
        for event in events:
            file.write(structured(event) + b"\n")
            count += 1
    return count


def _refuse_if_other(path: Path, fresh: Path) -> None:
    """Refuse to replace a file whose bytes are others: what was issued never changes."""
    if path.exists() and not filecmp.cmp(path, fresh, shallow=False):
        message = (
            f"{path} holds other statements than those issued here: another warehouse's, or those"
            " of before a restore; compare them, move the file away, and run the command again"
        )
        raise ConflictError(message)
