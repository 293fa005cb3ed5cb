"""Says whether a licence is one for a training, and why not (SPEC §5, Training licence).

A close finds the licence by SQL; this finds it a second time, by other means.
"""

from collections.abc import Sequence
from typing import Final

from pipelines.lake.explained import Row

OTHER_DEVELOPER: Final = "other_developer"


def fault(licence: Row, training: Row) -> str | None:
    """Return why an image's training licence is none for a training of it; None: it is one."""
    trained_at = training["trained_at"]
    if licence["standing"] in {"reversed", "redeclared"}:
        return str(licence["standing"])
    if licence["licensee_id"] != training["developer_id"]:
        return OTHER_DEVELOPER
    if licence["valid_from"] > trained_at:
        return "not_yet_valid"
    if licence["valid_until"] is not None and licence["valid_until"] <= trained_at:
        return "expired"
    if licence["revoked_from"] is not None and licence["revoked_from"] <= trained_at:
        return "revoked"
    return None


def licence_of(licences: Sequence[Row], training: Row) -> Row | None:
    """Return the licence under which a training used the image; None where it had none.

    Of several it is the one valid from the latest instant, then the one of the greatest id.
    """
    fitting = [one for one in licences if fault(one, training) is None]
    order = [(one["valid_from"], one["licence_id"].encode()) for one in fitting]
    return fitting[order.index(max(order))] if fitting else None
