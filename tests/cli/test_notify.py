"""What a service manager is told: over a real socket, with a file or without."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.cli.notify import ALIVE, READY, STOPPING, notify


def _told(address: str | bytes, named: str, patch: pytest.MonkeyPatch) -> list[bytes]:
    """Return what a manager that listens at an address hears of three states."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(10)
        patch.setenv("NOTIFY_SOCKET", named)
        for state in (READY, ALIVE, STOPPING):
            notify(state)
        return [manager.recv(4096) for _ in range(3)]


def test_states_are_told_at_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a datagram of its own, in order."""
    path = str(tmp_path / "notify")

    assert [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"] == _told(path, path, monkeypatch)


@pytest.mark.skipif(sys.platform != "linux", reason="sockets without a file are Linux's")
def test_states_are_told_at_a_socket_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name begins with @ in the environment, and with a zero byte for the system."""
    heard = _told(b"\0manyhands-test-notify", "@manyhands-test-notify", monkeypatch)

    assert [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"] == heard


@pytest.mark.parametrize("named", [None, "", "vsock:2:1234", "/no/such/socket"])
def test_a_manager_that_is_not_there_stops_nothing(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a socket, with one of another kind, or with one that is gone nothing is raised."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if named is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", named)
    notify(READY)
    path = str(tmp_path / "notify")

    assert [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"] == _told(path, path, monkeypatch)


def test_a_manager_that_does_not_listen_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its socket has no room for is left out; what it had room for is there."""
    monkeypatch.setattr("pipelines.cli.notify._PATIENCE_S", 0.001)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        for _ in range(1_000):
            notify(ALIVE)
        manager.settimeout(0)
        heard = list(_waiting(manager))

    assert {ALIVE.encode()} == set(heard)
    assert len(heard) < 1_000


def _waiting(manager: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield manager.recv(4096)
        except BlockingIOError:
            return
