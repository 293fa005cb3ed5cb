"""The index of an archive of a log: what each file beside it is, and what all of them hold."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Strict
from schemas.scalars import Sha256

Count = Annotated[int, Field(strict=True, ge=0)]
Position = Annotated[int, Field(strict=True, ge=1)]
PeriodName = Annotated[str, Field(strict=True, pattern=r"^[0-9]{4}(-[0-9QH][0-9]?)?$")]

PART_NAME = r"^[a-z_]+-[0-9]{12,19}\.parquet$"
FILE_NAME = r"^(manifest-[0-9a-f]{64}|verdict-[0-9]{4}(-[0-9QH][0-9]?)?\.json)$"


class ArchivedFile(Strict):
    """A file as the warehouse keeps it: the copy of a manifest, or a verdict of the gate."""

    name: Annotated[str, Field(strict=True, pattern=FILE_NAME)]
    bytes: Count
    sha256: Sha256


class ArchivedPart(ArchivedFile):
    """A Parquet file with a range of a relation's rows."""

    name: Annotated[str, Field(strict=True, pattern=PART_NAME)]
    relation: str
    first: Annotated[Position, Field(description="Of `event` a `seq`, else the number of a row.")]
    last: Position
    rows: Position


class ArchivedClose(Strict):
    """A close, by its position in the log and its digests."""

    period: PeriodName
    log_seq: Count
    digest: Sha256
    log_digest: Sha256


class ArchivedSetting(Strict):
    """How the warehouse closes."""

    cadence: Literal["month", "quarter", "half", "year"]
    grace_days: Count
    first_period: PeriodName | None


class ArchiveIndex(Strict):
    """What an archive holds."""

    format: Annotated[int, Field(strict=True, description="Of the warehouse that it is of.")]
    head: Annotated[Count, Field(description="Position of the log's last event.")]
    setting: ArchivedSetting
    closes: Annotated[list[ArchivedClose], Field(description="In their order.")]
    made_again: Annotated[
        dict[str, Count], Field(description="Rows of each relation that an import makes again.")
    ]
    parts: Annotated[list[ArchivedPart], Field(description="By relation, then by range.")]
    files: list[ArchivedFile]
    index_sha256: Annotated[
        Sha256, Field(description="Of the other fields: of their canonical JSON.")
    ]
