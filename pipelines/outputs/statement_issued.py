"""The event that a statement leaves as: `statement-issued`, a CloudEvent (SPEC §6, Publish)."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.errors import ManyhandsError
from pipelines.lake.publications import Issued
from schemas.envelope import ATTRIBUTE_PREFIX, OWN_SOURCE
from schemas.statement import STATEMENT_ISSUED


@dataclass(frozen=True)
class StatementIssued:
    """A statement on its way out; what it says depends on the statement and its period alone."""

    statement_id: str
    contributor_id: str
    digest: str
    """The event's id: what is sent again is the same event."""
    time: str
    """The first instant after the period, RFC 3339."""
    sealed: bytes
    """The statement as sealed: JSON in ASCII."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """The event's attributes in CloudEvents' order of their names."""
        return {
            "datacontenttype": "application/json",
            "id": self.digest,
            "source": OWN_SOURCE,
            "specversion": "1.0",
            "subject": self.contributor_id,
            "time": self.time,
            "type": STATEMENT_ISSUED,
        }


def binary(event: StatementIssued) -> Mapping[str, str]:
    """Return the attributes of an event in binary mode, whose body is the sealed bytes."""
    return {f"{ATTRIBUTE_PREFIX}{name}": value for name, value in event.attributes.items()}


def structured(event: StatementIssued) -> bytes:
    """Return an event in structured mode: sorted keys, no spaces, its data as sealed."""
    attributes = json.dumps(event.attributes, sort_keys=True, separators=(",", ":"))
    return b'{"data":' + event.sealed + b"," + attributes[1:].encode("ascii")


def leaving(statements: Iterable[Issued], time: str) -> Iterator[StatementIssued]:
    """Return what statements of a period leave as; `time` is the first instant after it.

    Raises ManyhandsError where one isn't what was sealed.
    """
    for issued in statements:
        if hashlib.sha256(issued.sealed).hexdigest() != issued.digest:
            message = f"{issued.statement_id} is not as it was sealed; restore it from a backup"
            raise ManyhandsError(message)
        yield StatementIssued(
            issued.statement_id, issued.contributor_id, issued.digest, time, issued.sealed
        )
