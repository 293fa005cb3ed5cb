"""Seals a close and the log that it read (SPEC §6, Seal)."""

import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

import duckdb

from pipelines.close.closing import Closing
from pipelines.errors import UsageError
from pipelines.lake import staged, tree
from pipelines.lake.closes import last_signed
from pipelines.lake.staging import stage, stage_blocks
from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from pipelines.transparency.leaves import leaves
from pipelines.transparency.note import Signer


@dataclass(frozen=True)
class Seal:
    """What a close is sealed with: digests and the tree's root in lower-case hex."""

    previous_digest: str
    digest: str
    log_digest: str
    tree_size: int
    """Leaves of the tree over all closes, this one included."""
    tree_root: str
    checkpoint: str | None = None
    """The signed note of the tree; None where it isn't signed."""
    verifier_key: str | None = None
    """The key that it verifies by."""

    def signed(self, signer: Signer) -> "Seal":
        """Return the seal with its tree signed."""
        text = Checkpoint(signer.name, self.tree_size, bytes.fromhex(self.tree_root)).text
        return replace(self, checkpoint=signer.signed(text), verifier_key=signer.verifier_key.text)


def close_digest(previous_digest: str, period: str, statements: Iterable[tuple[str, str]]) -> str:
    """Return the digest that chains a close to the one before.

    `statements` are pairs of contributor and statement digest, by `contributor_id`.
    """
    sha256 = hashlib.sha256(f"{previous_digest}\n{period}\n".encode())
    for contributor_id, digest in statements:
        sha256.update(f"{contributor_id} {digest}\n".encode())
    return sha256.hexdigest()


def log_digest(blocks: Iterable[str]) -> str:
    """Return the digest of the log from the digests of its blocks, in order."""
    sha256 = hashlib.sha256()
    for digest in blocks:
        sha256.update(f"{digest}\n".encode())
    return sha256.hexdigest()


def seal(connection: duckdb.DuckDBPyConnection, closing: Closing) -> Seal:
    """Seal the staged statements, and the log up to the close's position; append them to the tree.

    Raises ManyhandsError where the tree as it is stored isn't that of the close before.
    """
    stage_blocks(connection)
    stage(connection, "results", "log_block")
    log = log_digest(staged.block_digests(connection))
    previous, period = closing.previous_digest, closing.period.name
    digest = close_digest(previous, period, staged.statement_digests(connection))
    statements = staged.statement_digests(connection.cursor())
    appended = leaves(period, digest, log, closing.log_seq, statements)
    return Seal(previous, digest, log, *tree.stage_grown(connection, closing.previous, appended))


def refuse_unless_signed_on(connection: duckdb.DuckDBPyConnection, signer: Signer | None) -> None:
    """Raise UsageError where closes were signed, and the next one wouldn't be, by the same name."""
    signed = last_signed(connection)
    if signed is None:
        return
    origin = read_checkpoint(signed.checkpoint or "")[0].origin
    if signer is None:
        message = (
            f"{signed.period} is signed by {origin}, and no key is named to sign what follows; name"
            " it with --signing-key FILE, or make another with `manyhands keygen"
            f" {shlex.quote(origin)}`"
        )
        raise UsageError(message)
    if signer.name != origin:
        message = (
            f"{signed.period} is signed by {origin}, and the key in --signing-key is of"
            f" {signer.name}; name one of {origin}"
        )
        raise UsageError(message)
