"""The Merkle tree of RFC 6962, section 2.1: its hashes, how it grows, and what proofs are made of.

Leaves are numbered from 0. A node is a complete subtree of 2 to the power of `level`
leaves; those of a level are numbered from the left. A node never changes once all
of its leaves are there, so it can be kept; what isn't complete is folded out of nodes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

EMPTY_ROOT: Final = hashlib.sha256().digest()
"""The root of a tree without leaves."""

HASH_BYTES: Final = 32

Range: TypeAlias = tuple[int, int]
"""Leaves from the first number up to, and without, the second; what a proof has a hash of."""


Made: TypeAlias = tuple[int, int, bytes]
"""A node that is complete: the number of its last leaf, its level, and its hash."""


class Node(NamedTuple):
    """A complete subtree."""

    level: int
    number: int

    @property
    def last_leaf(self) -> int:
        """The number of the last leaf that it covers."""
        return ((self.number + 1) << self.level) - 1


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of what two subtrees make."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass
class Edge:
    """The right edge of a tree: all that is needed of it to append leaves."""

    size: int = 0
    """How many leaves the tree has."""
    hashes: list[bytes] = field(default_factory=list)
    """Of the nodes that `complete(0, size)` names, in its order."""

    def append(self, leaves: Iterable[bytes]) -> Iterator[Made]:
        """Append leaves, and yield the nodes that each of them completes, the lowest first.

        The edge is whole again once all that a leaf completes was taken.
        """
        for leaf in leaves:
            hashed, level, number = leaf_hash(leaf), 0, self.size
            yield self.size, level, hashed
            while number & 1:
                hashed, level, number = node_hash(self.hashes.pop(), hashed), level + 1, number >> 1
                yield self.size, level, hashed
            self.hashes.append(hashed)
            self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return folded(self.hashes)


def complete(start: int, stop: int) -> list[Node]:
    """Return the largest nodes that a range is made of, from the left.

    The range has to be one that the tree divides into.
    """
    nodes = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of what nodes make together, given from the left."""
    if not hashes:
        return EMPTY_ROOT
    *before, folded_hash = hashes
    for left in reversed(before):
        folded_hash = node_hash(left, folded_hash)
    return folded_hash


def hash_of(leaves: Range, nodes: Mapping[Node, bytes]) -> bytes:
    """Return the hash of a range from those of the nodes that `complete` names."""
    return folded([nodes[node] for node in complete(*leaves)])


def inclusion(index: int, size: int) -> list[Range]:
    """Return what the inclusion proof of a leaf has hashes of, the leaf's sibling first.

    RFC 6962, section 2.1.1.
    """
    start, stop, ranges = 0, size, []
    while stop - start > 1:
        middle = start + _left_part(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency(old: int, size: int) -> list[Range]:
    """Return what the proof has hashes of that a tree of `size` leaves continues its first `old`.

    RFC 6962, section 2.1.2; nothing where `old` is 0.
    """
    if not old:
        return []
    start, stop, ranges = 0, size, []
    while old != stop:
        middle = start + _left_part(stop - start)
        if old <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, stop))
    return ranges[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to; None where it is too short or too long.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    hashed, place, last = leaf_hash(leaf), index, size - 1
    for sibling in proof:
        if not last:
            return None
        if place % 2 or place == last:
            hashed = node_hash(sibling, hashed)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return None if last else hashed


def _left_part(leaves: int) -> int:
    """Return how many of two or more leaves lie to the left: the largest power of 2 below."""
    return 1 << ((leaves - 1).bit_length() - 1)
