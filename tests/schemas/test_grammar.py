"""What is read off the models is what pydantic checks, and what isn't understood is none."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, Field

from schemas.events import AssetGenerated, ImageLicensed
from schemas.grammar import Items, Object, Text, grammar
from schemas.model import Canonical
from schemas.parts import check_attributions, check_contributors
from schemas.scalars import IDENTIFIER, Identifier, ModelId
from schemas.shape import shape_of


def _kind(annotation: object) -> object:
    """Return what is read off a field."""
    model = type("Model", (Canonical,), {"__annotations__": {"field": annotation}})
    found = grammar(model)
    return found and found.fields["field"].kind


def test_patterns_lengths_literals_and_functions_are_the_models_own() -> None:
    """They are written once, where pydantic has them from."""
    asset, licence = grammar(AssetGenerated), grammar(ImageLicensed)
    assert asset
    assert licence
    attributions, contributors = asset.fields["attributions"], licence.fields["contributors"]

    assert Text(IDENTIFIER) == asset.fields["asset_id"].kind
    assert Text("generated|downloaded|licensed") == asset.fields["action"].kind
    assert isinstance(attributions.kind, Items)
    assert (0, 1_000, (check_attributions,)) == (
        attributions.kind.least,
        attributions.kind.most,
        attributions.kind.functions,
    )
    assert ("[]", True) == (attributions.default, attributions.may_be_null)
    assert isinstance(contributors.kind, Items)
    assert (1, 50, (check_contributors,)) == (
        contributors.kind.least,
        contributors.kind.most,
        contributors.kind.functions,
    )
    assert ["check_validity"] == [function.__name__ for function in licence.functions]


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        int,
        dict[Identifier, Identifier],
        list[Identifier],
        Identifier | ModelId,
        Annotated[str, Field(strict=True, pattern="^.*$")],
        Annotated[str, Field(strict=True, pattern='^[a-z"]*$')],
        Annotated[str, Field(strict=True, pattern=r"^[^a]*$")],
        Annotated[str, Field(strict=True, pattern="^[ -~]*$")],
        Annotated[str, Field(strict=True, pattern=r"^\w*$")],
        Annotated[str, Field(strict=True, pattern="[a-z]*")],
        Annotated[str, Field(strict=True, pattern="^(a$|^b)$")],
        Annotated[str, Field(strict=True, pattern="^[a-z]*$", min_length=2)],
        Annotated[Identifier, Field(alias="other")],
    ],
    ids=str,
)
def test_what_is_not_understood_is_none(annotation: object) -> None:
    """Nothing is taken for valid by half of what its model says."""
    assert _kind(annotation) is None


def test_a_function_of_any_kind_is_part_of_what_is_read() -> None:
    """Whoever doesn't know it can't overlook it."""

    def check(text: str) -> str:
        return text

    assert Text(IDENTIFIER, functions=(check,)) == _kind(
        Annotated[Identifier, AfterValidator(check)]
    )


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b'{"type":"asset-generated"}',
        b'{"type":"asset-generated","data":{}}',
        b'{"type":"no-such-type","data":{}}',
        b'{"type":"asset-generated","type":"asset-generated"}',
        b'{"id":1e3}',
        b"{",
    ],
)
def test_what_no_event_is_like_has_no_shape(text: bytes) -> None:
    """Whether or not it is JSON."""
    assert shape_of(text) is None


def test_a_shape_says_which_keys_are_there_and_in_which_order() -> None:
    """White space and values are none of it; a list that is empty is another shape."""
    event = (
        b'{"specversion":"1.0","id":"e1","source":"/s","type":"asset-generated",'
        b'"time":"2026-10-01T00:00:00Z","data":{"asset_id":"a","model_id":"m","version":"1",'
        b'"customer_id":"c","action":"licensed","revenue":{"amount":"1","currency":"USD"}}}'
    )
    other = event.replace(b":", b" : ", 1).replace(b'"e1"', b'"e2"').replace(b'"1"', b'"x x"')
    moved = event.replace(b'"id":"e1",', b"").replace(b'"type"', b'"id":"e1","type"')
    empty = event.replace(b'"action"', b'"attributions":[],"action"')
    first = shape_of(event)

    assert first
    assert ("asset-generated", False) == (first.kind, isinstance(first.data, Text))
    assert isinstance(first.data, Object)
    assert first == shape_of(other)
    assert 3 == len({first, shape_of(moved), shape_of(empty)})
