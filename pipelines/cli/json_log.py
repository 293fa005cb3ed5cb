"""Writes progress and errors as one JSON object a line; never what an event holds."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.outputs.documents import dumps

if TYPE_CHECKING:
    from pipelines.ingest.work import Ingested


def write_entry(level: str, event: str, **fields: object) -> None:
    """Write one line to stderr: when, how grave, what happened, and its fields."""
    entry = {"time": datetime.now(UTC), "level": level, "event": event, **fields}
    sys.stderr.write(dumps(entry) + "\n")


def write_note(message: str) -> None:
    """Write what the user should know afterwards too."""
    level = "warning" if message.startswith("warning: ") else "notice"
    write_entry(level, "note", message=message)


def write_failure(exit_code: int, message: str, trace: str) -> None:
    """Write what the command failed with."""
    fields = {"traceback": trace} if trace else {}
    write_entry("error", "failed", exit_code=exit_code, message=message, **fields)


def write_commit(done: "Ingested") -> None:
    """Write what became of a batch."""
    write_entry(
        "info",
        "committed",
        batch=done.batch_id,
        **asdict(done.counts),
        seconds=round(done.seconds, 3),
        commit_seconds=round(done.commit_seconds, 3),
    )


class _OfLibraries(logging.Handler):
    """Writes the errors that libraries log, by their kinds: their texts may quote what was read."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        fields = {"error": kind} if kind else {}
        level = record.levelname.lower()
        write_entry(level, "library", logger=record.name, message=str(record.msg), **fields)


@contextmanager
def libraries_logged() -> Iterator[None]:
    """Write what libraries log as JSON too, without their warnings, while the context lasts."""
    handler, root = _OfLibraries(logging.ERROR), logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
