"""What an ingest says on stderr while it runs: text for people, or JSON for programs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.cli import json_log
from pipelines.cli.flags import Invocation
from pipelines.cli.observed import LogFormat
from pipelines.cli.progress import Report, reporting

if TYPE_CHECKING:
    from pipelines.ingest.work import Ingested


@dataclass(frozen=True)
class Log:
    """Says what happens, in the form that was asked for."""

    note: Callable[[str], None]
    """Says what the user should know afterwards too."""
    begun: Callable[[], None]
    """Says that the warehouse is open and messages are received."""
    committed: Callable[["Ingested"], None]
    """Says what became of a batch."""


@contextmanager
def logged(invocation: Invocation, form: LogFormat) -> Iterator[Log]:
    """Yield what an ingest says things through; what it fails with is said in the same form."""
    if form is LogFormat.JSON:
        invocation.say_failure = json_log.write_failure
        with json_log.libraries_logged():
            yield _as_json(invocation.ending.check)
    else:
        with reporting(invocation.ending) as report:
            yield _as_text(report)


def _as_text(report: Report) -> Log:
    received = 0

    def committed(done: "Ingested") -> None:
        nonlocal received
        received += done.counts.received
        report(f"{received} events received; the head of the log is {done.counts.head}")

    return Log(report.note, lambda: None, committed)


def _as_json(check: Callable[[], None]) -> Log:
    def note(text: str) -> None:
        check()
        json_log.write_note(text)

    def committed(done: "Ingested") -> None:
        check()
        json_log.write_commit(done)

    return Log(note, lambda: json_log.write_entry("info", "receiving"), committed)
