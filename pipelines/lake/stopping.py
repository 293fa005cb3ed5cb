"""Stops what the engine does when it has taken what it may."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake.bounds import Bounds

GRACE_S: Final = 5.0
"""How long the engine may take to stop; within one call of a function it doesn't look."""

_AGAIN_S: Final = 0.1
_NO_ROOM_TO_SPILL: Final = "max_temp_directory_size"


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection, bounds: Bounds) -> Iterator[threading.Event]:
    """Stop what a connection does when the time is over; the event is set then.

    Raises ManyhandsError where a bound was reached.
    """
    over, done = threading.Event(), threading.Event()
    watch = threading.Thread(target=_watch, args=(connection, bounds, over, done), daemon=True)
    watch.start()
    try:
        yield over
    except (duckdb.InterruptException, OSError) as error:
        if not over.is_set():
            raise
        raise ManyhandsError(bounds.out_of_time) from error
    except duckdb.OutOfMemoryException as error:
        if _NO_ROOM_TO_SPILL not in str(error):
            raise
        raise ManyhandsError(bounds.out_of_disk) from error
    finally:
        done.set()
        watch.join()


def _watch(
    connection: duckdb.DuckDBPyConnection,
    bounds: Bounds,
    over: threading.Event,
    done: threading.Event,
) -> None:
    if done.wait(bounds.seconds):
        return
    over.set()
    waited = 0.0
    while True:
        connection.interrupt()  # one that comes between two statements is lost, so it comes again
        if done.wait(_AGAIN_S):
            return
        waited += _AGAIN_S
        if waited > GRACE_S and bounds.give_up:
            bounds.give_up(bounds.out_of_time)
