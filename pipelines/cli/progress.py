"""Shows on stderr that long work goes on: a bar where a person watches, else lines."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import typer

from pipelines.cli.ends import Ending
from pipelines.cli.tables import plain


@dataclass(frozen=True)
class Report:
    """Shows what is being done, in words; those of `note` stay on the screen."""

    show: Callable[[str], None]
    keep: Callable[[str], None]
    check: Callable[[], None]
    """Raises where the command was ended meanwhile."""

    def __call__(self, text: str) -> None:
        """Show what is being done now."""
        self.check()
        self.show(plain(text))

    def note(self, text: str) -> None:
        """Show something that the user should know afterwards too."""
        self.check()
        self.keep(plain(text))


def is_watched() -> bool:
    """Return whether stderr is a terminal and NO_COLOR is not set (SPEC §7.3)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def reporting(ending: Ending) -> Iterator[Report]:
    """Yield what long work reports through, for as long as the context lasts."""
    if not is_watched():
        yield Report(_write_line, _write_line, ending.check)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        show = partial(progress.update, task)
        yield Report(lambda text: show(description=text), console.print, ending.check)


def _write_line(text: str) -> None:
    typer.echo(text, err=True)
