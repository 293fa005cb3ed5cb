"""The leaves of the tree over all closes: a line of text each, with its line end."""

from collections.abc import Iterable, Iterator


def close_leaf(period: str, digest: str, log_digest: str, log_seq: int) -> bytes:
    """Return the leaf of a close, which comes before those of its statements."""
    return f"close {period} {digest} {log_digest} {log_seq}\n".encode()


def statement_leaf(statement_id: str, digest: str) -> bytes:
    """Return the leaf of a statement."""
    return f"statement {statement_id} {digest}\n".encode()


def leaves(
    period: str,
    digest: str,
    log_digest: str,
    log_seq: int,
    statements: Iterable[tuple[str, str]],
) -> Iterator[bytes]:
    """Yield the leaves of a close; `statements` are pairs of contributor and statement digest.

    They are in the seal's order, by `contributor_id` (SPEC §6, Seal).
    """
    yield close_leaf(period, digest, log_digest, log_seq)
    for contributor_id, statement_digest in statements:
        yield statement_leaf(f"{period}/{contributor_id}", statement_digest)
