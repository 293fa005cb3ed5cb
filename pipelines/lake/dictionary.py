"""Writes `docs/dictionary.md`, every relation and view by its head: `make dictionary`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipelines.lake import sql

PAGE: Final = Path(__file__).parents[2] / "docs" / "dictionary.md"

_PARTS: Final = {
    "log": ("The log", "What was received, and what became of it."),
    "facts": ("Facts", "What the events of the log declare, also those that are reversed."),
    "results": ("Results", "What the closes stored."),
    "views": ("Views", "What is computed from the others whenever it is read."),
}
"""By folder of `sql/`: a title, and what its relations are."""

_HEAD: Final = """# Dictionary

Every relation and view of a warehouse: what it is, what a row is, its columns.
[The warehouse](warehouse.md) says how to read it; [for analysts](analysts.md) has ten questions.
Made by `make dictionary` from the heads of the files in `sql/`, as the comments in a warehouse are.
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join([_HEAD, *_lines()])


def _lines() -> Iterator[str]:
    for folder, (title, meaning) in _PARTS.items():
        yield from (f"## {title}", "", meaning, "")
        for relation in sql.relations(folder):
            yield from _described(relation)


def _described(relation: sql.Relation) -> Iterator[str]:
    yield from (f"### {relation.name}", "", relation.meaning, "", f"Grain: {relation.grain}", "")
    yield from ("| column | type | meaning |", "|---|---|---|")
    for column in relation.columns:
        meaning = column.comment.replace("|", "\\|")
        yield f"| `{column.name}` | {column.type} | {meaning} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
