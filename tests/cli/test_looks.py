"""The warehouse is looked at now and then, and nothing waits for it."""

from datetime import datetime
from threading import Event, get_ident

import pytest

from pipelines.cli import looks as module
from pipelines.cli.looks import Looks
from pipelines.errors import TryAgainError
from pipelines.monitoring import Look
from tests.emulator import wait_until

AT = datetime(2026, 1, 1)  # noqa: DTZ001  naive in UTC


def _seen(head: int) -> Look:
    return Look(head, AT, {}, {}, {}, {}, AT)


def test_a_look_that_fails_leaves_the_one_before() -> None:
    """And the next one is tried all the same."""
    found: list[Look | Exception] = [
        _seen(1),
        TryAgainError("busy"),
        ZeroDivisionError(),
        _seen(2),
    ]
    taken: list[Look | None] = []

    def look() -> Look:
        taken.append(looks.last)
        one = found[min(len(taken), len(found)) - 1]
        if isinstance(one, Exception):
            raise one
        return one

    looks = Looks(look, pause_s=0.0)
    looks.begin()
    wait_until(lambda: looks.last == _seen(2), 10, "it looked again")
    looks.end()

    assert [None, _seen(1), _seen(1), _seen(1)] == taken[:4]


def test_a_look_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in a thread of its own, and an end waits for it only so long."""
    monkeypatch.setattr(module, "_END_S", 0.01)
    begun, go_on = Event(), Event()
    threads: list[int] = []

    def look() -> Look:
        threads.append(get_ident())
        begun.set()
        go_on.wait(60)
        return _seen(1)

    looks = Looks(look)
    looks.begin()
    assert begun.wait(10)
    looks.end()
    last = looks.last
    go_on.set()

    assert last is None
    assert get_ident() not in threads


def test_looks_have_a_pause_between_them() -> None:
    """A minute, and twenty times as long as the last one took."""
    taken: list[int] = []

    def look() -> Look:
        taken.append(1)
        return _seen(1)

    looks = Looks(look)
    looks.begin()
    wait_until(lambda: looks.last is not None, 10, "it looked")
    looks.end()

    assert ([1], 60.0, 20) == (taken, module._PAUSE_S, module._SHARE)


def test_who_never_began_can_end() -> None:
    """An ingest may fail before it has a warehouse."""
    looks = Looks(lambda: _seen(1))
    looks.end()

    assert looks.looked_at is None
