"""What `explain` says to people: an explanation as lines of text."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pipelines.cli import bridge_sentences, statement_sentences, subject_sentences
from pipelines.cli.words import counted

if TYPE_CHECKING:
    from schemas.explanation import Explained, Explanation, NamedEvent

_FIRST: Final[Mapping[str, Callable[["Explanation"], Iterator[str]]]] = {
    **statement_sentences.FIRST,
}
Sentences = Mapping[str, Callable[["Explanation", str], str]]

_SENTENCES: Final[Sentences] = {**statement_sentences.SENTENCES, **subject_sentences.SENTENCES}
_OF_BRIDGE: Final[Sentences] = {**_SENTENCES, **bridge_sentences.SENTENCES}
"""A bridge has parts for the terms of a statement, which mean their change there."""


def explanation(found: "Explained") -> Iterator[str]:
    """Yield the lines of an explanation for people."""
    root = found.explanation
    if found.statement_id:
        yield from _FIRST[root.code](root)
    else:
        yield from subject_sentences.first(found)
    yield ""
    for part in root.parts:
        yield from _node(part, "", root.currency or "", _SENTENCES)
    yield ""
    yield _end(found)


def _end(found: "Explained") -> str:
    outcome = "equal" if found.is_equal else "NOT equal"
    if found.statement_id:
        return f"Computed again from the log up to event {found.log_seq}: {outcome}."
    if found.period is None:
        return "No period is closed yet; the first close reads what the log has."
    read = f"By the close of {found.period}, which read the log up to event {found.log_seq}."
    root = found.explanation
    needed = _COMPARED.get(root.code)
    if needed and not any(part.code == needed for part in root.parts):
        return read
    return f"{read} {_CHECKED[root.code]}: {outcome}."


_COMPARED: Final = {"contributor": "bridge", "model_version": "earned"}
"""The part without which nothing was computed again."""

_CHECKED: Final = {
    "contributor": "The payments behind both were computed again, and the parts added up",
    "image": "Each licence was looked up again, and the images' parts were added up",
    "model_version": "Each pool was compared with what contributors get of it and what is held",
}


def _node(node: "Explanation", indent: str, currency: str, sentences: Sentences) -> Iterator[str]:
    currency = node.currency or currency
    sentence = sentences[node.code](node, currency)
    if not sentence:
        return
    yield f"{indent}{sentence}"
    if node.events:
        for event in node.events.first:
            yield f"{indent}    {_event(event, currency)}"
        if more := node.events.count - len(node.events.first):
            yield f"{indent}    and {counted(more, 'more event')} (--all names them)"
    inner = _OF_BRIDGE if node.code == "bridge" else sentences
    for part in node.parts:
        yield from _node(part, f"{indent}    ", currency, inner)


def _event(event: "NamedEvent", currency: str) -> str:
    paid = f": {event.amount} {currency}" if event.amount else ""
    return f"event {event.seq}, {event.type} {event.id} of {event.source}, {event.time}{paid}"
