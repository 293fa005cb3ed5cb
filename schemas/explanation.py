"""An explanation of a statement, a line, a contributor, a model version or an image: a tree.

Each node says by a code what it is, and by values what it was computed from; a program that shows
it makes its sentences of these. `docs/explain.md` lists the codes.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Strict
from schemas.scalars import Currency
from schemas.statement import Money

Code = Literal[
    "statement",
    "opening",
    "converted",
    "royalties",
    "adjustments",
    "recouped",
    "advance",
    "reserve_withheld",
    "reserve_released",
    "reserve",
    "available",
    "due",
    "withholding",
    "payable",
    "carried",
    "line",
    "conversion",
    "entitlement",
    "licence",
    "pool",
    "payments",
    "attributed_image",
    "attribution",
    "manifest",
    "image",
    "changes",
    "change",
    "agreed",
    "registered",
    "rates_published",
    "contributor",
    "paid",
    "issued",
    "still_carried",
    "still_reserved",
    "outstanding",
    "held",
    "held_part",
    "since",
    "bridge",
    "currency_changed",
    "royalty",
    "volume",
    "price",
    "rate",
    "pool_share",
    "fx",
    "started",
    "ended",
    "changed",
    "corrections",
    "rounding",
    "model_version",
    "trained",
    "base_model",
    "revenue",
    "payer",
    "earned",
    "own_pool",
    "image_total",
    "direct",
    "training_licence",
    "owner",
    "trained_on",
    "image_earned",
    "earned_nothing",
    "licence_fault",
    "attributed_and_held",
]


class NamedEvent(Strict):
    """An event of the log, by its position and its identity."""

    seq: Annotated[int, Field(description="Position in the log.")]
    source: str
    id: str
    type: str
    time: Annotated[str, Field(description="When it happened: ISO 8601 in UTC.")]
    amount: Annotated[
        Money | None, Field(description="What it paid, where the node adds payments up.")
    ] = None


class Events(Strict):
    """The events behind a number: how many there are, and the first of them."""

    count: int
    first: list[NamedEvent]


class Explanation(Strict):
    """A number, what it is, and what it is made of."""

    code: Code
    amount: Annotated[Money | None, Field(description="The number.")] = None
    currency: Currency | None = None
    values: Annotated[
        dict[str, str], Field(description="What it was computed from, by name; all as text.")
    ] = Field(default_factory=dict)
    events: Events | None = None
    parts: list["Explanation"] = Field(default_factory=list)


class Explained(Strict):
    """What is explained, by the one of its ids that is there, and how."""

    statement_id: str | None = None
    contributor_id: str | None = None
    model_version: Annotated[str | None, Field(description="As `model@version`.")] = None
    image_id: str | None = None
    line: Annotated[
        int | None, Field(description="From 1; absent where the statement is explained.")
    ] = None
    digest: Annotated[
        str | None, Field(description="SHA-256 of the sealed statement; of a statement only.")
    ] = None
    period: Annotated[
        str | None,
        Field(
            description="The last period closed, by whose close all is said; absent of a"
            " statement, and before any close."
        ),
    ] = None
    log_seq: Annotated[int, Field(description="How far the close read the log; 0 before any.")]
    is_equal: Annotated[
        bool,
        Field(description="Whether what was computed again came out as it stands."),
    ]
    explanation: Explanation
