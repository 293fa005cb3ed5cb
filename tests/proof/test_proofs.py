"""A statement's proof: whoever has it and the log's key needs no warehouse."""

import json
from pathlib import Path

import pytest

from pipelines.errors import ManyhandsError
from pipelines.proof.checking import check_proof
from pipelines.proof.keys import verifier_key
from pipelines.proof.names import file_stem
from tests.conftest import run
from tests.lake.sending import rows
from tests.proof.conftest import NEXT, ORIGIN, Log, keygen

PROVEN = "2026-10/ana"


def _words(folder: Path, statement_id: str = PROVEN) -> list[str]:
    stem = file_stem(statement_id)
    return [
        "verify",
        f"--proof={folder / stem}.tlog-proof",
        f"--statement={folder / stem}.json",
    ]


def test_every_statement_is_proven(signed: Log, proofs: Path) -> None:
    """Also those of closes from before the first key; the statement is the one that was sealed."""
    sealed = dict(rows(signed.folder, "SELECT statement_id, sealed FROM statement"))
    leaves = []
    for name, text in sealed.items():
        words = [*_words(proofs, name), f"--key={signed.verifier_key}", "--json"]
        checked = run([*words, "--warehouse=nowhere"])
        assert 0 == checked.code, checked.stderr
        assert bytes(text) == (proofs / f"{file_stem(name)}.json").read_bytes()
        assert (name, ORIGIN, True) == tuple(
            checked.json[key] for key in ("statement_id", "origin", "authenticated")
        )
        leaves.append(checked.json["index"])

    assert 11 == len(sealed)
    assert [1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13] == sorted(leaves)


def test_without_a_key_nobody_is_vouched_for(proofs: Path) -> None:
    """It says so, and exits 0."""
    checked = run(_words(proofs))

    assert 0 == checked.code
    assert "consistent with root " in checked.stdout
    assert "; not authenticated" in checked.stdout


def test_only_keys_that_are_named_are_trusted(signed: Log, proofs: Path, tmp_path: Path) -> None:
    """Not one of the same name that somebody else made; of several one is enough."""
    other = keygen(tmp_path / "other.key")

    refused = run([*_words(proofs), f"--key={other}"])
    assert (4, "") == (refused.code, refused.stdout)
    assert "isn't signed by a key that was named" in refused.stderr
    assert 0 == run([*_words(proofs), f"--key={other}", f"--key={signed.verifier_key}"]).code


def test_a_line_end_behind_a_statement_is_no_part_of_it(
    signed: Log, proofs: Path, tmp_path: Path
) -> None:
    """As `statements show --json` prints it."""
    shown = run(["statements", "show", PROVEN, "--json", signed.on]).stdout
    (tmp_path / "shown.json").write_text(shown)
    words = [*_words(proofs)[:2], f"--statement={tmp_path / 'shown.json'}"]

    assert shown.endswith("}\n")
    assert 0 == run([*words, f"--key={signed.verifier_key}"]).code


def test_a_turned_bit_is_refused(signed: Log, proofs: Path, tmp_path: Path) -> None:
    """One of each byte of a proof, and of a statement."""
    stem = file_stem(PROVEN)
    whole = {name: (proofs / f"{stem}{name}").read_bytes() for name in (".json", ".tlog-proof")}
    keys = [verifier_key(signed.verifier_key)]
    paths = {name: tmp_path / f"x{name}" for name in whole}
    for name, text in whole.items():
        paths[name].write_bytes(text)
    assert PROVEN == check_proof(paths[".tlog-proof"], paths[".json"], keys).statement_id

    for changed, text in whole.items():
        for place in range(len(text)):
            turned = bytearray(text)
            turned[place] ^= 1 << place % 8
            paths[changed].write_bytes(turned)
            with pytest.raises(ManyhandsError) as refused:
                check_proof(paths[".tlog-proof"], paths[".json"], keys)
            assert 4 == refused.value.exit_code
        paths[changed].write_bytes(text)


def test_a_proof_of_another_statement_is_refused(signed: Log, proofs: Path) -> None:
    """Though both are in the log."""
    words = [*_words(proofs)[:2], _words(proofs, "2026-10/ben")[2]]
    refused = run([*words, f"--key={signed.verifier_key}"])

    assert (4, "") == (refused.code, refused.stdout)
    assert "doesn't lead to the root" in refused.stderr


