"""The scalars of events: what a single string or number may be (SPEC §3.2).

Each is an annotated type that pydantic checks strictly and turns into its canonical form (§4):
no trailing zeros, instants in UTC, short codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import PydanticCustomError, core_schema

from schemas import instants, source_types
from schemas.countries import COUNTRIES, OTHER_NAMES
from schemas.currencies import MINOR_DIGITS
from schemas.decimals import plain


@dataclass(frozen=True)
class Says:
    """Replace pydantic's message by ours; what is checked stays as it is."""

    message: str

    def __get_pydantic_core_schema__(
        self, source: type, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Wrap the type's own check."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="scalar",
            custom_error_message=self.message,
        )


def refusal(message: str) -> PydanticCustomError:
    """Make the error by which a check of ours refuses a value."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def one_of(values: Iterable[str]) -> GetPydanticSchema:
    """Make the check that a text is one of some."""
    return GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema([*values]))


def above_zero(decimal: str) -> str:
    """Refuse a plain decimal that is 0."""
    if decimal == "0":
        message = "should be above 0"
        raise refusal(message)
    return decimal


def canonical_instant(text: str) -> str:
    """Return an instant in UTC with 6 decimals; refuse a day or a year that there isn't."""
    try:
        return instants.canonical(text)
    except ValueError:
        message = "should be an instant that exists, of the years 2000 to 2099 in UTC too"
        raise refusal(message) from None


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = "should be a day that exists"
        raise refusal(message) from None


def _country(code: str) -> str:
    if code in COUNTRIES:
        return code
    message = "should be the code of a country: two capital letters of ISO 3166-1"
    if code in OTHER_NAMES:
        message += f"; there {code} is {OTHER_NAMES[code]}"
    raise refusal(message)


Plain = AfterValidator(plain)
AboveZero = AfterValidator(above_zero)
NOT_ZERO = Field(json_schema_extra={"not": {"pattern": r"^0(\.0+)?$"}})

IDENTIFIER: Final = r"[A-Za-z0-9_-][A-Za-z0-9._:~-]{0,127}"
"""A regular expression for an identifier, whole; a manifest's Parquet file is checked by it too."""

Identifier = Annotated[
    str,
    Field(strict=True, pattern=f"^{IDENTIFIER}$"),
    Says("should be an identifier: 1 to 128 of A-Z a-z 0-9 . _ : ~ -, the first no . : or ~"),
]
ModelId = Annotated[
    str,
    Field(strict=True, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._:~/-]*$", max_length=128),
    Says("should be a model's id: 1 to 128 of A-Z a-z 0-9 . _ : ~ / -, the first no . : ~ or /"),
]
EventId = Annotated[
    str,
    Field(strict=True, pattern=r"^[A-Za-z0-9._:@/+=~%?&#-]+$", max_length=255),
    Says("should be 1 to 255 of A-Z a-z 0-9 . _ : @ / + = ~ % ? & # -"),
]
Source = Annotated[
    str,
    Field(strict=True, pattern=r"^[A-Za-z0-9/][A-Za-z0-9._:@/+=~%?&#-]*$", max_length=255),
    Says(
        "should be 1 to 255 of A-Z a-z 0-9 . _ : @ / + = ~ % ? & # -, first a letter, a digit or /"
    ),
]
Amount = Annotated[
    str,
    Field(strict=True, pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6}0{0,12})?$"),
    Says(
        "should be an amount: a string of up to 12 digits, and up to 6 after a point;"
        " zeros may follow, 18 digits in all"
    ),
    Plain,
]
PositiveAmount = Annotated[Amount, NOT_ZERO, AboveZero]
Currency = Annotated[
    str,
    one_of(MINOR_DIGITS),
    Says("should be the code of a currency with a minor unit (ISO 4217)"),
]
Share = Annotated[
    str,
    Field(strict=True, pattern=r"^(0(\.[0-9]{1,6}0{0,12})?|1(\.0{1,18})?)$"),
    Says(
        "should be a string, 0 to 1, with at most 6 digits after the point;"
        " zeros may follow, 18 digits in all"
    ),
    Plain,
]
PositiveShare = Annotated[Share, NOT_ZERO, AboveZero]
Rate = Share
WEIGHT: Final = r"(0|[1-9][0-9]{0,2})(\.[0-9]{1,3}0{0,15})?|1000(\.0{1,18})?"
"""A regular expression for a weight, or 0; a manifest's Parquet file is checked by it too."""

Weight = Annotated[
    str,
    Field(strict=True, pattern=f"^({WEIGHT})$"),
    Says(
        "should be a string, above 0, at most 1000, with at most 3 digits after the point;"
        " zeros may follow, 18 digits in all"
    ),
    NOT_ZERO,
    Plain,
    AboveZero,
]
CurrencyCode = Annotated[
    str,
    Field(strict=True, pattern=r"^[A-Z]{3}$"),
    Says("should have codes of three capital letters"),
]
"""A code that a feed of rates may name: a currency of ours or not."""

FxRate = Annotated[
    str,
    Field(strict=True, pattern=r"^(0|[1-9][0-9]{0,6})(\.[0-9]{1,18})?$"),
    Says("should be a string, above 0, at most 7 digits before the point and 18 after it"),
    NOT_ZERO,
    Plain,
    AboveZero,
]
Integer = Annotated[
    int,
    Field(strict=True, ge=0, le=1_000_000_000),
    Says("should be an integer, 0 to 1000000000, without fraction or exponent"),
]
PositiveInteger = Annotated[
    int,
    Field(strict=True, ge=1, le=1_000_000_000),
    Says("should be an integer, 1 to 1000000000, without fraction or exponent"),
]
ReservePeriods = Annotated[
    int,
    Field(strict=True, ge=1, le=24),
    Says("should be an integer, 1 to 24, without fraction or exponent"),
]
Instant = Annotated[
    str,
    Field(strict=True, pattern=instants.PATTERN, json_schema_extra={"format": "date-time"}),
    Says("should be an RFC 3339 instant with an offset, years 2000 to 2099, at most 6 decimals"),
    AfterValidator(canonical_instant),
]
Day = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$",
        json_schema_extra={"format": "date"},
    ),
    Says("should be an ISO date, years 2000 to 2099"),
    AfterValidator(_day),
]
Text = Annotated[
    str,
    Field(strict=True, pattern=r"^[^\u0000]*$", max_length=500),
    Says("should be text of up to 500 code points, without U+0000"),
]
Country = Annotated[
    str,
    Field(json_schema_extra={"enum": COUNTRIES}),
    AfterValidator(_country),
]
Sha256 = Annotated[
    str,
    Field(strict=True, pattern=r"^[0-9a-f]{64}$"),
    Says("should be a SHA-256: 64 lower-case hex digits"),
]
SourceType = Annotated[
    str,
    Field(strict=True, pattern=source_types.PATTERN),
    Says("should be a code of IPTC's digital source types, or its URI"),
    AfterValidator(source_types.short_code),
]
