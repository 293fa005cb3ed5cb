"""A checkpoint that was kept outside shows a rewrite and a rollback of the warehouse."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.close.seal import close_digest
from pipelines.lake import closes, reading, tree
from pipelines.lake.connection import connect
from pipelines.lake.warehouse import Warehouse
from pipelines.proof.faults import CHECKPOINT, COSIGNATURE, TREE, Fault, faults
from pipelines.proof.keys import read_key, verifier_key
from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from tests.conftest import Outcome, run
from tests.lake.sending import rows
from tests.proof.conftest import NEXT, ORIGIN, Log, keygen

CLOSE = "UPDATE warehouse.period_close SET"
SEALED = "UPDATE warehouse.statement SET sealed = encode(decode(sealed) || ' ')"
COSIGNED = "INSERT INTO warehouse.cosignature VALUES"
FORGED = "'http://w', 'w', '00000000', '— w AAAAAAAA', NULL, '2027-01-01'"


def kept(log: Log, path: Path) -> Path:
    """Keep the last checkpoint outside the warehouse."""
    shown = run(["checkpoint", "show", log.on])
    assert 0 == shown.code, shown.stderr
    path.write_text(shown.stdout, encoding="utf-8")
    return path


def edit(folder: Path, *statements: str) -> None:
    """Change what a warehouse stores."""
    with connect(Warehouse(folder)) as connection:
        for statement in statements:
            connection.execute(statement)


def found(folder: Path) -> list[Fault]:
    """Return what is wrong with a warehouse's tree, checkpoints and cosignatures."""
    with reading.connect(Warehouse(folder)) as connection:
        return list(faults(connection))


def _verify(log: Log, path: Path, *words: str) -> Outcome:
    return run(["verify", f"--checkpoint={path}", log.on, *words])


def test_the_last_checkpoint_is_shown_as_it_was_signed(signed: Log) -> None:
    """For a web site."""
    ((stored,),) = rows(
        signed.folder, "SELECT checkpoint FROM period_close WHERE checkpoint IS NOT NULL"
    )
    shown = run(["checkpoint", "show", signed.on])
    described = run(["checkpoint", "show", signed.on, "--json"]).json

    assert (0, stored) == (shown.code, shown.stdout)
    assert {
        "period": NEXT[0],
        "origin": ORIGIN,
        "size": 14,
        "root": read_checkpoint(stored)[0].root.hex(),
        "verifier_key": signed.verifier_key,
        "checkpoint": stored,
    } == described


def test_before_the_first_there_is_none(unsigned: Log) -> None:
    """Exit 3."""
    assert 3 == run(["checkpoint", "show", unsigned.on]).code


def test_a_warehouse_continues_what_it_signed(log: Log, tmp_path: Path) -> None:
    """After more closes too, and under another key."""
    path = kept(log, tmp_path / "kept")
    keygen(tmp_path / "second.key")
    log.close(NEXT[1], f"--signing-key={tmp_path / 'second.key'}")

    plain = _verify(log, path)
    by_key = _verify(log, path, f"--key={log.verifier_key}", "--json")

    assert 0 == plain.code, plain.stderr
    assert plain.stdout.startswith(f"continues {ORIGIN} with 14 leaves")
    assert (True, []) == (by_key.json["authenticated"], by_key.json["findings"])


def test_a_kept_checkpoint_has_to_be_signed_by_a_key_that_is_named(
    log: Log, tmp_path: Path
) -> None:
    """Else anybody could have written it."""
    other = keygen(tmp_path / "other.key")
    refused = _verify(log, kept(log, tmp_path / "kept"), f"--key={other}")

    assert (4, "") == (refused.code, refused.stdout)


@pytest.mark.parametrize("text", ["", "x", "a\n1\nAAAA\n\n", "a\n01\nx\n\n— a AAAAAAAA\n"])
def test_what_is_no_checkpoint_is_refused(text: str, signed: Log, tmp_path: Path) -> None:
    """Exit 4, with the file's name."""
    (tmp_path / "kept").write_text(text, encoding="utf-8")
    refused = _verify(signed, tmp_path / "kept")

    assert (4, "") == (refused.code, refused.stdout)
    assert str(tmp_path / "kept") in refused.stderr