SURROGATE = b'{"statement_id":"2026-10/\\ud800"}'


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b'{"statement_id":1}', b"\xff", b"[" * 9_999, SURROGATE]
)
def test_what_is_no_statement_is_refused(text: bytes, proofs: Path, tmp_path: Path) -> None:
    """Exit 4, with the file's name."""
    (tmp_path / "x.json").write_bytes(text)
    refused = run([*_words(proofs)[:2], f"--statement={tmp_path / 'x.json'}"])

    assert (4, "") == (refused.code, refused.stdout)
    assert "x.json: not a statement" in refused.stderr


def test_a_file_that_is_not_there_is_not_found(proofs: Path, tmp_path: Path) -> None:
    """Exit 3."""
    words = _words(proofs)
    assert 3 == run([*words[:2], f"--statement={tmp_path / 'none'}"]).code
    assert 3 == run([words[0], f"--proof={tmp_path / 'none'}", words[2]]).code


@pytest.mark.parametrize("words", [("--proof=a",), ("--statement=a",), ("--key=a",)])
def test_half_of_a_question_is_a_usage_error(words: tuple[str, ...]) -> None:
    """A proof needs its statement."""
    assert 2 == run(["verify", *words]).code


def test_a_key_that_is_none_is_a_usage_error(proofs: Path) -> None:
    """Also one that was copied without its end."""
    for key in ("x", "a+00000000+AQ==", "a+1234"):
        assert 2 == run([*_words(proofs), f"--key={key}"]).code


def test_there_is_no_proof_before_the_first_checkpoint(unsigned: Log, tmp_path: Path) -> None:
    """Exit 3, with what makes one; nothing is written."""
    refused = run(["statements", "proof", PROVEN, f"--out={tmp_path / 'p'}", unsigned.on])

    assert 3 == refused.code
    assert "no close is signed yet" in refused.stderr
    assert not (tmp_path / "p").exists()


def test_a_statement_that_was_not_issued_has_none(signed: Log, tmp_path: Path) -> None:
    """Exit 3."""
    assert 3 == run(["statements", "proof", "2026-10/x", f"--out={tmp_path}", signed.on]).code


def test_proofs_cannot_lie_in_the_warehouse(signed: Log) -> None:
    """As exports can't."""
    out = signed.folder / "data"
    assert 2 == run(["statements", "proof", PROVEN, f"--out={out}", signed.on]).code


def test_later_proofs_are_under_the_last_checkpoint(log: Log, tmp_path: Path) -> None:
    """Those that were written before stay true."""
    proof = ["statements", "proof", PROVEN, log.on]
    assert 0 == run([*proof, f"--out={tmp_path / 'before'}"]).code
    log.close(NEXT[1])
    assert 0 == run([*proof, f"--out={tmp_path / 'after'}"]).code
    sizes = []
    for folder in ("before", "after"):
        checked = run([*_words(tmp_path / folder), f"--key={log.verifier_key}", "--json"])
        assert 0 == checked.code
        sizes.append(checked.json["size"])

    assert sizes == sorted(set(sizes))


def test_no_two_contributors_share_a_file_on_any_disk() -> None:
    """Disks that know no case, or take `:` and a final point for something else."""
    names = ["ana", "Ana", "ANA", "a:b", "a~b", "a.b", "a_b", "a-b", "ana.", "con", "x" * 128]
    names += ["A:" + "x" * 126, "A:" + "x" * 125 + "y"]
    stems = [file_stem(f"2026-10/{name}") for name in names]

    assert len(names) == len({stem.lower() for stem in stems})
    assert "2026-10-ana" == stems[0]
    for stem in stems:
        assert {*stem} <= {*"abcdefghijklmnopqrstuvwxyz0123456789_-."}
        assert len(stem) < 200
        assert not stem.endswith(".")


def test_a_statement_is_json_that_names_itself(proofs: Path) -> None:
    """By which a proof's leaf is made."""
    assert PROVEN == json.loads((proofs / "2026-10-ana.json").read_bytes())["statement_id"]
