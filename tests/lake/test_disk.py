"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from pipelines.lake.disk import replacing


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    """Until the context ends the old one stands; nothing else is left in the folder."""
    path = tmp_path / "x"
    path.write_text("old")

    with replacing(path) as written:
        written.write_text("new")
        assert "old" == path.read_text()

    assert ("new", [path]) == (path.read_text(), list(tmp_path.iterdir()))


def test_a_file_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    """A full disk or a lost connection loses nothing that was there."""
    path = tmp_path / "x"
    path.write_text("old")

    with pytest.raises(ZeroDivisionError):
        _fail_halfway(path)

    assert ("old", [path]) == (path.read_text(), list(tmp_path.iterdir()))


def _fail_halfway(path: Path) -> None:
    with replacing(path) as written:
        written.write_text("ne")
        raise ZeroDivisionError
