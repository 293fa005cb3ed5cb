"""How sources are read into batches: all of them, bounded, each byte once (SPEC §4)."""

import gzip
import io
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pipelines.errors import ManyhandsError, UsageError
from pipelines.sources.batch import Batch
from pipelines.sources.batches import batches
from pipelines.sources.files import find_files
from pipelines.sources.limits import Limits
from pipelines.sources.lines import Lines, lines_of

SMALL = Limits(lines=20)
TEXT = b"".join(b'{"n":%05d}\n' % number for number in range(40_000))
"""More than some blocks."""


def _zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content))


Portions = list[list[Lines]]


def _read(*names: Path | str, limits: Limits = SMALL) -> Iterator[Portions]:
    return map(_taken, batches(find_files([str(name) for name in names])[0], limits))


def _taken(batch: Batch) -> Portions:
    portions = [[part for part in one if isinstance(part, Lines)] for one in batch.events]
    batch.acknowledge()
    return portions


def _lines(batch: Portions) -> list[Lines]:
    return [lines for portion in batch for lines in portion]


def _text(batch: Portions) -> bytes:
    return b"".join(lines.text for lines in _lines(batch))


def test_batches_hold_no_more_than_they_may(tmp_path: Path) -> None:
    """A batch is full by its lines or by its bytes, and goes on into the next file."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.ndjson").write_bytes(b'{"n":1}\n' * 10)

    by_lines = [_lines(batch) for batch in _read(tmp_path, limits=Limits(lines=16, size=1 << 20))]
    by_size = [_lines(batch) for batch in _read(tmp_path, limits=Limits(lines=1_000, size=160))]

    assert all(sum(lines.count for lines in batch) <= 16 for batch in by_lines)
    assert [160, 80] == [sum(len(lines.text) for lines in batch) for batch in by_size]
    for made in (by_lines, by_size):
        assert 30 == sum(lines.count for batch in made for lines in batch)
    assert len({lines.origin for lines in by_lines[0]}) > 1


def test_a_line_larger_than_a_batch_is_a_batch(tmp_path: Path) -> None:
    """Lines are never cut to fit."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"x" * 500 + b"\n" + b"y" * 500)

    made = [_text(batch) for batch in _read(path, limits=Limits(lines=9, size=100))]

    assert [b"x" * 500 + b"\n", b"y" * 500] == made


def test_many_small_files_share_portions(tmp_path: Path) -> None:
    """Each line keeps its file and number; positions follow the order of the files."""
    for number in range(300):
        (tmp_path / f"{number:03}.ndjson").write_bytes(b"\n{}\n")

    (batch,) = _read(tmp_path, limits=Limits())

    assert 1 == len(batch)
    names = [str(tmp_path / f"{number:03}.ndjson") for number in range(300)]
    assert names == [lines.origin for lines in batch[0]]
    assert list(range(0, 600, 2)) == [lines.position for lines in batch[0]]
    assert {(1, 2)} == {(lines.first_line, lines.count) for lines in batch[0]}


def test_a_batch_is_linear_in_files(tmp_path: Path) -> None:
    """Twice the files are twice the calls of functions, of generators too."""
    calls = []
    for files in (150, 300):
        folder = tmp_path / str(files)
        folder.mkdir()
        for number in range(files):
            (folder / f"{number}.ndjson").write_bytes(b"{}\n")
        calls.append(_calls(folder))

    few, many = calls
    assert many < few * 2.2


def _calls(folder: Path) -> int:
    """Count what is called to read a folder as one batch."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    (batch,) = _read(folder, limits=Limits())
    sys.setprofile(None)
    assert len(_lines(batch)) > 100
    return calls


def test_a_pipe_that_is_named_is_read_to_its_end(tmp_path: Path) -> None:
    """It is read as standard input is, under its own name."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"{}\n[]\n",))
    writer.start()
    (batch,) = _read(pipe)
    writer.join()

    assert [(str(pipe), 1, 2)] == [
        (lines.origin, lines.first_line, lines.count) for lines in _lines(batch)
    ]


