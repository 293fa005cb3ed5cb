"""What `verify` finds, and what it couldn't look at."""

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """What kind of thing isn't as it was written, or as the log says."""

    CONTENT = "content"
    """An event isn't what was received."""
    SEQUENCE = "sequence"
    """The log has a gap, a position twice, or an identity twice; or its head is elsewhere."""
    FACT = "fact"
    """A fact isn't what its event says."""
    RESULT = "result"
    """What a close stored isn't what the log gives."""
    SEAL = "seal"
    """A digest isn't that of what it seals."""
    CHAIN = "chain"
    """A close doesn't follow the one before, or the log doesn't say that it was made."""
    SIGNATURE = "signature"
    """A checkpoint, or the tree that it is over, isn't what was signed."""
    FILE_CHANGED = "file_changed"
    """A file isn't what was written."""
    FILE_MISSING = "file_missing"
    """A file that the catalog, or the log, names isn't there."""
    UNKNOWN_FILE = "unknown_file"
    """A file among the data files that the catalog doesn't name."""
    UNSEALED_FILE = "unsealed_file"
    """A file, or a commit, that manyhands didn't write."""
    COUNTS = "counts"
    """What is counted of a batch, a file or a relation isn't what is there."""
    PUBLICATION = "publication"
    """What was published isn't what was issued."""
    ROLLED_BACK = "rolled_back"
    """A close that was made isn't there any more."""


@dataclass(frozen=True)
class Finding:
    """One thing that isn't as it should be."""

    code: Code
    relation: str
    """The relation, or `file` and `commit` for what isn't in one."""
    key: str
    """Which row, such as `seq=5`, or which file."""
    expected: str
    found: str

    @property
    def line(self) -> str:
        """The finding as one line for people."""
        where = " ".join(part for part in (self.relation, self.key) if part)
        return f"{self.code} {where}: expected {self.expected}, found {self.found}"


@dataclass
class Coverage:
    """What was verified, and what wasn't."""

    events: int = 0
    """Events of the log that were read again."""
    closes: int = 0
    """Closes that were computed again."""
    relations: list[str] = field(default_factory=list)
    """Relations that were compared, row by row and field by field."""
    files: int = 0
    """Data files whose digest was compared."""
    signed: int = 0
    """Closes whose signature was checked."""
    unchecked: list[str] = field(default_factory=list)
    """What wasn't checked, in sentences."""
