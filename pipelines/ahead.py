"""Begins in a thread what will be needed soon, while other work leaves the interpreter free."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


def begin(work: Callable[[], object]) -> None:
    """Begin work of which the result is kept where it belongs, and what it raises is dropped.

    Whoever needs the result asks for it once more: waits for it, or meets the same failure.
    """

    def run() -> None:
        with suppress(Exception):
            work()

    with suppress(RuntimeError):  # where no thread can be had
        Thread(target=run).start()