def test_a_rollback_is_found(log: Log, signed: Log, tmp_path: Path) -> None:
    """The warehouse is whole, and ends before what it signed."""
    log.close(NEXT[1])
    path = kept(log, tmp_path / "kept")

    refused = _verify(signed, path)

    assert 4 == refused.code
    assert refused.stdout.startswith("rolled_back period_close tree_size: expected")
    assert [] == found(signed.folder)


def test_a_rewrite_that_is_consistent_in_itself_is_found(log: Log, tmp_path: Path) -> None:
    """Somebody with the key makes every digest, node and signature anew."""
    path = kept(log, tmp_path / "kept")
    rewrite(log)

    assert [] == found(log.folder)
    refused = _verify(log, path)
    assert 4 == refused.code
    assert ["rolled_back period_close tree_root"] == [
        line.partition(":")[0] for line in refused.stdout.splitlines()
    ]


def rewrite(log: Log) -> None:
    """Change a statement that was issued, and make whatever hangs on it anew, signed by the key."""
    signer = read_key(log.key)
    with connect(Warehouse(log.folder)) as connection:
        connection.execute(
            "UPDATE warehouse.statement SET sealed = encode(replace(decode(sealed), '1', '2'))"
            " WHERE statement_id = '2026-10/ana'"
        )
        connection.execute("UPDATE warehouse.statement SET digest = sha256(sealed)")
        previous = "0" * 64
        for close in closes.all_closes(connection):
            digests = list(tree.stored_digests(connection, close.period))
            digest = close_digest(previous, close.period, digests)
            connection.execute(
                f"{CLOSE} previous_digest = ?, digest = ? WHERE period = ?",
                [previous, digest, close.period],
            )
            previous = digest
        connection.execute("DELETE FROM warehouse.tree_node")
        tree.stage_whole(connection)
        tree.store_staged(connection)
        grown = connection.execute("FROM grown ORDER BY period").fetchall()
        for period, size, root in grown:
            text = signer.signed(Checkpoint(signer.name, size, bytes.fromhex(root)).text)
            connection.execute(
                f"{CLOSE} tree_size = ?, tree_root = ?,"
                " checkpoint = CASE WHEN checkpoint IS NULL THEN NULL ELSE ? END WHERE period = ?",
                [size, root, text, period],
            )


TAMPERS: Sequence[tuple[str, set[str]]] = [
    (f"{CLOSE} tree_size = 5 WHERE period = '2026-10'", {TREE}),
    (f"{CLOSE} tree_size = NULL WHERE period = '2026-10'", {TREE}),
    (f"{CLOSE} tree_root = repeat('0', 64) WHERE period = '2026-11'", {TREE}),
    (f"{CLOSE} digest = repeat('0', 64) WHERE period = '2026-11'", {TREE, CHECKPOINT}),
    (f"{CLOSE} log_seq = 1 WHERE period = '2026-12'", {TREE, CHECKPOINT}),
    (f"{CLOSE} checkpoint = replace(checkpoint, '14', '13')", {CHECKPOINT}),
    (f"{CLOSE} checkpoint = replace(checkpoint, 'royalties', 'royaltie')", {CHECKPOINT}),
    (f"{CLOSE} checkpoint = 'x' WHERE checkpoint IS NOT NULL", {CHECKPOINT}),
    (f"{CLOSE} verifier_key = NULL", {CHECKPOINT}),
    (f"{CLOSE} verifier_key = replace(verifier_key, '+A', '+B')", {CHECKPOINT}),
    ("UPDATE warehouse.tree_node SET hash = repeat('0', 64) WHERE last_leaf = 3", {TREE}),
    ("UPDATE warehouse.tree_node SET level = 9 WHERE last_leaf = 3 AND level = 2", {TREE}),
    ("DELETE FROM warehouse.tree_node WHERE last_leaf = 0", {TREE}),
    ("INSERT INTO warehouse.tree_node VALUES (99, 0, repeat('0', 64))", {TREE}),
    ("INSERT INTO warehouse.tree_node FROM warehouse.tree_node LIMIT 1", {TREE}),
    ("DELETE FROM warehouse.statement WHERE statement_id = '2026-10/ana'", {TREE, CHECKPOINT}),
    (f"{SEALED} WHERE statement_id = '2026-12/ana'", {TREE, CHECKPOINT}),
    (f"{COSIGNED} ('2026-12', {FORGED})", {COSIGNATURE}),
    (f"{COSIGNED} ('2026-10', {FORGED})", {COSIGNATURE}),
]


