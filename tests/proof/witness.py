"""A witness to test by: it keeps one tree, and does as it is told, well or badly."""

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME = "witness.example/w1"
SECONDS = 1_800_000_000
"""When it signs, since 1970."""


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def continues(old: int, new: int, before: bytes, after: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a consistency proof holds, as RFC 9162, section 2.1.4.2, says."""
    if old in {0, new}:
        return not proof and (not old or before == after)
    path = [before, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not path:
        return False
    first = second = path[0]
    for hashed in path[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            first, second = _node(hashed, first), _node(hashed, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = _node(second, hashed)
        place, last = place >> 1, last >> 1
    return not last and (first, second) == (before, after)


class Witness:
    """What a witness has seen, and how it answers."""

    def __init__(self) -> None:
        """Begin with no tree, and good manners."""
        self.private = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
        self.size, self.root = 0, b""
        self.received: list[bytes] = []
        self.answer: tuple[int, str, bytes] | None = None
        """What it answers whatever it is asked, if anything: status, type, body."""
        self.drips = False
        """Whether it answers a byte at a time, for ever."""
        self.ended = Event()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/w1"

    @property
    def key(self) -> str:
        """What others verify its cosignatures by."""
        public = self.private.public_key().public_bytes_raw()
        return f"{NAME}+{self.key_id.hex()}+{base64.b64encode(bytes([4]) + public).decode()}"

    @property
    def key_id(self) -> bytes:
        """The id of its key."""
        public = self.private.public_key().public_bytes_raw()
        return hashlib.sha256(f"{NAME}\n".encode() + b"\4" + public).digest()[:4]

    def cosigned(self, text: str) -> bytes:
        """Return its cosignature of a checkpoint's text."""
        message = f"cosignature/v1\ntime {SECONDS}\n{text}".encode()
        signed = self.key_id + SECONDS.to_bytes(8) + self.private.sign(message)
        return f"— {NAME} {base64.b64encode(signed).decode()}\n".encode()

    def asked(self, body: bytes) -> tuple[int, str, bytes]:
        """Return what it answers to a request."""
        self.received.append(body)
        if self.answer:
            return self.answer
        above, _, checkpoint = body.decode().partition("\n\n")
        old, *proof = above.split("\n")
        text = checkpoint.partition("\n\n")[0] + "\n"
        _, size, root = text.splitlines()
        if old != f"old {self.size}":
            return 409, "text/x.tlog.size", f"{self.size}\n".encode()
        hashes = [base64.b64decode(line) for line in proof]
        if not continues(self.size, int(size), self.root, base64.b64decode(root), hashes):
            return 422, "text/plain", b"no"
        self.size, self.root = int(size), base64.b64decode(root)
        return 200, "text/plain", self.cosigned(text)


@contextmanager
def running() -> Iterator[Witness]:
    """Run a witness on this machine for as long as the context lasts."""
    witness = Witness()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, said = (
                witness.asked(body)
                if self.path == "/w1/add-checkpoint"
                else (404, "text/plain", b"")
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if 300 <= status < 400:
                self.send_header("Location", witness.url + "/elsewhere")
            self.end_headers()
            while witness.drips and not witness.ended.is_set():
                self.wfile.write(b"x")
                time.sleep(0.05)
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        witness.port = server.server_port
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield witness
        finally:
            witness.ended.set()
            server.shutdown()
