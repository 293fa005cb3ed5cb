"""Shows on stderr that long work goes on: a bar where a person watches, else lines."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from pipelines.outputs.tables import plain


@dataclass(frozen=True)
class Report:
    """Tells what is going on, in words; the words of `note` stay on the screen."""

    show: Callable[[str], None]
    keep: Callable[[str], None]

    def __call__(self, text: str) -> None:
        """Show what is being done now."""
        self.show(plain(text))

    def note(self, text: str) -> None:
        """Tell something that the user should know afterwards too."""
        self.keep(plain(text))


def is_watched() -> bool:
    """Tell whether stderr is a terminal, and its user takes colours (SPEC §7.3, NO_COLOR)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def reporting() -> Iterator[Report]:
    """Give what long work reports through, for as long as it takes."""
    if not is_watched():
        yield Report(_write_line, _write_line)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield Report(lambda text: progress.update(task, description=text), console.print)


def _write_line(text: str) -> None:
    typer.echo(text, err=True)
