"""Names the roots that manifests are looked for under: folders, and places in object stores."""

from pathlib import Path

from pipelines.stores.place import Place, is_place, read_place

Root = Path | Place


def read_root(text: str) -> Root:
    """Return the root of a name.

    Raises UsageError where it is neither a folder nor in a bucket of a kind that can be read.
    """
    return read_place(text, "manifest root") if is_place(text) else Path(text)
