"""A statement as it is sealed, shown and published (SPEC §7.2).

Fields stand in the order of their names, which is the order of the sealed JSON and of the files.
"""

import json
from typing import Annotated, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer
from pydantic.json_schema import SkipJsonSchema

from schemas.model import Strict
from schemas.scalars import Currency, Day, FxRate, Identifier, Says

STATEMENT_ISSUED: Final = "statement-issued"
"""The type of the event that a statement leaves as."""

Money = Annotated[
    str,
    Field(pattern=r"^-?(0|[1-9][0-9]{0,31})\.[0-9]{6}$"),
    Says("should be money: a string with 6 decimals, - before negatives"),
]
Period = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$"),
    Says("should be a period: 2026-10, 2026-Q4, 2026-H2 or 2026"),
]


class FxRates(Strict):
    """The rates that a delta above 0 was converted by: units for one unit of `base`."""

    base: Currency
    date: Day
    from_rate: FxRate
    to_rate: FxRate


class FxCredited(Strict):
    """What had been credited for a key, where a delta below 0 takes it back in proportion."""

    credited: Annotated[Money, Field(description="In the statement's currency.")]


class Converted(Strict):
    """How an account went over to another currency: units of each for one unit of `base`."""

    base: Currency
    date: Day
    left: Annotated[Currency, Field(alias="from", description="The currency left.")]
    from_rate: FxRate
    opening: Annotated[Money, Field(description="What was carried, in the currency left.")]
    to_rate: FxRate


class StatementLine(Strict):
    """A delta of what is owed for an origin period, and what it is in the statement's currency."""

    amount: Annotated[Money, Field(description="In the statement's currency.")]
    basis: Literal["direct", "training", "generation"]
    corrected: Annotated[Money, Field(description="Owed by the log now; in `currency`.")]
    currency: Currency
    delta: Annotated[Money, Field(description="`corrected` less `original`; in `currency`.")]
    fx: Annotated[
        FxRates | FxCredited | None,
        Field(description="Null where nothing was converted, and credited is what was stated."),
    ]
    kind: Literal["royalty", "adjustment"]
    origin_period: Period
    original: Annotated[Money, Field(description="Stated before; in `currency`.")]
    reference: Annotated[str, Field(description="An image, or a model version as `model@version`.")]


class Statement(Strict):
    """What a contributor earned and is paid for a period, in its currency."""

    adjustments: Money
    advance_outstanding: Annotated[Money, Field(description="After this close.")]
    carried: Money
    contributor_id: Identifier
    converted: Annotated[
        Converted | SkipJsonSchema[None],
        Field(description="Only where the account changes its currency with this statement."),
    ] = None
    currency: Currency
    lines: list[StatementLine]
    opening: Money
    payable: Money
    period: Period
    recouped: Money
    reserve_balance: Annotated[Money, Field(description="After this close.")]
    reserve_released: Money
    reserve_withheld: Money
    royalties: Money
    statement_id: Annotated[str, Field(description="`period/contributor_id`.")]
    withholding: Money

    @model_serializer(mode="wrap")
    def _leave_out_absent(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = dump(self)
        if self.converted is None:
            del fields["converted"]
        return fields

    def sealed(self) -> bytes:
        """Write the bytes whose SHA-256 the seal is made of: sorted keys, no spaces, ASCII."""
        return json.dumps(
            self.model_dump(by_alias=True), sort_keys=True, separators=(",", ":")
        ).encode("ascii")
