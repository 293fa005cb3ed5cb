"""Seals a close and the log that it read (SPEC §6, Seal)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines.close.closing import Closing
from pipelines.lake import staged
from pipelines.lake.staging import stage


@dataclass(frozen=True)
class Seal:
    """What a close is sealed with: digests in lower-case hex."""

    previous_digest: str
    digest: str
    log_digest: str


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
    """Seal the staged statements, and the log up to the close's position."""
    stage(connection, "rules", "block_digest")
    stage(connection, "results", "log_block")
    log = log_digest(staged.block_digests(connection))
    previous, period = closing.previous_digest, closing.period.name
    return Seal(previous, close_digest(previous, period, staged.statement_digests(connection)), log)
