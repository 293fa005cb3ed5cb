"""The Merkle tree of RFC 6962, section 2.1, as its recursion says it: slow, and easy to read."""

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the hash of a list of leaves."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    left = split(len(leaves))
    return hashlib.sha256(b"\1" + root(leaves[:left]) + root(leaves[left:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the audit path of a leaf."""
    if len(leaves) == 1:
        return []
    left = split(len(leaves))
    if index < left:
        return [*path(index, leaves[:left]), root(leaves[left:])]
    return [*path(index - left, leaves[left:]), root(leaves[:left])]


def proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """Return the consistency proof from a list's first leaves to all of them."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    left = split(len(leaves))
    if old <= left:
        return [*proof(old, leaves[:left], whole=whole), root(leaves[left:])]
    return [*proof(old - left, leaves[left:], whole=False), root(leaves[:left])]


def split(size: int) -> int:
    """Return the largest power of 2 below a size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power
