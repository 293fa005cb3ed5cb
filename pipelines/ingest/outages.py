"""Goes on by itself when a warehouse or a manifest root is back (SPEC §8, promise 7)."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from pipelines.errors import ManyhandsError
from pipelines.sources.watch import Watch

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_MADE_UP: Final = re.compile("[0-9a-f]{8}[0-9a-f-]+")
"""Parts of names that are others with each attempt."""

Result = TypeVar("Result")


def through_outages(attempt: Callable[[], Result], watch: Watch) -> Result | None:
    """Run `attempt` until it succeeds, with a pause after each failure, and say each once.

    A full disk, a busy, damaged or missing catalog, a store out of reach: whatever the user can
    act on is waited for.
    Returns None where it is to stop before an attempt succeeds.
    """
    pause, said = _FIRST_PAUSE_S, set[str]()
    while True:
        try:
            result = attempt()
        except (ManyhandsError, OSError) as failure:
            watch.is_waiting = True
            if watch.is_stopping():
                watch.note(f"{failure}; stopped, and what wasn't committed is handed back")
                return None
            if (what := _MADE_UP.sub("", str(failure))) not in said:
                said.add(what)
                watch.note(f"{failure}; until then nothing is acknowledged, and it is tried again")
            watch.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        else:
            watch.is_waiting = False
            if said:
                watch.note("batches are committed again")
            return result
