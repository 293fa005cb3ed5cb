"""Explains what an id names by itself, by the last close: a contributor, a model or an image."""

from typing import Final

from pipelines.errors import NotFoundError, UsageError
from pipelines.explain.contributor import Between, explain_contributor
from pipelines.explain.image import explain_image
from pipelines.explain.model import explain_model
from pipelines.explain.standing import Report, standing
from pipelines.lake import reading, subjects
from pipelines.lake.warehouse import Warehouse
from schemas.explanation import Explained

CONTRIBUTOR: Final = "contributor"
IMAGE: Final = "image"
MODEL_VERSION: Final = "model_version"

_LOOKED_FOR: Final = {
    CONTRIBUTOR: "no contributor {}: the log has no licence, registration or advance of that id",
    IMAGE: "no image {}: the log has no licence, manifest or attribution of that id",
    MODEL_VERSION: "no model version {}: the log has no training or generation of it, and no model"
    " that is built on it",
}


def explain_subject(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    named: str,
    *,
    kind: str | None,
    between: Between,
    everything: bool,
    report: Report,
) -> Explained:
    """Explain a contributor and what two statements differ by, a model version or an image.

    `kind` is None where the id doesn't say whether it is of a contributor or of an image.

    Raises NotFoundError where the log names none of that id, UsageError where it names a
    contributor and an image, and `kind` doesn't say which is meant.
    """
    with reading.connect(warehouse) as connection:
        kind = _kind(subjects.kinds(connection, named), named, kind)
        where = standing(connection, everything=everything, report=report)
        if kind == CONTRIBUTOR:
            root, is_equal = explain_contributor(where, named, between)
        elif kind == IMAGE:
            root, is_equal = explain_image(where, named)
        else:
            root, is_equal = explain_model(where, named)
        return Explained(
            contributor_id=named if kind == CONTRIBUTOR else None,
            image_id=named if kind == IMAGE else None,
            model_version=named if kind == MODEL_VERSION else None,
            period=where.period,
            log_seq=where.log_seq,
            is_equal=is_equal,
            explanation=root,
        )


def _kind(there: set[str], named: str, wanted: str | None) -> str:
    """Return what an id is of."""
    if wanted is not None:
        if wanted not in there:
            message = f"{_LOOKED_FOR[wanted].format(named)}; identifiers are case-sensitive"
            raise NotFoundError(message)
        return wanted
    if not there:
        message = (
            f"no contributor and no image {named}: the log has no licence, registration, advance,"
            " manifest or attribution of that id; identifiers are case-sensitive"
        )
        raise NotFoundError(message)
    if len(there) > 1:
        message = f"{named} names a contributor and an image; add --contributor or --image"
        raise UsageError(message)
    return there.pop()
