"""Keeps a signal from cutting short what has to be done whole: making a folder, removing it.

Signals are handled between any two steps of the main thread, also within `finally`: what is half
made is known to nobody yet, what is half removed to nobody any more.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class _Main:
    """The main thread, the only one that handles signals."""

    depth: int = 0
    """How many contexts of `uninterrupted` it is in."""
    waiting: Callable[[], None] | None = None


_MAIN = _Main()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a handler of signals wait until the context ends; for what takes a moment."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _MAIN.depth += 1
    try:
        yield
    finally:
        _MAIN.depth -= 1
        waiting = _MAIN.waiting
        if waiting and not _MAIN.depth:
            _MAIN.waiting = None
            waiting()


def postponed(act: Callable[[], None]) -> bool:
    """Return whether what a handler does has to wait; then it is called where the context ends."""
    if _MAIN.depth:
        _MAIN.waiting = act
    return _MAIN.depth > 0