ROW = {"cosignature": "period", "period_close": "period", "tree_node": "last_leaf"}
"""By which column a key names a row first."""


def test_of_a_warehouse_that_nobody_edited_nothing_is_found(signed: Log) -> None:
    """All that is edited below is edited in copies of it."""
    assert [] == found(signed.folder)


@pytest.mark.parametrize(("statement", "expected"), TAMPERS, ids=[one for one, _ in TAMPERS])
def test_what_was_edited_is_found(statement: str, expected: set[str], log: Log) -> None:
    """By what it is and in which row."""
    edit(log.folder, statement)

    faults_found = found(log.folder)
    assert expected == {fault.what for fault in faults_found}
    for fault in faults_found:
        assert re.match(rf"{ROW[fault.relation]}=\w", fault.key), fault.key


def test_a_chain_hashed_anew_under_the_old_signature_is_found(log: Log) -> None:
    """Without the key, what is consistent in itself isn't what was signed."""
    ((before,),) = rows(
        log.folder, "SELECT checkpoint FROM period_close WHERE checkpoint IS NOT NULL"
    )
    rewrite(log)
    edit(log.folder, f"{CLOSE} checkpoint = '{before}' WHERE checkpoint IS NOT NULL")

    (fault,) = found(log.folder)
    assert (NEXT[0], CHECKPOINT) == (fault.period, fault.what)


def test_a_signature_that_is_missing_after_the_first_is_found(log: Log) -> None:
    """Closes before it have none."""
    log.close(NEXT[1])
    edit(log.folder, f"{CLOSE} checkpoint = NULL, verifier_key = NULL WHERE period = '{NEXT[1]}'")

    (fault,) = found(log.folder)
    assert (NEXT[1], CHECKPOINT, "none") == (fault.period, fault.what, fault.found)


def test_a_warehouse_signed_by_somebody_else_is_found_by_keys_that_are_trusted(
    log: Log, tmp_path: Path
) -> None:
    """In itself it is consistent: the stored key is that of the signature."""
    keygen(tmp_path / "other.key")
    other = replace(log, key=tmp_path / "other.key")
    rewrite(other)
    text = read_key(other.key).verifier_key.text
    edit(log.folder, f"{CLOSE} verifier_key = '{text}' WHERE checkpoint IS NOT NULL")

    with reading.connect(Warehouse(log.folder)) as connection:
        assert [] == list(faults(connection))
        assert [CHECKPOINT] == [
            fault.what for fault in faults(connection, [verifier_key(log.verifier_key)])
        ]


def test_a_checkpoint_of_another_log_is_found(signed: Log, log: Log, tmp_path: Path) -> None:
    """Its origin is another."""
    path = kept(signed, tmp_path / "kept")
    path.write_text(path.read_text(encoding="utf-8").replace(ORIGIN, "other.example/log"))
    refused = _verify(log, path)

    assert 4 == refused.code
    assert "other.example/log" in refused.stdout


def test_a_copy_of_a_warehouse_continues_too(signed: Log, tmp_path: Path) -> None:
    """It is read, and nothing is written."""
    path = kept(signed, tmp_path / "kept")
    copy = Path(shutil.copytree(signed.folder, tmp_path / "copy"))

    assert 0 == run(["verify", f"--checkpoint={path}", f"--warehouse={copy}"]).code
