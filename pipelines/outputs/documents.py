"""Writes JSON documents: sorted keys, ASCII, nothing rounded (SPEC §7.3)."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from pipelines.values import json_value

SPOOL_BYTES = 8 << 20


def dumps(value: object) -> str:
    """Write one JSON document, on one line."""
    return json.dumps(json_value(value), sort_keys=True)


def write_list(stream: TextIO, items: Iterable[object]) -> None:
    """Write one JSON list, an item a line, one item in memory at once."""
    separator = "["
    for item in items:
        stream.write(f"{separator}\n{dumps(item)}")
        separator = ","
    stream.write("\n]\n" if separator == "," else "[]\n")


def write_with_list(
    stream: TextIO, name: str, items: Iterable[object], others: Mapping[str, object]
) -> None:
    """Write one JSON object: a list under `name`, one item in memory at once, and other fields.

    The name sorts before those of the others, of which there are some.
    """
    stream.write(f"{{{dumps(name)}: ")
    write_list(stream, items)
    stream.write(f", {dumps(others).removeprefix('{')}\n")


@contextmanager
def whole_or_nothing(stream: TextIO) -> Iterator[TextIO]:
    """Yield a stream whose text is copied to `stream` when the context ends without an error.

    It waits in memory, beyond 8 MiB in a temporary file.
    """
    with tempfile.SpooledTemporaryFile(
        max_size=SPOOL_BYTES, mode="w+", encoding="utf-8", errors="surrogatepass", newline=""
    ) as spool:
        yield spool  # type: ignore[misc]  # it is a text stream in all but its declared type
        spool.seek(0)
        shutil.copyfileobj(spool, stream)
