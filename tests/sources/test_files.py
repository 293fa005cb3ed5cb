"""Which files a source has, and which of them can't be read as events (SPEC §7.3)."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest
from pyarrow import parquet

from pipelines.errors import NotFoundError, UsageError
from pipelines.sources.files import find_files

LINE = b'{"specversion":"1.0"}\n'


def _names(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    found, others = find_files(sources)
    return [source.name for source in found], others


def test_a_folder_is_read_recursively_in_order_of_its_paths_bytes(tmp_path: Path) -> None:
    """Capitals come before small letters, `a.ndjson` before `a/…`; folders lie among files."""
    names = ["b/x.ndjson", "Z.jsonl", "a.ndjson", "a/c.ndjson", "é.ndjson"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found, others = _names([str(tmp_path)])

    ordered = ["Z.jsonl", "a.ndjson", "a/c.ndjson", "b/x.ndjson", "é.ndjson"]
    assert [str(tmp_path / name) for name in ordered] == found
    assert [] == others


def test_compressed_files_of_a_folder_are_read_among_the_others(tmp_path: Path) -> None:
    """Their names end in .gz or .zst after that of a file of events; a folder so called is none."""
    ordered = ["a.jsonl.zst", "b.ndjson", "b.ndjson.gz", "c.jsonl", "d.jsonl.gz", "d.ndjson.zst"]
    others = ["e.csv.gz", "f.gz", "g.ndjson.bz2", "h.ndjson.gz.part"]
    for name in [*ordered, *others]:
        (tmp_path / name).touch()
    (tmp_path / "x.ndjson.gz").mkdir()

    expected = tuple([str(tmp_path / name) for name in names] for names in (ordered, others))
    assert expected == _names([str(tmp_path)])


def test_other_files_of_a_folder_are_named_and_a_named_one_is_read(tmp_path: Path) -> None:
    """What a folder holds beside NDJSON is left out aloud; a file that is named is meant."""
    other = tmp_path / "events.json"
    other.touch()

    assert ([], [str(other)]) == _names([str(tmp_path)])
    assert ([str(other), "-"], []) == _names([str(other), "-"])


def test_a_folder_leaves_out_aloud_what_it_will_not_open(tmp_path: Path) -> None:
    """A pipe would be waited for, a link may lead nowhere or round in a circle."""
    os.mkfifo(tmp_path / "pipe.ndjson")
    (tmp_path / "dangling.ndjson").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path)
    others = ["dangling.ndjson", "pipe.ndjson", "round"]

    assert ([], [str(tmp_path / name) for name in others]) == _names([str(tmp_path)])


def test_a_source_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """One missing source ends it, whatever stands beside it."""
    with pytest.raises(NotFoundError, match="gone"):
        find_files([str(tmp_path), str(tmp_path / "gone.ndjson")])


def test_the_name_of_a_file_can_be_any_bytes(tmp_path: Path) -> None:
    """A name that isn't UTF-8 is found and opened."""
    path = os.fsencode(tmp_path) + b"/\xff.ndjson"
    with open(path, "wb") as file:  # noqa: PTH123  a path in bytes
        file.write(b"{}\n")

    ((found,), _) = find_files([str(tmp_path)])

    assert path == os.fsencode(found.name)
    assert 3 == found.size


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("events.ndjson", LINE)
    return buffer.getvalue()


def _empty_zip() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


def _tar(mode: Literal["w:", "w:gz"] = "w:") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        member = tarfile.TarInfo("events.ndjson")
        member.size = len(LINE)
        archive.addfile(member, io.BytesIO(LINE))
    return buffer.getvalue()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"line": [LINE]}), buffer)
    return buffer.getvalue()


FOREIGN: dict[str, Callable[[], bytes]] = {
    "ZIP": _zip,
    "empty ZIP": _empty_zip,
    "tar archive": _tar,
    "tar archive within gzip": lambda: _tar("w:gz"),
    "ZIP archive within gzip": lambda: gzip.compress(_zip()),
    "UTF-16 text within zstd": lambda: _zstd(LINE.decode().encode("utf-16")),
    "compressed twice": lambda: gzip.compress(_zstd(LINE)),
    "bzip2": lambda: bz2.compress(LINE),
    "xz": lambda: lzma.compress(LINE),
    "LZMA": lambda: lzma.compress(LINE, lzma.FORMAT_ALONE),
    "LZ4": lambda: bytes(pa.Codec("lz4").compress(LINE)),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c\x00\x04",
    "Parquet": _parquet,
    "UTF-16": lambda: LINE.decode().encode("utf-16"),
    "UTF-16 text": lambda: LINE.decode().encode("utf-16-be"),
    "UTF-16 text,": lambda: LINE.decode().encode("utf-16-le"),
    "UTF-32": lambda: LINE.decode().encode("utf-32"),
    "UTF-32 text": lambda: LINE.decode().encode("utf-32-be"),
    "UTF-32 text,": lambda: LINE.decode().encode("utf-32-le"),
}
"""What can't be NDJSON, by what it is called."""


def _zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content))


@pytest.mark.parametrize("what", FOREIGN)
def test_what_cannot_be_ndjson_is_refused_by_its_first_bytes(tmp_path: Path, what: str) -> None:
    """Whatever it is called; the message names the file, what it is, and what to do."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(FOREIGN[what]())

    with pytest.raises(UsageError) as refused:
        find_files([str(tmp_path)])

    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert what in message
    assert "; " in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{",
        b"PK",
        b"BZ",
        b"P\x2a",
        b"\x00\x00\x00\x00",
        b"{}\x00\x00",
        b"\xef\xbb\xbf" + LINE,  # a UTF-8 byte order mark is a matter of its line (SPEC §3.4)
        LINE,
        gzip.compress(LINE, mtime=0),
        _zstd(LINE),
        gzip.compress(b"", mtime=0),
        _zstd(b""),
        gzip.compress(LINE, mtime=0)[:5],  # damage is told by who reads it
        _zstd(LINE)[:-3],
    ],
)
def test_what_can_be_ndjson_is_left_to_be_read(tmp_path: Path, content: bytes) -> None:
    """Text, however bad, becomes rejections line by line; so does what is compressed."""
    path = tmp_path / "events"
    path.write_bytes(content)

    assert ([str(path)], []) == _names([str(path)])
