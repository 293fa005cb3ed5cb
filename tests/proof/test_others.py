"""Proofs and checkpoints, held to programs of others: torchwood, and transparency-dev's witness."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from pipelines.proof.names import file_stem
from pipelines.transparency.leaves import statement_leaf
from tests.conftest import run
from tests.lake.sending import rows
from tests.proof.conftest import NEXT, ORIGIN, Log, keygen
from tests.proof.programs import Omniwitness, omniwitness, program, torchwood
from tests.proof.test_checkpoints import rewrite

PROVEN = "2026-10/ana"


def _pair(proofs: Path, name: str, folder: Path) -> tuple[Path, Path]:
    """Write a statement's leaf into a folder, and return its proof with that."""
    stem = file_stem(name)
    digest = hashlib.sha256((proofs / f"{stem}.json").read_bytes()).hexdigest()
    (folder / f"{stem}.leaf").write_bytes(statement_leaf(name, digest))
    return proofs / f"{stem}.tlog-proof", folder / f"{stem}.leaf"


def _turned(path: Path, place: int, folder: Path) -> Path:
    """Write a file into a folder with a bit turned."""
    turned = bytearray(path.read_bytes())
    turned[place] ^= 1
    made = folder / f"{path.name}.{place}"
    made.write_bytes(turned)
    return made


def test_torchwood_accepts_every_statement(signed: Log, proofs: Path, tmp_path: Path) -> None:
    """Of the demo and the close after it, by the log's key; by another key none."""
    pairs = [_pair(proofs, name, tmp_path) for name in signed.statements()]
    other = keygen(tmp_path / "other.key")

    assert 11 == len(pairs)
    assert ["ok"] * len(pairs) == torchwood(pairs, signed.verifier_key)
    assert "ok" not in torchwood(pairs, other)


def test_torchwood_refuses_each_with_a_bit_turned(
    signed: Log, proofs: Path, tmp_path: Path
) -> None:
    """In the leaf, in what leads to the root, in the root and in the signature."""
    turned = []
    for name in signed.statements():
        proof, leaf = _pair(proofs, name, tmp_path)
        text = proof.read_bytes()
        places = (
            text.index(b"\n", 23) + 5,
            text.index(b"=\n\n") - 4,
            text.index(b"\n14\n") + 9,
            text.rindex(b" ") + 30,
        )
        turned += [(_turned(proof, place, tmp_path), leaf) for place in places]
        turned += [(proof, _turned(leaf, place, tmp_path)) for place in (0, 20, -2)]

    said = torchwood(turned, signed.verifier_key)
    assert (77, set()) == (len(said), {"ok"} & set(said))


def _witness(log: Log, witness: Omniwitness) -> tuple[int, str, str]:
    """Ask the witness from where it can be reached; return the exit code and what came of it."""
    url = f"{witness.url}#{witness.key}"
    words = [sys.executable, "-m", "manyhands", "checkpoint", "witness", url, log.on, "--json"]
    done = subprocess.run([*witness.beside, *words], capture_output=True, text=True, check=False)
    (asked,) = json.loads(done.stdout)["witnesses"]
    return done.returncode, asked["outcome"], asked["message"]


def test_omniwitness_cosigns_what_continues_and_nothing_else(
    signed: Log, log: Log, tmp_path: Path
) -> None:
    """Two closes; no tree that was rewritten, and no older one. Torchwood knows its signature."""
    program("tlogproof")
    with omniwitness(tmp_path, ORIGIN, log.verifier_key) as witness:
        first = _witness(log, witness)
        log.close(NEXT[1])
        second = _witness(log, witness)
        out = tmp_path / "proofs"
        assert 0 == run(["statements", "proof", PROVEN, f"--out={out}", log.on]).code
        older = _witness(signed.copied(tmp_path / "older"), witness)
        log.close(NEXT[2])
        rewrite(log)
        rewritten = _witness(log, witness)

    assert [(0, "cosigned")] * 2 == [first[:2], second[:2]]
    pair = _pair(out, PROVEN, tmp_path)
    assert ["ok"] == torchwood([pair], log.verifier_key, witness.key)
    assert [(1, "failed")] * 2 == [older[:2], rewritten[:2]]
    assert "was this warehouse put back" in older[2]
    assert "doesn't continue the one that it cosigned" in rewritten[2]
    kept = rows(log.folder, "SELECT period FROM cosignature ORDER BY period")
    assert [(NEXT[0],), (NEXT[1],)] == kept
    checked = _checked(tmp_path / "proofs", log, witness)
    assert ["witness.example/w1"] == [one["name"] for one in checked["cosigned_by"]]


def _checked(folder: Path, log: Log, witness: Omniwitness) -> dict[str, list[dict[str, str]]]:
    stem = folder / "2026-10-ana"
    words = ["verify", f"--proof={stem}.tlog-proof", f"--statement={stem}.json", "--json"]
    done = run([*words, f"--key={log.verifier_key}", f"--key={witness.key}"])
    assert 0 == done.code, done.stderr
    checked: dict[str, list[dict[str, str]]] = done.json
    return checked
