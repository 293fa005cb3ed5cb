"""Looks at the warehouse now and then, in a thread that nobody waits for."""

import threading
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.monitoring import Look

_PAUSE_S: Final = 60.0
"""Between two looks at least."""

_SHARE: Final = 20
"""A look that takes long is followed by a pause of so many times as long."""

_END_S: Final = 5.0


class Looks:
    """The last look that succeeded; one that fails changes nothing."""

    def __init__(self, look: Callable[[], "Look"], pause_s: float = _PAUSE_S) -> None:
        """Look at nothing yet."""
        self._look = look
        self._pause_s = pause_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.last: Look | None = None
        self.looked_at: float | None = None
        """When the last look succeeded, in seconds since 1970."""

    def begin(self) -> None:
        """Look for the first time, and then again and again."""
        self._thread.start()

    def end(self) -> None:
        """Look no more; one that goes on is waited for, so that it removes what it made."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            begun_at = monotonic()
            self._look_once()
            pause = max(self._pause_s, _SHARE * (monotonic() - begun_at))

    def _look_once(self) -> None:
        try:
            self.last = self._look()
        except Exception:  # noqa: BLE001  whatever it is: the ingest goes on, and so do the looks
            return
        self.looked_at = time()
