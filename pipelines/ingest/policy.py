"""Say who may say what: the source policy, which an operator configures (SPEC §3.4).

A backdated licence or a reversal from the wrong producer moves other people's money.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.sources.opened import STANDARD_INPUT
from pipelines.sources.subscriptions import is_subscription
from schemas.events import EVENT_TYPES, EventData, EventReversed, SourceReported

ANY: Final = "*"


@dataclass(frozen=True)
class Entry:
    """Which events are allowed; a pattern is what is matched, or a prefix and one `*`."""

    source: str
    """The pattern of the event's source."""
    over: tuple[str, ...] = ()
    """Subscriptions, and patterns of full paths, that it may come over; empty: all."""
    types: tuple[str, ...] = ()
    """The types that it may have; empty: all."""
    reverses: tuple[str, ...] = ()
    """Patterns of the sources whose events it may reverse; empty: its own source alone."""
    reports: bool = False
    """Whether its source has to report what it sent before a period closes."""

    def may_reverse(self, source: str, reversed_source: str) -> bool:
        """Return whether events of one source may reverse those of another."""
        if not self.reverses:
            return source == reversed_source
        return _fits_one(self.reverses, reversed_source)


@dataclass(frozen=True)
class Policy:
    """An event is allowed where one entry allows all of it."""

    entries: tuple[Entry, ...]
    place: str = ""
    """The file that configures it; empty where none does."""
    folder: str = ""
    """What names of files are relative to; empty: nothing, so that these fit no path."""

    @property
    def reporting(self) -> tuple[str, ...]:
        """The sources that have to report what they sent before a period closes."""
        return tuple(dict.fromkeys(entry.source for entry in self.entries if entry.reports))

    @property
    def is_configured(self) -> bool:
        """Whether somebody decided who is trusted."""
        return bool(self.place)

    @property
    def summary(self) -> str:
        """In words who is trusted."""
        if not self.is_configured:
            return "none, so every source may send and reverse everything"
        noun = "entry" if len(self.entries) == 1 else "entries"
        return f"{len(self.entries)} {noun} of {self.place}"


EVERYONE: Final = Policy((Entry(ANY, types=tuple(EVENT_TYPES), reverses=(ANY,)),))
"""Allows everything: what holds where no policy is configured."""


class NotAllowedError(Exception):
    """No entry allows all of an event."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        """Where in the event is what no entry allows, of what is left by the checks before."""
        self.message = f"no entry of the source policy {message}"


def check(policy: Policy, origin: str, source: str, kind: str, data: EventData) -> None:
    """Raise NotAllowedError where no entry allows all of an event.

    `origin` is the file, `-` or the subscription that it came over, `kind` the event's type.
    """
    over = _full(origin, policy.folder)
    entries = _sending(policy, over, source, kind)
    if isinstance(data, EventReversed):
        named = data.reversed.source
        entries = [entry for entry in entries if entry.may_reverse(source, named)]
        what = f"allows {source} to reverse events of {named} over {over}"
        _insist(entries, "data.reversed.source", what)
    if isinstance(data, SourceReported) and data.source != source:
        entries = [entry for entry in entries if kind in entry.types]
        what = f"names {kind} among what {source} may send, for {data.source}, over {over}"
        _insist(entries, "data.source", what)


def allows(policy: Policy, origin: str, source: str, kind: str) -> bool:
    """Return whether `check` allows an event of which only the envelope counts."""
    try:
        _sending(policy, _full(origin, policy.folder), source, kind)
    except NotAllowedError:
        return False
    return True


def _sending(policy: Policy, over: str, source: str, kind: str) -> list[Entry]:
    """Return the entries that allow a source to send a type over a full origin."""
    entries = [entry for entry in policy.entries if _fits(entry.source, source)]
    _insist(entries, "source", f"is for {source}")
    entries = [entry for entry in entries if not entry.over or _fits_one(entry.over, over)]
    _insist(entries, "source", f"allows {source} over {over}")
    entries = [entry for entry in entries if not entry.types or kind in entry.types]
    _insist(entries, "type", f"allows {source} to send {kind} over {over}")
    return entries


def _insist(entries: Sequence[Entry], path: str, what: str) -> None:
    if not entries:
        raise NotAllowedError(path, what)


@lru_cache
def _full(origin: str, folder: str) -> str:
    """Return an origin as an entry names it: of a file the full path, links left as they are."""
    if origin == STANDARD_INPUT or is_subscription(origin):
        return origin
    if not folder and not origin.startswith("/"):
        return origin  # as it is: without its `./` it could be a subscription's
    return posixpath.normpath(posixpath.join(folder, origin))


def _fits_one(patterns: Sequence[str], text: str) -> bool:
    return any(_fits(pattern, text) for pattern in patterns)


def _fits(pattern: str, text: str) -> bool:
    if pattern.endswith(ANY):
        return text.startswith(pattern.removesuffix(ANY))
    return text == pattern
