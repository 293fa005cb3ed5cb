"""Serves a few pages over HTTP in a thread that the end of the process doesn't wait for."""

import io
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from pipelines.cli.health import Verdict
from pipelines.errors import ManyhandsError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_CLIENT_S: Final = 10.0
"""So long is a client waited for."""

Check: TypeAlias = Callable[[], Verdict]


class _Handler(WSGIRequestHandler):
    """Answers one client, and says nothing of it on stderr."""

    timeout = _CLIENT_S

    def log_message(self, *_: Any) -> None:  # noqa: ANN401  as http.server has it
        """Say nothing."""

    def get_stderr(self) -> TextIO:
        """Return where errors go: nowhere."""
        return io.StringIO()


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each client; what a client does wrong is no concern of ours."""

    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        """Listen, without asking the network for this machine's name, which can take long."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def handle_error(self, *_: Any) -> None:  # noqa: ANN401  as socketserver has it
        """Drop a client that went away."""


class _ServerOfIPv6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def serving(host: str, port: int, application: "WSGIApplication") -> Iterator[None]:
    """Serve a WSGI application as long as the context lasts.

    Raises ManyhandsError where the port can't be had.
    """
    kind = _ServerOfIPv6 if ":" in host else _Server
    try:
        server = make_server(host, port, application, kind, _Handler)
    except OSError as error:
        message = (
            f"metrics can't be served at {host} port {port} ({error.strerror}), so nothing was"
            " done; end what listens there, or name another --metrics-port or --metrics-host"
        )
        raise ManyhandsError(message) from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def pages(
    checks: Mapping[str, Check], applications: Mapping[str, "WSGIApplication"]
) -> "WSGIApplication":
    """Return an application that answers by path: a check's verdict as a line of text, 200 or 503.

    Other paths are handed on to the application of that path; what is at none is 404.
    """
    known = ", ".join([*applications, *checks])

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in applications:
            return applications[path](environ, start)
        if path not in checks:
            return _line(start, "404 Not Found", f"not here; there are {known}")
        verdict = checks[path]()
        status = "200 OK" if verdict.is_good else "503 Service Unavailable"
        return _line(start, status, verdict.reason)

    return answer


def _line(start: "StartResponse", status: str, text: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])
    return [f"{text}\n".encode()]
