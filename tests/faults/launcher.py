"""Runs the command line as a program that a fault hits at a named function of the product's.

`python -m tests.faults.launcher FAULT... -- WORDS...` runs `manyhands WORDS...`. A fault is

- `kill:before:PLACE:N`, `kill:after:PLACE:N`: SIGKILL at the N-th call of a function, or when it
  has returned for the N-th time;
- `stop:before:PLACE:N`, `stop:after:PLACE:N`: SIGSTOP there, until somebody sends SIGCONT;
- `poison:TEXT`: SIGKILL when a message is decoded whose body has this text;
- `early`: batches are acknowledged before they are committed;
- `blind`: a commit doesn't compare the head of the log with the one that it was judged by.

A place is `module:name` or `module:Class.name`. The product has no hook for any of it: a fault is
put around a function before the command line runs.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from functools import reduce, wraps
from itertools import count
from typing import Any, Final
from unittest.mock import patch

Function = Callable[..., Any]

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def around(place: str, wrapper: Callable[[Function], Function]) -> None:
    """Put a wrapper around a function of the product's, where its callers look it up."""
    module, _, names = place.partition(":")
    *owners, name = names.split(".")
    owner = reduce(getattr, owners, importlib.import_module(module))
    setattr(owner, name, wrapper(getattr(owner, name)))


def _hit(kind: str, when: str, number: int) -> Callable[[Function], Function]:
    """Return a wrapper that sends this process a signal at a call, or after it."""
    calls = count(1)

    def wrapper(function: Function) -> Function:
        @wraps(function)
        def wrapped(*given: Any, **named: Any) -> Any:  # noqa: ANN401  whatever it takes
            if when == "before" and next(calls) == number:
                os.kill(os.getpid(), _SIGNALS[kind])
            returned = function(*given, **named)
            if when == "after" and next(calls) == number:
                os.kill(os.getpid(), _SIGNALS[kind])
            return returned

        return wrapped

    return wrapper


def _poisoned(text: bytes) -> Callable[[Function], Function]:
    def wrapper(function: Function) -> Function:
        def decode(received: Any) -> Any:  # noqa: ANN401
            if text in received.body:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(received)

        return decode

    return wrapper


def _early(attempt: Function) -> Function:
    def acknowledge_first(work: Any, batch: Any, *given: Any) -> Any:  # noqa: ANN401
        batch.acknowledge()
        return attempt(work, batch, *given)

    return acknowledge_first


def _blind(write: Function) -> Function:
    from pipelines.lake import log

    def write_unseeing(connection: Any) -> Any:  # noqa: ANN401
        ((judged_at,),) = connection.execute("SELECT head FROM batch_input").fetchall()
        with patch.object(log, "head", return_value=judged_at):
            return write(connection)

    return write_unseeing


def prepare(fault: str) -> None:
    """Put one fault in its place."""
    kind, _, rest = fault.partition(":")
    if kind in _SIGNALS:
        when, _, rest = rest.partition(":")
        place, _, number = rest.rpartition(":")
        around(place, _hit(kind, when, int(number)))
    elif kind == "poison":
        around("pipelines.ingest.transforms:decode", _poisoned(rest.encode()))
    elif kind == "early":
        around("pipelines.ingest.work:Work.attempt", _early)
    elif kind == "blind":
        around("pipelines.lake.log:_write", _blind)
    else:
        message = f"{fault}: no such fault"
        raise ValueError(message)


def main(words: list[str]) -> int:
    """Put the faults in their places, and run the command line."""
    from pipelines.cli import main as run

    here = words.index("--")
    for fault in words[:here]:
        prepare(fault)
    return run(words[here + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