def test_standard_input_is_cut_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines keep their numbers from batch to batch."""
    text = b"".join(b"%d\n" % number for number in range(1_000)) + b"the end"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    made = [_lines(batch) for batch in _read("-", limits=Limits(lines=100, size=500))]

    assert text == b"".join(lines.text for batch in made for lines in batch)
    firsts = [batch[0].first_line for batch in made]
    assert 1 == firsts[0]
    assert sorted(firsts) == firsts
    assert len(firsts) > 5


def _read_until_it_fails(
    *names: Path, lines: int = 10_000, change: Callable[[], None] = lambda: None
) -> tuple[list[Lines], ManyhandsError]:
    """Return what is handed on before the error; something changes after the first batch."""
    made: list[Lines] = []
    try:
        for number, batch in enumerate(_read(*names, limits=Limits(lines=lines))):
            made += _lines(batch)
            if number == 0:
                change()
    except ManyhandsError as error:
        return made, error
    pytest.fail("nothing went wrong")


def _joined(made: Iterable[Lines]) -> bytes:
    return b"".join(lines.text for lines in made)


COMPRESSED: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(TEXT),
    "gzip of several members": lambda: b"".join(
        gzip.compress(part) for part in (TEXT[:777], b"", TEXT[777:])
    ),
    "zstd": lambda: _zstd(TEXT),
    "zstd of several frames": lambda: b"".join(
        [_zstd(TEXT[:777]), struct.pack("<II", 0x184D2A53, 3), b"abc", _zstd(TEXT[777:])]
    ),
    "zstd after a frame to skip": lambda: struct.pack("<II", 0x184D2A50, 3) + b"abc" + _zstd(TEXT),
}


@pytest.mark.parametrize("way", COMPRESSED)
@pytest.mark.parametrize("is_stream", [False, True], ids=["file", "stream"])
def test_compressed_text_is_read_as_what_it_holds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    is_stream: bool,  # noqa: FBT001  given by name
) -> None:
    """By its first bytes, whatever it is called; lines have the numbers of the text."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(COMPRESSED[way]())
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        made = list(_read("-" if is_stream else path, limits=Limits(lines=15_000)))

    assert TEXT == b"".join(map(_text, made))
    assert len(made) > 2
    firsts = [_lines(batch)[0].first_line for batch in made]
    assert [TEXT[: TEXT.index(_text(batch))].count(b"\n") + 1 for batch in made] == firsts


def test_a_bomb_makes_nothing_but_lines(tmp_path: Path) -> None:
    """64 MiB of one letter come from some kilobytes; of them the first 64 KiB are held."""
    path = tmp_path / "bomb.ndjson.gz"
    path.write_bytes(gzip.compress(b"x" * (64 << 20), 9))

    ((((lines,),),)) = _read(path)

    assert (64 << 20, 64 << 10) == (lines.size, len(lines.text))


