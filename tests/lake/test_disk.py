"""Files that are there whole or not at all."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pipelines.lake.disk import appearing, replacing


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    """Until the context ends the old one stands; nothing else is left in the folder."""
    path = tmp_path / "x"
    path.write_text("old")

    with replacing(path) as written:
        written.write_text("new")
        assert "old" == path.read_text()

    assert ("new", [path]) == (path.read_text(), list(tmp_path.iterdir()))


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until the context ends, or where it fails, there is none of its name."""
    path = tmp_path / "x"

    with pytest.raises(ZeroDivisionError):
        _fail_halfway(path, appearing)
    assert not path.exists()

    with appearing(path) as written:
        written.write_text("new")
        assert not path.exists()
    assert "new" == path.read_text()


def test_a_file_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    """A full disk or a lost connection loses nothing that was there."""
    path = tmp_path / "x"
    path.write_text("old")

    with pytest.raises(ZeroDivisionError):
        _fail_halfway(path, replacing)

    assert ("old", [path]) == (path.read_text(), list(tmp_path.iterdir()))


def _fail_halfway(path: Path, whole: Callable[[Path], AbstractContextManager[Path]]) -> None:
    with whole(path) as written:
        written.write_text("ne")
        raise ZeroDivisionError
