"""Shows on stderr that long work goes on: a bar where a person watches, else lines."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


def is_watched() -> bool:
    """Tell whether stderr is a terminal, and its user takes colours (SPEC §7.3, NO_COLOR)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def reporting() -> Iterator[Callable[[str], None]]:
    """Give a function that shows a line of text as what is being done now."""
    if not is_watched():
        yield lambda text: typer.echo(text, err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda text: progress.update(task, description=text)
