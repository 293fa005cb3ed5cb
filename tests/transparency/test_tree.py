"""The Merkle tree of RFC 6962, grown leaf by leaf, against its recursion and known roots."""

import pytest

from pipelines.transparency.tree import (
    Edge,
    Node,
    complete,
    consistency,
    hash_of,
    inclusion,
    leaf_hash,
    root_by_inclusion,
)
from tests.transparency import naive

MOST = 70
LEAVES = [f"leaf {number}".encode() for number in range(MOST)]
KNOWN = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves that implementations of Certificate Transparency are tried on."""
KNOWN_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Their roots, of no leaf, the first, the first two and so on."""


def grown(leaves: list[bytes]) -> tuple[Edge, dict[Node, bytes]]:
    """Append leaves to an empty tree, and return it with all of its nodes."""
    edge = Edge()
    made = edge.append(leaves)
    return edge, {Node(level, ((last + 1) >> level) - 1): hashed for last, level, hashed in made}


@pytest.mark.parametrize("size", range(len(KNOWN_ROOTS)))
def test_roots_are_those_that_others_publish(size: int) -> None:
    """The eight leaves of Certificate Transparency's tests."""
    assert KNOWN_ROOTS[size] == grown(KNOWN[:size])[0].root().hex()


@pytest.mark.parametrize("size", range(MOST + 1))
def test_a_tree_grows_as_the_recursion_says(size: int) -> None:
    """The root, the nodes of its edge, and as many nodes as complete subtrees."""
    leaves = LEAVES[:size]
    edge, nodes = grown(leaves)

    assert (size, naive.root(leaves)) == (edge.size, edge.root())
    assert edge.hashes == [nodes[node] for node in complete(0, size)]
    assert 2 * size - size.bit_count() == len(nodes)
    for node, hashed in nodes.items():
        covered = leaves[node.number << node.level : node.last_leaf + 1]
        assert (1 << node.level, naive.root(covered)) == (len(covered), hashed)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_is_proven_from_kept_nodes(size: int) -> None:
    """The proof is the recursion's, leads to the root, and to no other by another leaf or place."""
    leaves = LEAVES[:size]
    edge, nodes = grown(leaves)
    for index, leaf in enumerate(leaves):
        proof = [hash_of(one, nodes) for one in inclusion(index, size)]
        assert naive.path(index, leaves) == proof
        assert edge.root() == root_by_inclusion(leaf, index, size, proof)
        assert edge.root() != root_by_inclusion(leaf + b"\n", index, size, proof)
        assert edge.root() != root_by_inclusion(leaf, (index + 1) % size, size, proof) or size == 1
        assert edge.root() != root_by_inclusion(leaf, index, size, [*proof, edge.root()])
        if proof:
            assert edge.root() != root_by_inclusion(leaf, index, size, proof[:-1])


@pytest.mark.parametrize("size", range(MOST + 1))
def test_a_tree_is_proven_to_continue_each_earlier_one(size: int) -> None:
    """The proof is the recursion's, for every size before; none is needed from no leaf."""
    leaves = LEAVES[:size]
    _, nodes = grown(leaves)

    assert [] == consistency(0, size)
    for old in range(1, size + 1):
        proof = [hash_of(one, nodes) for one in consistency(old, size)]
        assert naive.proof(old, leaves) == proof


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (5, 5)])
def test_a_leaf_that_no_tree_of_the_size_has_leads_nowhere(index: int, size: int) -> None:
    """A place before the first leaf, or after the last."""
    assert None is root_by_inclusion(b"leaf", index, size, [])


def test_a_tree_of_one_leaf_is_its_hash() -> None:
    """There is nothing to prove it by."""
    assert [] == inclusion(0, 1)
    assert leaf_hash(b"x") == root_by_inclusion(b"x", 0, 1, [])
