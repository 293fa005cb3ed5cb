"""The key that checkpoints are signed by: its owner's alone, and never shown."""

import resource
import stat
from pathlib import Path

import pytest

from pipelines.proof.keys import read_key
from tests.conftest import Run, run
from tests.proof.conftest import NEXT, ORIGIN, Log, keygen


def test_a_key_is_written_for_its_owner_alone(manyhands: Run, tmp_path: Path) -> None:
    """Whatever the umask; what is printed is what others verify by, and nothing of the key."""
    made = manyhands("keygen", ORIGIN)
    path = tmp_path / "manyhands.key"
    secret = path.read_text().rstrip("\n").split("+", 4)[4]

    assert (0, f"{read_key(path).verifier_key.text}\n") == (made.code, made.stdout)
    assert made.stdout.startswith(f"{ORIGIN}+")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert secret not in made.stdout + made.stderr + repr(read_key(path))


def test_a_key_is_never_written_over(manyhands: Run, tmp_path: Path) -> None:
    """Another one needs another file."""
    keygen(tmp_path / "log.key")
    before = (tmp_path / "log.key").read_bytes()

    again = manyhands("keygen", ORIGIN, "--signing-key=log.key")

    assert (5, before) == (again.code, (tmp_path / "log.key").read_bytes())


def test_a_key_that_finds_no_room_is_not_there(tmp_path: Path) -> None:
    """So that the same command goes on where there is room."""
    words = ["keygen", ORIGIN, f"--signing-key={tmp_path / 'log.key'}"]
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, most[1]))
    try:
        full = run(words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)

    assert (1, "") == (full.code, full.stdout)
    assert f"{tmp_path / 'log.key'}: the key can't be written (File too large)" in full.stderr
    assert [] == list(tmp_path.iterdir())
    assert 0 == run(words).code


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_a_name_that_no_note_can_have_is_refused(name: str, manyhands: Run, tmp_path: Path) -> None:
    """Spaces of any kind, and a plus."""
    assert 2 == manyhands("keygen", name).code
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700, 0o620])
def test_a_key_that_others_can_reach_signs_nothing(mode: int, log: Log, tmp_path: Path) -> None:
    """The close is refused before anything is done."""
    keygen(tmp_path / "open.key")
    (tmp_path / "open.key").chmod(mode)
    words = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]

    refused = run([*words, f"--signing-key={tmp_path / 'open.key'}"])

    assert (1, "") == (refused.code, refused.stdout)
    assert f"has the mode {mode:04o}" in refused.stderr
    assert "chmod 600" in refused.stderr


def test_a_key_that_nobody_may_write_is_one(tmp_path: Path) -> None:
    """As secrets are mounted."""
    written = keygen(tmp_path / "log.key")
    (tmp_path / "log.key").chmod(0o400)

    assert written == read_key(tmp_path / "log.key").verifier_key.text


@pytest.mark.parametrize(
    "text", ["", "x", "PRIVATE+KEY+a+00000000+AQ==", "PRIVATE+KEY+a+00000000+" + "A" * 44, "\x80"]
)
def test_what_is_no_key_is_refused_and_not_shown(text: str, log: Log, tmp_path: Path) -> None:
    """What it holds might be another secret."""
    path = tmp_path / "no.key"
    path.touch(mode=0o600)
    path.write_bytes(text.encode("latin-1") + b"hidden")
    words = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]

    refused = run([*words, f"--signing-key={path}"])

    assert (1, "") == (refused.code, refused.stdout)
    assert "not a key" in refused.stderr
    assert "hidden" not in refused.stderr


def test_a_key_that_is_not_there_is_not_found(log: Log, tmp_path: Path) -> None:
    """Exit 3, with what makes one."""
    words = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]
    refused = run([*words, f"--signing-key={tmp_path / 'none.key'}"])

    assert 3 == refused.code
    assert "manyhands keygen" in refused.stderr
