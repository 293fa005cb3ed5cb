"""Says to the service manager that started this process how it goes (sd_notify of systemd)."""

import os
import socket
from contextlib import suppress
from time import monotonic
from typing import Final

READY: Final = "READY=1"
"""It has begun its work."""

ALIVE: Final = "WATCHDOG=1"
"""Its loop turns."""

STOPPING: Final = "STOPPING=1"
"""It has begun to end."""

_PATIENCE_S: Final = 1.0
_BEAT_S: Final = 1.0


def notify(state: str) -> None:
    """Send a state to the socket that NOTIFY_SOCKET names; do nothing where it names none.

    A state that can't be sent is left out: the work goes on, and the manager's watchdog knows what
    to do about one that it misses.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # a socket without a file, as Linux names it
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.settimeout(_PATIENCE_S)
        sending.sendto(state.encode("ascii"), address)


class Heartbeat:
    """Says that a loop turns, once a second at most."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._said_at = float("-inf")

    def beat(self) -> None:
        """Say it, unless it was said just now."""
        now = monotonic()
        if now - self._said_at >= _BEAT_S:
            self._said_at = now
            notify(ALIVE)
