"""A close is signed where a key is configured, and from then on each one is."""

from pathlib import Path

import pytest

from pipelines.proof.keys import verifier_key
from pipelines.transparency.checkpoint import read_checkpoint
from tests.conftest import run
from tests.everyday import one_of
from tests.lake.sending import rows
from tests.proof.conftest import CHECKPOINTS, NEXT, ORIGIN, Log, keygen


def test_a_signed_close_has_a_checkpoint(signed: Log) -> None:
    """A note of the origin, the size and the root, without more lines; closes before have none."""
    ((period, size, root, text, key),) = rows(signed.folder, CHECKPOINTS)
    checkpoint, note = read_checkpoint(text)

    assert (NEXT[0], signed.verifier_key) == (period, key)
    assert (ORIGIN, size, root) == (checkpoint.origin, checkpoint.size, checkpoint.root.hex())
    assert checkpoint.text == note.text
    assert 1 == len(list(note.signed_by([verifier_key(key)])))


def test_a_dry_run_signs_nothing(signed: Log) -> None:
    """Nor does it need the key."""
    words = ["close", signed.on, "--dry-run", f"--period={NEXT[1]}", "--json"]
    dry = run([*words, "--as-of=2027-02-02T00:00:00Z"])

    assert 0 == dry.code, dry.stderr
    (close,) = dry.json["closes"]
    assert (None, None) == (close["checkpoint"], close["verifier_key"])
    assert close["tree_size"] > 0


def test_the_seal_is_the_same_signed_or_not(unsigned: Log, signed: Log, tmp_path: Path) -> None:
    """So is the tree: a signature comes on top."""
    other = unsigned.copied(tmp_path / "warehouse")
    words = ["close", other.on, f"--period={NEXT[0]}", "--as-of=2027-01-02T00:00:00Z"]
    assert 0 == run(words).code

    query = "SELECT period, digest, log_digest, tree_size, tree_root FROM period_close ORDER BY ALL"
    assert rows(signed.folder, query) == rows(other.folder, query)


@pytest.mark.parametrize("words", [(), ("other",)])
def test_no_close_follows_unsigned_or_under_another_name(
    words: tuple[str, ...], log: Log, tmp_path: Path
) -> None:
    """A forgotten setting would leave a gap that nobody could mend."""
    for name in words:
        keygen(tmp_path / f"{name}.key", f"{name}.example/log")
    named = [f"--signing-key={tmp_path / name}.key" for name in words]
    close = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]

    refused = run([*close, *named])

    assert (2, "") == (refused.code, refused.stdout)
    assert f"{NEXT[0]} is signed by {ORIGIN}" in refused.stderr
    assert 1 == len(rows(log.folder, CHECKPOINTS))


def test_a_key_is_followed_by_another_of_the_same_name(log: Log, tmp_path: Path) -> None:
    """Each checkpoint verifies by its own."""
    second = keygen(tmp_path / "second.key")
    log.close(NEXT[1], f"--signing-key={tmp_path / 'second.key'}")
    keys = [key for *_, key in rows(log.folder, CHECKPOINTS)]
    notes = [read_checkpoint(text)[1] for *_, text, _ in rows(log.folder, CHECKPOINTS)]

    assert [log.verifier_key, second] == keys
    assert [[first] for first in keys] == [
        [key.text for key, _ in note.signed_by(map(verifier_key, keys))] for note in notes
    ]


@pytest.mark.parametrize(
    "edit",
    one_of(
        2,
        [
            "UPDATE warehouse.period_close SET tree_root = sha256('') WHERE period = '2026-12'",
            "UPDATE warehouse.tree_node SET hash = sha256('') WHERE last_leaf = 7 AND level = 3",
            "DELETE FROM warehouse.tree_node WHERE last_leaf = 7 AND level = 3",
        ],
    ),
)
def test_no_close_is_built_on_a_tree_that_was_edited(edit: str, log: Log) -> None:
    """The nodes of its right edge have to make the last root."""
    from pipelines.lake.connection import connect
    from pipelines.lake.warehouse import Warehouse

    with connect(Warehouse(log.folder)) as connection:
        connection.execute(edit)
    words = ["close", log.on, f"--period={NEXT[1]}", "--as-of=2027-02-02T00:00:00Z"]

    refused = run([*words, f"--signing-key={log.key}"])

    assert (1, "") == (refused.code, refused.stdout)
    assert "restore a backup" in refused.stderr
