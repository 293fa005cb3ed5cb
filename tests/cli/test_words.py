"""What commands say to people."""

from pathlib import Path

import pytest

from tests.conftest import Run


@pytest.mark.parametrize("text", ["DELETE FROM head", "SET threads = 1", "SELECT 1; SELECT 2", ""])
def test_what_is_not_one_select_is_refused_in_words_of_ours(
    manyhands: Run, tmp_path: Path, text: str
) -> None:
    """None of the engine's inner texts reaches a person; a mistake in a SELECT is explained."""
    manyhands("init")
    refused = manyhands("query", text)
    mistaken = manyhands("query", "SELEC 1")

    assert (2, True) == (refused.code, "query runs exactly one SELECT" in refused.stderr)
    assert "serialize" not in refused.stderr
    assert 'syntax error at or near "SELEC"' in mistaken.stderr
    assert (tmp_path / "warehouse").is_dir()
