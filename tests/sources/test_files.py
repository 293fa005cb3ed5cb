"""Which files a source has, and how they are cut into batches (SPEC §4, §7.3)."""

import io
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import NotFoundError
from pipelines.sources import files
from pipelines.sources.files import Limits, Span, batches, find_files, spans


def test_a_folder_is_read_recursively_in_order_of_its_paths_bytes(tmp_path: Path) -> None:
    """Capitals come before small letters, `a.ndjson` before `a/…`; folders lie among files."""
    names = ["b/x.ndjson", "Z.jsonl", "a.ndjson", "a/c.ndjson", "é.ndjson"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found, others = find_files([str(tmp_path)])

    ordered = ["Z.jsonl", "a.ndjson", "a/c.ndjson", "b/x.ndjson", "é.ndjson"]
    assert [str(tmp_path / name) for name in ordered] == found
    assert [] == others


def test_other_files_of_a_folder_are_named_and_a_named_one_is_read(tmp_path: Path) -> None:
    """What a folder holds beside NDJSON is left out aloud; a file that is named is meant."""
    other = tmp_path / "events.json"
    other.touch()

    assert ([], [str(other)]) == find_files([str(tmp_path)])
    assert ([str(other), "-"], []) == find_files([str(other), "-"])


def test_a_folder_leaves_out_aloud_what_it_will_not_open(tmp_path: Path) -> None:
    """A pipe would be waited for, a link may lead nowhere or round in a circle."""
    os.mkfifo(tmp_path / "pipe.ndjson")
    (tmp_path / "dangling.ndjson").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path)
    others = ["dangling.ndjson", "pipe.ndjson", "round"]

    assert ([], [str(tmp_path / name) for name in others]) == find_files([str(tmp_path)])


def test_a_pipe_that_is_named_is_read_to_its_end(tmp_path: Path) -> None:
    """It is read as standard input is, under its own name."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"{}\n[]\n",))
    writer.start()
    found, _ = find_files([str(pipe)])
    (batch,) = batches(found, Limits())
    writer.join()

    assert [(str(pipe), 1, 2)] == [(span.origin, span.first_line, span.lines) for span in batch]


def test_a_source_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """One missing source ends it, whatever stands beside it."""
    with pytest.raises(NotFoundError, match="gone"):
        find_files([str(tmp_path), str(tmp_path / "gone.ndjson")])


def test_the_name_of_a_file_can_be_any_bytes(tmp_path: Path) -> None:
    """A name that isn't UTF-8 is found and opened."""
    path = os.fsencode(tmp_path) + b"/\xff.ndjson"
    with open(path, "wb") as file:  # noqa: PTH123  a path in bytes
        file.write(b"{}\n")

    (found,), _ = find_files([str(tmp_path)])

    assert path == os.fsencode(found)
    assert 1 == len(list(spans(found, found, 1, 10)))


lines = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=60)


@given(lines, st.booleans(), st.integers(1, 90), st.integers(1, 9))
def test_spans_are_whole_lines_and_leave_nothing_out(
    content: list[bytes],
    ends_with_lf: bool,  # noqa: FBT001  given by name
    block: int,
    most_lines: int,
) -> None:
    """Put together the spans are the file; each begins at the line that it says."""
    text = b"\n".join(content) + (b"\n" if ends_with_lf else b"")
    with _file_of(text) as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK_BYTES", block)
        found = list(spans(path, "origin", 1, most_lines))

    assert text == b"".join(text[span.offset : span.offset + span.size] for span in found)
    for span in found:
        before, within = text[: span.offset], text[span.offset : span.offset + span.size]
        assert before == b"" or before.endswith(b"\n")
        assert span.first_line == before.count(b"\n") + 1
        assert span.lines == len(within.removesuffix(b"\n").split(b"\n"))
        assert span.lines <= most_lines + 1


def test_batches_hold_no_more_than_they_may(tmp_path: Path) -> None:
    """A batch is full by its lines or by its bytes, and goes on into the next file."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.ndjson").write_bytes(b'{"n":1}\n' * 10)
    paths = [str(path) for path in sorted(tmp_path.iterdir())]

    by_lines = list(batches(paths, Limits(lines=16, size=1 << 20)))
    by_size = list(batches(paths, Limits(lines=1_000, size=160)))

    assert all(sum(span.lines for span in batch) <= 16 for batch in by_lines)
    assert [160, 80] == [sum(span.size for span in batch) for batch in by_size]
    for made in (by_lines, by_size):
        assert 30 == sum(span.lines for batch in made for span in batch)
    assert len({span.path for span in by_lines[0]}) > 1


def test_standard_input_is_cut_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of it are spooled, one batch at a time, and lines keep their numbers."""
    text = b"".join(b"%d\n" % number for number in range(1_000)) + b"the end"
    monkeypatch.setattr(files, "BLOCK_BYTES", 100)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    pieces: list[bytes] = []
    firsts: list[int] = []

    for batch in batches(["-"], Limits(lines=100, size=500)):
        firsts.append(batch[0].first_line)
        pieces += map(_content, batch)

    assert text == b"".join(pieces)
    assert 1 == firsts[0]
    assert sorted(firsts) == firsts
    assert len(firsts) > 5


def _content(span: Span) -> bytes:
    with Path(span.path).open("rb") as file:
        file.seek(span.offset)
        return file.read(span.size)


@dataclass
class _file_of:  # noqa: N801  reads as a function
    """A temporary file with a content; hypothesis runs without pytest's own folder."""

    content: bytes

    def __enter__(self) -> str:
        self._descriptor = os.memfd_create("content")
        os.write(self._descriptor, self.content)
        return f"/proc/self/fd/{self._descriptor}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
