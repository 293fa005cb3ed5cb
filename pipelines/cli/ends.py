"""Ends a command on SIGHUP, SIGINT or SIGTERM: what is open is closed, what was made is removed.

A signal that was ignored when the process began (`nohup`) stays ignored.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from pipelines.interrupts import postponed

_NAMES: Final = ("SIGHUP", "SIGINT", "SIGTERM")  # not every system has all of them
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
_AGAIN_S: Final = 1.0
_BASE: Final = 128
"""What is added to a signal's number for the exit code, as shells do."""


class EndedError(BaseException):
    """A signal ended the command; no handler of errors is meant to stop it."""


@dataclass
class Ending:
    """Which signal ended the command, if one did."""

    number: int = 0
    is_caught: bool = False
    """Whether the command has ended, and what is left is to say so."""
    stops_by_itself: bool = False
    """Whether a first SIGINT or SIGTERM only asks the command to stop, which it looks for."""
    is_stopping: bool = False
    """Whether it was asked to."""

    @property
    def name(self) -> str:
        """The signal's name."""
        return signal.Signals(self.number).name

    @property
    def exit_code(self) -> int:
        """The exit code: 129, 130 or 143."""
        return _BASE + self.number

    def check(self) -> None:
        """Raise EndedError where a signal came and a library kept its error to itself."""
        if self.number:
            raise EndedError

    def _end(self, number: int, _: FrameType | None) -> None:
        """Raise EndedError for the first signal; the next ones would only hinder its handling.

        A command that stops by itself is asked to at first.
        """
        if self.stops_by_itself and not self.is_stopping and number in _STOPPING:
            self.is_stopping = True
        elif not self.number:
            self.number = number
            if hasattr(signal, "setitimer"):
                signal.signal(signal.SIGALRM, self._end_again)
                signal.setitimer(signal.ITIMER_REAL, _AGAIN_S, _AGAIN_S)
            self._raise()

    def _end_again(self, *_: object) -> None:
        """Raise EndedError once more where it got lost: C code drops what it can't handle."""
        if not self.is_caught and sys.exception() is None:
            self._raise()

    def _raise(self) -> None:
        if not postponed(self._raise):
            raise EndedError


@contextmanager
def ended_by_signals(ending: Ending) -> Iterator[None]:
    """Raise EndedError when a signal comes while the context lasts, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.Signals[name] for name in _NAMES if hasattr(signal, name)]
    before = {
        number: signal.signal(number, ending._end)  # noqa: SLF001  its own handler
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
