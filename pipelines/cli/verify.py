"""The command `verify`: checks what was issued, or a statement's proof."""

from pipelines.cli.flags import Common
from pipelines.cli.proofs import (
    CheckpointFlag,
    KeyFlag,
    ProofFlag,
    StatementFlag,
    verify_continued,
    verify_proof,
)
from pipelines.errors import UsageError


def verify(
    common: Common,
    *,
    proof: ProofFlag = None,
    statement: StatementFlag = None,
    checkpoint: CheckpointFlag = None,
    key: KeyFlag = None,
) -> None:
    """Check a statement's proof, or that the warehouse continues a checkpoint that was kept.

    Exit 0 where it holds, 4 where it doesn't. Without a key nobody's signature is looked at.
    """
    if checkpoint is not None and proof is None and statement is None:
        verify_continued(common, checkpoint, key or ())
    elif proof is not None and statement is not None and checkpoint is None:
        verify_proof(common, proof, statement, key or ())
    else:
        message = "verify takes either --proof FILE --statement FILE, or --checkpoint FILE"
        raise UsageError(message)
