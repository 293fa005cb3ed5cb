"""Lines of files become what was received (SPEC §3.1, §3.4)."""

import tracemalloc
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.ingest.bounded_run import bounded_run
from pipelines.ingest.decode import decode
from pipelines.ingest.read import hand_over, read
from pipelines.ingest.transforms import Prove, Read
from pipelines.sources.batch import Portion
from pipelines.sources.batches import batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import Limits
from schemas.json_text import MAX_BYTES
from schemas.record import Received, Rejected
from schemas.rejection import KEPT_BYTES


def _portions(path: Path) -> Iterator[Portion]:
    sources, _ = find_files([str(path)])
    for batch in batches(sources, Limits()):
        yield from batch.events
        batch.acknowledge()


def _read(path: Path) -> list[Received]:
    return [received for portion in _portions(path) for received in read(portion)]


def test_a_line_ends_at_lf_and_keeps_its_number(tmp_path: Path) -> None:
    """A CR belongs to the line, the last line needs no end, and blank lines are counted only."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(b'{"a":1}\r\n\n \t\r\n{"b":\x0b2}\n\xc2\x85\nlast')

    received = _read(path)

    expected = [("1", b'{"a":1}\r'), ("4", b'{"b":\x0b2}'), ("5", b"\xc2\x85"), ("6", b"last")]
    assert expected == [(message.origin_item, message.body) for message in received]
    assert {str(path)} == {message.origin for message in received}
    positions = [message.position for message in received]
    assert sorted(set(positions)) == positions


@pytest.mark.parametrize("end", [b"", b"\n", b"\n{}\n"])
def test_a_line_of_exactly_a_mebibyte_is_whole(tmp_path: Path, end: bytes) -> None:
    """Its line end is left aside."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"x" * MAX_BYTES + end)

    first = _read(path)[0]

    assert (-1, MAX_BYTES) == (first.size, len(first.body))


@pytest.mark.parametrize("over", [1, 2, 70_000, 3 * MAX_BYTES])
def test_a_larger_line_keeps_its_beginning_its_size_and_its_digest(
    tmp_path: Path, over: int
) -> None:
    """It is refused as too large, and what stands after it is read as ever."""
    path = tmp_path / "events.ndjson"
    line = b"x" * (MAX_BYTES + over)
    path.write_bytes(b"{}\n" + line + b"\n[]\n")

    before, large, after = _read(path)

    assert (line[:KEPT_BYTES], len(line)) == (large.body, large.size)
    assert sha256(line).hexdigest() == large.sha256
    assert (b"{}", b"[]", "3") == (before.body, after.body, after.origin_item)
    rejected = decode(large)
    assert isinstance(rejected, Rejected)
    assert "too_large" == rejected.reason


def test_a_line_of_any_size_takes_little_memory(tmp_path: Path) -> None:
    """A line of 64 MiB is measured, not held."""
    path = tmp_path / "events.ndjson"
    with path.open("wb") as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))

    tracemalloc.start()
    (large,) = _read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 64 << 20 == large.size
    assert peak < 8 << 20


def test_a_batch_is_handed_to_a_pipeline_and_opens_nothing(tmp_path: Path) -> None:
    """What a pipeline reads is what the driver read, though the file is gone by then."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.ndjson").write_bytes(name.encode() * 3 + b"\n\n{}")
    paths = hand_over(_portions(tmp_path), tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.ndjson").unlink()
    a, b = (str(tmp_path / f"{name}.ndjson") for name in ("a", "b"))
    expected = [(0, a, "1", b"aaa"), (2, a, "3", b"{}"), (3, b, "1", b"bbb"), (5, b, "3", b"{}")]

    with bounded_run() as pipeline:
        seen = (
            pipeline
            | Read(paths)
            | Prove(datetime(2026, 12, 1))  # noqa: DTZ001  naive is UTC here
            | beam.FlatMap(
                lambda piece: [
                    (one.position, one.origin, one.origin_item, one.body) for one in piece.records
                ]
            )
        )
        assert_that(seen, equal_to(expected))
