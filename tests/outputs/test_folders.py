"""A folder that statements are published to: whole files, and none of somebody else's replaced."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError, UsageError
from pipelines.outputs import folders
from pipelines.outputs.folders import Folder
from pipelines.outputs.statement_issued import StatementIssued, structured

EVENTS = [
    StatementIssued(f"2026-10/{name}", name, name * 4, "2026-11-01T00:00:00.000000Z", b"{}")
    for name in ("ana", "ben")
]
NAME = "statements-issued-2026-10.ndjson"


def _failing() -> Iterator[StatementIssued]:
    yield EVENTS[0]
    message = "damaged"
    raise ManyhandsError(message)


def test_a_file_has_an_event_a_line(tmp_path: Path) -> None:
    """In the order that they came in, and again the same bytes."""
    written = [Folder(tmp_path).write("2026-10", iter(EVENTS)) for _ in range(2)]

    assert [2, 2] == written
    assert [structured(event) for event in EVENTS] == (tmp_path / NAME).read_bytes().splitlines()
    assert [NAME] == [path.name for path in tmp_path.iterdir()]


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """What fails on the way leaves nothing."""
    with pytest.raises(ManyhandsError, match="damaged"):
        Folder(tmp_path).write("2026-10", _failing())

    assert [] == list(tmp_path.iterdir())


def test_a_file_is_flushed_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails is named, with what to do, and nothing half-written is left."""

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ManyhandsError, match=f"{NAME}: Input/output error; nothing half-written"):
        Folder(tmp_path).write("2026-10", iter(EVENTS))

    assert [] == list(tmp_path.iterdir())


def test_a_file_with_other_statements_is_not_replaced(tmp_path: Path) -> None:
    """Those of another warehouse, or of before a restore, stay, and the message names the file."""
    Folder(tmp_path).write("2026-10", EVENTS[:1])
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(ConflictError, match=f"{NAME} holds other statements"):
        Folder(tmp_path).write("2026-10", iter(EVENTS))

    assert before == (tmp_path / NAME).read_bytes()


def test_a_folder_has_one_name_however_it_is_called(tmp_path: Path) -> None:
    """By a link, with a slash at its end or with dots it is the same destination."""
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    calls = ["out", "out/", "./x/../out", "link"]
    names = set()
    for call in calls:
        with folders.opened(f"{tmp_path}/{call}") as folder:
            names.add(folder.name)

    assert {str(tmp_path.resolve() / "out")} == names


def test_a_name_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    """Bytes that aren't UTF-8 are written as their codes."""
    path = tmp_path / os.fsdecode(b"out\xff")
    path.mkdir()
    with folders.opened(str(path)) as folder:
        assert folder.name.endswith("out\\xff")


def test_a_folder_has_to_be_there(tmp_path: Path) -> None:
    """It isn't made: a name that is misspelt would become a destination."""
    with pytest.raises(NotFoundError, match="no such folder"), folders.opened(f"{tmp_path}/no"):
        pass

    assert [] == list(tmp_path.iterdir())


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """It is refused before anything is done."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is no folder"), folders.opened(f"{tmp_path}/file"):
        pass


def test_a_folder_that_may_not_be_written_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is closed, naming the folder."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ManyhandsError, match="may not write"), folders.opened(str(tmp_path)):
        pass
