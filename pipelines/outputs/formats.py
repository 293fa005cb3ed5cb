"""Names the forms that statements leave the warehouse in."""

from enum import StrEnum


class Format(StrEnum):
    """What statements can be exported as."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