DAMAGED: dict[str, Callable[[], bytes]] = {
    "gzip cut short": lambda: gzip.compress(TEXT)[:-1],
    "gzip cut in its middle": lambda: gzip.compress(TEXT)[: len(gzip.compress(TEXT)) // 2],
    "gzip cut in its head": lambda: gzip.compress(TEXT)[:5],
    "gzip with a wrong sum": lambda: gzip.compress(TEXT)[:-8] + b"\0" * 8,
    "gzip and something else": lambda: gzip.compress(TEXT) + TEXT,
    "zstd cut short": lambda: _zstd(TEXT)[:-1],
    "zstd cut in its second frame": lambda: _zstd(TEXT) + _zstd(TEXT)[:3],
    "zstd and something else": lambda: _zstd(TEXT) + TEXT,
}


@pytest.mark.parametrize("way", DAMAGED)
def test_damaged_data_is_an_error_that_says_what_is_in_the_log(tmp_path: Path, way: str) -> None:
    """Of the batch in which it is found nothing is taken, since a sum stands at the data's end."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(DAMAGED[way]())

    made, whole = _read_until_it_fails(path, lines=1_000_000)
    _, parted = _read_until_it_fails(path, lines=1_000)

    assert [] == made
    assert "nothing of it is in the log" in str(whole)
    for error in (whole, parted):
        assert 1 == error.exit_code
        assert str(error).startswith(f"{path} holds {way[:4]} data that is damaged")


def test_of_damaged_data_the_batches_before_stay(tmp_path: Path) -> None:
    """The message counts their lines, and no line of the last batch is handed on."""
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(TEXT)[:-8])
    before = tmp_path / "a.ndjson"
    before.write_bytes(b"{}\n" * 7)

    made, error = _read_until_it_fails(before, path, lines=1_000)

    text = _joined(made).removeprefix(before.read_bytes())
    assert TEXT.startswith(text)
    count = text.count(b"\n")
    assert count > 20_000
    assert f"lines 1 to {count} are in the log and may be damaged" in str(error)


def test_what_went_wrong_with_one_source_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    """A damaged file in a folder isn't in the way of those after it; all faults are told."""
    for name in ("a", "c", "e"):
        (tmp_path / f"{name}.ndjson").write_bytes(name.encode())
    for name in ("b", "d"):
        (tmp_path / f"{name}.ndjson.gz").write_bytes(gzip.compress(b"{}\n" * 9)[:-1])

    made, error = _read_until_it_fails(tmp_path)

    assert b"ace" == _joined(made)
    assert [str(tmp_path / f"{name}.ndjson.gz") for name in "bd"] == [
        line.split(" holds ")[0] for line in str(error).splitlines()
    ]


@pytest.mark.parametrize("content", [gzip.compress(TEXT)[:0] + b"PK\x03\x04", b"\xff\xfe{\0"])
def test_a_stream_that_cannot_be_ndjson_is_refused_before_a_batch(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """It is known when the batches are asked for, so that nothing is made before."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    with pytest.raises(UsageError, match=r"^-: "):
        _read("-")


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_a_file_that_grows_is_read_to_where_it_ends(tmp_path: Path) -> None:
    """Appending is no change of what was there; what comes after the end is for the next time."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(TEXT)

    made = []
    for batch in _read(path, limits=Limits(lines=10_000)):
        made.append(_text(batch))
        if len(made) == 1:
            _append(path, b"more\n")

    assert TEXT + b"more\n" == b"".join(made)


def test_a_line_without_its_end_is_the_last_one(tmp_path: Path) -> None:
    """Where its writer goes on after it was read, its rest isn't taken for a line."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"{}\n" * 2 + b'{"a":')

    with path.open("rb") as file:
        read = lines_of(file, "a", 100, 100)
        taken: list[bytes] = []
        for lines in read:
            taken.append(lines.text)
            if len(taken) == 2:
                _append(path, b"1}\n")

    assert [b"{}\n{}\n", b'{"a":'] == taken


Change = Callable[[Path], None]


def _replace(path: Path) -> None:
    path.rename(path.with_suffix(".1"))
    path.write_bytes(b"new\n" * 100_000)


def _swap(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes())
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("change", [_replace, _swap])
def test_a_replaced_file_is_read_and_the_new_one_told(tmp_path: Path, change: Change) -> None:
    """All lines are the old file's; the error says how many, and that the new one wasn't read."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(TEXT)

    made, error = _read_until_it_fails(path, change=lambda: change(path))

    assert TEXT == _joined(made)
    expected = "was replaced by another file while it was read; its lines 1 to 40000 are in the log"
    assert str(error).startswith(f"{path} {expected}")
    assert "the new one was not read" in str(error)
    assert 1 == error.exit_code


def test_a_file_that_is_moved_away_is_read(tmp_path: Path) -> None:
    """Nothing has its name, so nothing is left unread."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(TEXT)
    made: list[bytes] = []
    for batch in _read(path, limits=Limits(lines=10_000)):
        if not made:
            path.rename(tmp_path / "elsewhere")
        made.append(_text(batch))

    assert TEXT == b"".join(made)


def _truncate(path: Path) -> None:
    os.truncate(path, 0)


def _shorten(path: Path) -> None:
    os.truncate(path, len(TEXT) - 1)


def _write_over(path: Path) -> None:
    """Truncate it, and go on writing past what was there (`copytruncate`)."""
    os.truncate(path, 0)
    _append(path, TEXT.replace(b"n", b"m") * 2)


def _write_on(path: Path) -> None:
    """Truncate it under a writer that keeps its place, which leaves zeros before."""
    os.truncate(path, 0)
    with path.open("r+b") as file:
        file.seek(len(TEXT))
        file.write(TEXT)


@pytest.mark.parametrize("change", [_truncate, _shorten, _write_over, _write_on])
def test_a_file_that_is_cut_short_is_an_error_and_no_mixture(
    tmp_path: Path, change: Change
) -> None:
    """What is handed on is what the file held before; the error says how much of it."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(TEXT)

    made, error = _read_until_it_fails(path, change=lambda: change(path))

    text = _joined(made)
    count = text.count(b"\n")
    assert TEXT.startswith(text)
    assert text.endswith(b"\n")
    assert 10_000 <= count < 40_000
    expected = "was cut short or written over after the command began; its lines"
    assert str(error).startswith(f"{path} {expected} 1 to {count} are in the log; ")
    assert 1 == error.exit_code


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_replace, "was replaced by another file before it was read"),
        (_truncate, "was cut short or written over"),
        (_remove, "could not be read to its end (No such file or directory)"),
    ],
)
def test_a_file_that_changes_before_its_turn_is_an_error(
    tmp_path: Path, change: Change, what: str
) -> None:
    """What had the name when the command began would never be read, and nobody would know."""
    first, second = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    for path in (first, second):
        path.write_bytes(TEXT)

    made, error = _read_until_it_fails(first, second, change=lambda: change(second))

    assert TEXT == _joined(made)
    assert str(error).startswith(f"{second} {what}")
    assert "nothing of it is in the log" in str(error)
