"""A TCP proxy between the command and a server, whose connections can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import sleep

_BLOCK = 1 << 16


@dataclass
class Proxy:
    """Forwards connections to a port of this machine, as long as it is open."""

    target: int
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    is_open: bool = True
    """Whether new connections are forwarded; else they are cut at once."""
    last_words: bytes = b""
    """A connection on which a client sends this gets it through, and is cut before the answer."""
    late_s: float = 0.0
    """If above 0 the client is cut off at once, and the server gets those words so much later."""
    times_cut: int = 0
    """How often that happened."""
    _connections: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listening.getsockname()[1])

    @property
    def address(self) -> str:
        """What PUBSUB_EMULATOR_HOST has to be."""
        return f"127.0.0.1:{self.port}"

    def cut(self, *, is_open: bool) -> None:
        """Cut all connections; new ones are forwarded where it stays open."""
        self.is_open = is_open
        connections, self._connections = self._connections, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Forward connections until the proxy is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                if self.is_open:
                    self._forward(client)
                else:
                    client.close()

    def _forward(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        self._connections += [client, server]
        is_last = threading.Event()
        for copy in (self._copy_questions, self._copy_answers):
            threading.Thread(target=copy, args=(client, server, is_last), daemon=True).start()

    def _copy_questions(
        self, client: socket.socket, server: socket.socket, is_last: threading.Event
    ) -> None:
        with suppress(OSError):
            while block := client.recv(_BLOCK):
                if self.last_words and self.last_words in block:
                    self.last_words = b""
                    if self.late_s:
                        self.times_cut += 1
                        _end(client)
                        sleep(self.late_s)
                    else:
                        is_last.set()
                server.sendall(block)
        _end(client, server)

    def _copy_answers(
        self, client: socket.socket, server: socket.socket, is_last: threading.Event
    ) -> None:
        with suppress(OSError):
            while block := server.recv(_BLOCK):
                if is_last.is_set():
                    self.times_cut += 1
                    break
                client.sendall(block)
        _end(client, server)


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Run a proxy to a port of this machine."""
    proxy = Proxy(port)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.cut(is_open=False)
        proxy.listening.close()
