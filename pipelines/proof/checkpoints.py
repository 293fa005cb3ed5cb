"""Shows the last checkpoint, and checks that a warehouse continues one that was kept elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ProofError
from pipelines.lake import reading
from pipelines.lake.warehouse import Warehouse
from pipelines.proof.checking import Signed, read_text, signed_by
from pipelines.proof.faults import Fault, Kept, faults
from pipelines.proof.proving import last_checkpoint
from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from pipelines.transparency.note import NoteError, VerifierKey


@dataclass(frozen=True)
class Shown:
    """The last checkpoint."""

    period: str
    checkpoint: Checkpoint
    verifier_key: str | None
    """The key that it was signed by."""
    note: str
    """As it was signed, with what witnesses cosigned."""


@dataclass(frozen=True)
class Continued:
    """What came of a checkpoint that was kept."""

    checkpoint: Checkpoint
    signed: Signed
    faults: tuple[Fault, ...]
    """None where the warehouse continues it."""


def show(warehouse: Warehouse) -> Shown:
    """Return the last checkpoint.

    Raises NotFoundError where no close is signed.
    """
    with reading.connect(warehouse) as connection:
        signed, note = last_checkpoint(connection)
    return Shown(signed.period, read_checkpoint(note)[0], signed.verifier_key, note)


def read_kept(path: Path, keys: Sequence[VerifierKey]) -> tuple[Kept, Signed]:
    """Read a checkpoint that was kept; one of the keys, where any are named, has to have signed it.

    Raises NotFoundError where it isn't there, ProofError where it is none, or isn't signed so.
    """
    try:
        checkpoint, note = read_checkpoint(read_text(path))
        return Kept(checkpoint, str(path)), signed_by(note, checkpoint, keys)
    except NoteError as error:
        message = f"{path}: {error}"
        raise ProofError(message) from error


def check_continued(
    warehouse: Warehouse, path: Path, keys: Sequence[VerifierKey], report: Callable[[str], None]
) -> Continued:
    """Check that a warehouse's tree continues a checkpoint that was kept.

    The tree is made again from the closes and the statements' bytes.

    Raises as `read_kept`.
    """
    kept, signed = read_kept(path, keys)
    with reading.connect(warehouse) as connection:
        found = tuple(faults(connection, kept=[kept], report=report))
    return Continued(kept.checkpoint, signed, found)
