"""How much memory the engine may take, as a setting says it (SPEC §8, promise 8)."""

import os
import re
from typing import Final

from pipelines.errors import ManyhandsError

DEFAULT: Final = "1500MiB"
LEAST: Final = "64MiB"
MOST: Final = "64TiB"

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def read_bytes(text: str, least: str = LEAST, most: str = MOST) -> int:
    """Return the bytes that a size such as `1500MiB` or `4GB` means.

    Raises ValueError where it is none, or not between `least` and `most`.
    """
    size = _bytes(text)
    if not _bytes(least) <= size <= _bytes(most):
        message = f"{text!r} is not a size from {least} to {most}, such as {DEFAULT} or 4GB"
        raise ValueError(message)
    return size


def _bytes(text: str) -> int:
    """Return the bytes of a size, and 0 for what is none."""
    matched = re.fullmatch(f"([1-9][0-9]{{0,14}})({'|'.join(_UNITS)})", text)
    return int(matched[1]) * _UNITS[matched[2]] if matched else 0


DEFAULT_BYTES: Final = read_bytes(DEFAULT)

_NEEDED_BYTES, _NEEDED_BYTES_A_THREAD = 2816 << 20, 128 << 20
"""What the engine and the libraries around it reserve before they do anything."""


def refuse_too_little() -> None:
    """Refuse where `ulimit -v` leaves too little: the engine would end the process without a word.

    Raises ManyhandsError with how much there is, and how much it takes.
    """
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = _NEEDED_BYTES + (os.cpu_count() or 1) * _NEEDED_BYTES_A_THREAD
    if limit != resource.RLIM_INFINITY and limit < needed:
        message = (
            f"this process may have {limit >> 20} MiB of memory (ulimit -v);"
            f" let it have {needed >> 20} MiB or more, and run the command again"
        )
        raise ManyhandsError(message)
