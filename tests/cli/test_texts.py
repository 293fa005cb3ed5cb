"""What a command is given as text is text; only the name of a file may have any bytes."""

from pathlib import Path

import pytest

from tests.conftest import run

WRONG = "\udcff"
"""As Python hands over a byte that isn't UTF-8."""


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["explain", WRONG], "ID"),
        (["explain", "ana", f"--from={WRONG}"], "--from"),
        (["statements", "show", WRONG], "ID"),
        (["statements", "proof", WRONG, "--out=out"], "ID"),
        (["estimate", f"--contributor={WRONG}"], "--contributor"),
        (["held", f"--period={WRONG}"], "--period"),
        (["verify", f"--expect={WRONG}"], "--expect"),
        (["verify", "--key=a", f"--key={WRONG}"], "--key"),
        (["deadletter", "dismiss", "a", WRONG, "--note=n"], "ID..."),
        (["deadletter", "dismiss", "a", f"--note={WRONG}"], "--note"),
        (["checkpoint", "witness", f"https://{WRONG}"], "URL"),
        (["keygen", WRONG], "NAME"),
        (["status", f"--schema={WRONG}"], "--schema"),
        (["status", f"--warehouse=postgres:dbname={WRONG}"], "--warehouse"),
        (["rebuild", f"--to=postgres:dbname={WRONG}"], "--to"),
    ],
)
def test_text_that_is_not_utf_8_is_a_usage_error(
    words: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, before anything is read."""
    monkeypatch.chdir(tmp_path)
    refused = run(words)

    assert (2, "", 1) == (refused.code, refused.stdout, len(refused.stderr.splitlines()))
    assert f"error: {name}: " in refused.stderr
    assert "isn't UTF-8; write it in UTF-8" in refused.stderr
    assert [] == list(tmp_path.iterdir())


def test_text_that_is_not_utf_8_is_refused_from_the_environment_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wherever a value comes from, it is looked at in one place."""
    monkeypatch.setenv("MANYHANDS_PERIOD", WRONG)
    refused = run(["held"])

    assert (2, True) == (refused.code, "--period: " in refused.stderr)


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    """The name of one isn't text, as it is on the disk."""
    folder = tmp_path / WRONG
    assert 0 == run(["init", f"--warehouse={folder}"]).code
    (tmp_path / f"{WRONG}.ndjson").write_text("{}\n")
    taken = run(["ingest", str(tmp_path / f"{WRONG}.ndjson"), f"--warehouse={folder}", "--json"])

    assert (0, 1) == (taken.code, sum(taken.json["rejected"].values()))
