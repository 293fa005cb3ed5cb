"""A TCP proxy between the command and the broker, whose connections can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_BLOCK = 1 << 16


@dataclass
class Proxy:
    """Forwards connections to a port of this machine, as long as it is open."""

    target: int
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    is_open: bool = True
    """Whether new connections are forwarded; else they are cut at once."""
    _connections: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What PUBSUB_EMULATOR_HOST has to be."""
        return f"127.0.0.1:{self.listening.getsockname()[1]}"

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
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while block := one.recv(_BLOCK):
            other.sendall(block)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


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
