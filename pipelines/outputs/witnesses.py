"""Sends requests to witnesses by HTTP, all at once, and waits for none of them long."""

import http.client
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import Final
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

SECONDS: Final = 10.0
"""How long answers are waited for."""
_MOST_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """Of HTTP; 0 where there was no answer."""
    type: str
    body: bytes
    fault: str = ""
    """Why there was no answer."""


def ask_all(requests: Mapping[str, bytes], seconds: float = SECONDS) -> dict[str, Answer]:
    """Post to each address what it is to get, and return the answers.

    Redirects aren't followed, and what hasn't answered in time is left behind, whatever it does.
    """
    asked = {url: _begun(url, body, seconds) for url, body in requests.items()}
    until = monotonic() + seconds
    return {
        url: _answer(future, max(until - monotonic(), 0), seconds) for url, future in asked.items()
    }


def _begun(url: str, body: bytes, seconds: float) -> Future[Answer]:
    """Ask in a thread of its own, which the end of the program doesn't wait for."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(_post(url, body, seconds))
        except (OSError, http.client.HTTPException, ValueError) as error:
            future.set_result(Answer(0, "", b"", f"it can't be asked: {_reason(error)}"))

    try:
        Thread(target=run, name=f"witness {url}", daemon=True).start()
    except RuntimeError as error:
        future.set_result(Answer(0, "", b"", str(error)))
    return future


def _reason(error: Exception) -> str:
    """Return why a request failed, in the system's words where it is the system's failure."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _answer(future: Future[Answer], left: float, seconds: float) -> Answer:
    try:
        return future.result(left)
    except LateError:
        return Answer(0, "", b"", f"no answer within {seconds:g} seconds")


def _post(url: str, body: bytes, seconds: float) -> Answer:
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "manyhands"}
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310  http or https
    response = opener.open(request, timeout=seconds)
    if response is None:
        message = "neither http nor https"
        raise ValueError(message)
    with response:
        kind = response.headers.get_content_type()
        read = response.read(_MOST_BYTES + 1)
        if len(read) > _MOST_BYTES:
            message = "a longer answer than a witness gives"
            raise ValueError(message)
        return Answer(response.status, kind, read)
