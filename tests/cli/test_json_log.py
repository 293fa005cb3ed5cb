"""The log as JSON: one object a line, and nothing of what an event holds."""

import json
import logging

import pytest

from pipelines.cli.json_log import libraries_logged, write_entry

PRIVATE = "known-to-a-producer-alone"


def test_a_line_is_one_object_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends and what steers a terminal are escaped."""
    write_entry("info", "note", message="one\ntwo\x1b[31m\u2028")
    (line,) = capsys.readouterr().err.splitlines()

    assert "one\ntwo\x1b[31m\u2028" == json.loads(line)["message"]
    assert line.isascii()


def test_what_a_library_logs_is_a_line_without_what_it_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its message is the one of its code; of an error the kind is named, not its text.

    A warning is left out, as it is where the log is text.
    """
    with libraries_logged():
        try:
            int(PRIVATE)
        except ValueError:
            logging.getLogger("of.somebody").exception("can't read %s", PRIVATE)
        logging.getLogger("of.somebody").warning(PRIVATE)
    stderr = capsys.readouterr().err
    (first,) = map(json.loads, stderr.splitlines())

    assert ("error", "library", "of.somebody") == (first["level"], first["event"], first["logger"])
    assert ("can't read %s", "ValueError") == (first["message"], first["error"])
    assert PRIVATE not in stderr
