"""Pages over HTTP: each by its path, and no client keeps another waiting."""

import socket
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry, make_wsgi_app

from pipelines.cli.health import Verdict
from pipelines.cli.serving import pages, serving
from pipelines.errors import ManyhandsError
from tests.emulator import free_port

APPLICATION = pages(
    {
        "/good": lambda: Verdict(is_good=True, reason="well"),
        "/bad": lambda: Verdict(is_good=False, reason="not well"),
        "/broken": lambda: Verdict(is_good=True, reason=str(1 // 0)),
    },
    {"/metrics": make_wsgi_app(CollectorRegistry())},
)


def get(port: int, path: str, host: str = "127.0.0.1", method: str = "GET") -> tuple[int, str]:
    """Return the status and the text of a page."""
    try:
        with urlopen(Request(f"http://{host}:{port}{path}", method=method), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_page_is_answered_by_its_path() -> None:
    """What is red is 503; what isn't there is told with what is."""
    port = free_port()
    with serving("127.0.0.1", port, APPLICATION):
        answers = [get(port, path) for path in ("/good", "/bad", "/metrics", "/else")]

    named = "not here; there are /metrics, /good, /bad, /broken\n"
    assert [(200, "well\n"), (503, "not well\n"), (200, ""), (404, named)] == answers


def test_a_page_that_fails_fails_alone(capfd: pytest.CaptureFixture[str]) -> None:
    """It is 500, stderr has nothing of it, and the next page is answered."""
    port = free_port()
    with serving("127.0.0.1", port, APPLICATION):
        codes = [get(port, "/broken")[0], get(port, "/metrics", method="POST")[0]]
        codes.append(get(port, "/good")[0])

    assert [500, 405, 200] == codes
    assert "" == capfd.readouterr().err


def test_a_client_that_says_nothing_keeps_nobody_waiting() -> None:
    """Each has a thread of its own, and the end waits for none of them."""
    port = free_port()
    with (
        serving("127.0.0.1", port, APPLICATION),
        socket.create_connection(("127.0.0.1", port)) as silent,
    ):
        silent.sendall(b"GET /go")
        answer = get(port, "/good")

    assert (200, "well\n") == answer


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_may_be_one_of_ipv6() -> None:
    """As well as one of IPv4."""
    port = free_port()
    with serving("::1", port, APPLICATION):
        assert (200, "well\n") == get(port, "/good", host="[::1]")


def test_an_address_that_is_not_of_this_machine_is_refused() -> None:
    """With what to do."""
    with (
        pytest.raises(ManyhandsError, match="name another --metrics-port or --metrics-host"),
        serving("192.0.2.1", free_port(), APPLICATION),
    ):
        pass


def test_a_port_is_free_again_after_the_end() -> None:
    """A process that starts anew gets it."""
    port = free_port()
    for _ in range(2):
        with serving("127.0.0.1", port, APPLICATION):
            assert 200 == get(port, "/good")[0]
