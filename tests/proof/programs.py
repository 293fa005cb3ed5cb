"""Programs of others that proofs are held to; somebody has to build them: `.ci/run` does.

`tlogproof` is a few lines of ours around torchwood (tests/go/tlogproof), `omniwitness` a witness.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.proof.keys import make_key
from pipelines.transparency.note import COSIGNER, VerifierKey
from tests.emulator import free_port, wait_until
from tests.required import skip_unless_required

MISSING: Final = "torchwood's check of proofs (tlogproof), or omniwitness, is not on the path"

_WITNESS: Final = "witness.example/w1"
_NOWHERE: Final = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
_READY_IN_S: Final = 30.0
_LOOPBACK: Final = Path(__file__).with_name("loopback.py")
_REACHED: Final = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"


def program(name: str) -> str:
    """Return a program: the one that MANYHANDS_TEST_<NAME> names, or the one on the path."""
    found = os.environ.get(f"MANYHANDS_TEST_{name.upper()}") or shutil.which(name)
    if found is None:
        skip_unless_required(MISSING)
    return found


def torchwood(proofs: Sequence[tuple[Path, Path]], *keys: str) -> list[str]:
    """Return what torchwood says of proofs, each with the file of its leaf: `ok`, or why not."""
    lines = "".join(f"{proof}\t{leaf}\n" for proof, leaf in proofs)
    words = [program("tlogproof"), *keys]
    done = subprocess.run(words, input=lines, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@dataclass(frozen=True)
class Omniwitness:
    """A witness that runs where it reaches nothing else."""

    url: str
    key: str
    """What others verify its cosignatures by."""
    beside: tuple[str, ...]
    """What a command begins with that has to reach it."""


@contextmanager
def omniwitness(folder: Path, origin: str, key: str) -> Iterator[Omniwitness]:
    """Run a witness that knows one log, for as long as the context lasts.

    It has a network of its own, where that is permitted; else proxies that lead nowhere.
    """
    words = [program("omniwitness")]
    port, metrics = free_port(), free_port()
    public = make_key(_WITNESS, folder / "witness.key").public
    logs = f'Logs:\n  - Origin: "{origin}"\n    PublicKey: "{key}"\n    Feeder: none\n'
    (folder / "logs.yaml").write_text(logs, encoding="utf-8")
    words += [f"--listen=127.0.0.1:{port}", f"--metrics_listen=127.0.0.1:{metrics}"]
    words += [f"--private_key_path={folder / 'witness.key'}", f"--db_file={folder / 'w.db'}"]
    words += [f"--additional_logs={folder / 'logs.yaml'}"]
    apart = _can_be_apart()
    if apart:
        words = ["unshare", "--net", sys.executable, str(_LOOPBACK), *words]
    with (folder / "witness.log").open("wb") as log:
        started = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **_NOWHERE})
    beside = ("nsenter", f"--net=/proc/{started.pid}/ns/net") if apart else ()
    try:
        reached = [*beside, sys.executable, "-c", _REACHED, str(port)]
        wait_until(
            lambda: subprocess.run(reached, capture_output=True, check=False).returncode == 0,
            _READY_IN_S,
            "omniwitness",
        )
        cosigner = VerifierKey(_WITNESS, COSIGNER, public).text
        yield Omniwitness(f"http://127.0.0.1:{port}", cosigner, beside)
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()


def _can_be_apart() -> bool:
    """Return whether a process can be given a network of its own, and others be put beside it."""
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return False
    tried = ["unshare", "--net", sys.executable, str(_LOOPBACK), "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0
