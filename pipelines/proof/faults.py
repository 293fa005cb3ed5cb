"""Finds where the stored tree, checkpoints and cosignatures aren't what closes and statements make.

It reads every close and statement once, and every node; `verify` calls it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from pipelines.lake import closes, cosignatures, tree
from pipelines.lake.closes import PeriodClose
from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from pipelines.transparency.leaves import leaves
from pipelines.transparency.note import (
    Note,
    NoteError,
    VerifierKey,
    read_cosignatures,
    read_verifier_key,
)
from pipelines.transparency.tree import Edge

TREE: Final = "tree"
CHECKPOINT: Final = "checkpoint"
COSIGNATURE: Final = "cosignature"
KEPT: Final = "kept_checkpoint"

NOTHING: Final = "none"


@dataclass(frozen=True)
class Fault:
    """Something stored that isn't what it should be."""

    period: str | None
    """The close that it is of; None where it is of none."""
    what: str
    """What kind of thing: TREE, CHECKPOINT, COSIGNATURE or KEPT."""
    relation: str
    key: str
    """Which row and field of the relation."""
    expected: str
    found: str


@dataclass(frozen=True)
class Kept:
    """A checkpoint that was kept outside the warehouse."""

    checkpoint: Checkpoint
    name: str
    """Where it was read from."""


def faults(
    connection: duckdb.DuckDBPyConnection,
    trusted: Sequence[VerifierKey] = (),
    kept: Sequence[Kept] = (),
    report: Callable[[str], None] = lambda _: None,
) -> Iterator[Fault]:
    """Yield what is wrong with the tree, the checkpoints and the cosignatures of a warehouse.

    A checkpoint has to be signed by the key that is stored with it and, where keys are `trusted`,
    by one of them. `kept` are checkpoints that the warehouse has to continue. `report` is told how
    far it is.
    """
    return _Walk(connection, trusted, kept, report).faults()


@dataclass
class _Walk:
    connection: duckdb.DuckDBPyConnection
    trusted: Sequence[VerifierKey]
    kept: Sequence[Kept]
    report: Callable[[str], None]
    origin: str | None = None
    """That of the first checkpoint."""
    signed: str | None = None
    """The first period that was signed."""

    def faults(self) -> Iterator[Fault]:
        edge = Edge()
        nodes = _Nodes(tree.stored_nodes(self.connection.cursor()))
        notes: dict[str, Note] = {}
        waiting = sorted(self.kept, key=lambda one: one.checkpoint.size)
        while waiting and not waiting[0].checkpoint.size:
            yield from _continued(waiting.pop(0), edge)
        for close in closes.all_closes(self.connection):
            self.report(f"checking the tree of {close.period}")
            digests = tree.sealed_digests(self.connection.cursor(), close.period)
            for leaf in leaves(
                close.period, close.digest, close.log_digest, close.log_seq, digests
            ):
                for last_leaf, level, made in edge.append([leaf]):
                    yield from nodes.compare(last_leaf, level, made.hex(), close.period)
                while waiting and waiting[0].checkpoint.size <= edge.size:
                    yield from _continued(waiting.pop(0), edge)
            yield from _grown(close, edge)
            yield from self._checkpoint(close, edge, notes)
        yield from nodes.rest()
        for one in waiting:
            size = f"{one.checkpoint.size} leaves, as in {one.name}"
            yield Fault(None, KEPT, "period_close", "tree_size", size, f"{edge.size} leaves")
        yield from self._other_origins()
        yield from self._cosignatures(notes)

    def _checkpoint(
        self, close: PeriodClose, edge: Edge, notes: dict[str, Note]
    ) -> Iterator[Fault]:
        if close.checkpoint is None:
            if self.signed is not None:
                expected = f"one, since {self.signed} is signed"
                yield _of_close(close, CHECKPOINT, "checkpoint", expected, NOTHING)
            return
        self.signed = self.signed or close.period
        try:
            checkpoint, note = read_checkpoint(close.checkpoint)
        except NoteError as error:
            yield _of_close(close, CHECKPOINT, "checkpoint", "a checkpoint", str(error))
            return
        self.origin = self.origin or checkpoint.origin
        notes[close.period] = note
        right = Checkpoint(self.origin, edge.size, edge.root())
        if checkpoint != right:
            yield _of_close(
                close, CHECKPOINT, "checkpoint", _in_short(right), _in_short(checkpoint)
            )
        yield from self._signature(close, checkpoint, note)

    def _signature(self, close: PeriodClose, checkpoint: Checkpoint, note: Note) -> Iterator[Fault]:
        try:
            key = read_verifier_key(close.verifier_key or "")
            if key.name != checkpoint.origin or not list(note.signed_by([key])):
                message = f"not signed by {key.text}"
                raise NoteError(message)  # noqa: TRY301  one way out for what isn't signed
        except NoteError as error:
            expected = f"a signature of {checkpoint.origin} by the key beside it"
            yield _of_close(close, CHECKPOINT, "verifier_key", expected, str(error))
            return
        if self.trusted and key not in self.trusted:
            expected = " or ".join(one.text for one in self.trusted)
            yield _of_close(close, CHECKPOINT, "verifier_key", expected, key.text)

    def _other_origins(self) -> Iterator[Fault]:
        for one in self.kept:
            if self.origin is not None and one.checkpoint.origin != self.origin:
                found = f"{one.checkpoint.origin}, in {one.name}"
                yield Fault(None, KEPT, "period_close", "checkpoint", self.origin, found)

    def _cosignatures(self, notes: dict[str, Note]) -> Iterator[Fault]:
        for one in cosignatures.stored(self.connection):
            if fault := _cosignature_fault(one, notes.get(one.period)):
                key = f"period={one.period} url={one.url} name={one.name} key_id={one.key_id}"
                expected = "the witness's signature of the period's checkpoint"
                yield Fault(one.period, COSIGNATURE, "cosignature", key, expected, fault)


@dataclass
class _Nodes:
    """The stored nodes in the order in which they became complete, read once."""

    stored: Iterator[tuple[int, int, str]]

    def __post_init__(self) -> None:
        self.next = next(self.stored, None)

    def compare(self, last_leaf: int, level: int, made: str, period: str) -> Iterator[Fault]:
        """Yield what isn't right up to a node."""
        place = (last_leaf, level)
        while self.next is not None and self.next[:2] < place:
            yield self._unknown()
        if self.next is None or self.next[:2] != place:
            yield _of_node(*place, period, made, NOTHING)
            return
        if self.next[2] != made:
            yield _of_node(*place, period, made, self.next[2])
        self.next = next(self.stored, None)

    def rest(self) -> Iterator[Fault]:
        """Yield nodes of leaves that no close has."""
        while self.next is not None:
            yield self._unknown()

    def _unknown(self) -> Fault:
        if self.next is None:
            raise TypeError
        last_leaf, level, found = self.next
        self.next = next(self.stored, None)
        return _of_node(last_leaf, level, None, NOTHING, found)


def _grown(close: PeriodClose, edge: Edge) -> Iterator[Fault]:
    if close.tree_size != edge.size:
        yield _of_close(close, TREE, "tree_size", str(edge.size), str(close.tree_size))
    if close.tree_root != edge.root().hex():
        yield _of_close(close, TREE, "tree_root", edge.root().hex(), str(close.tree_root))


def _continued(one: Kept, edge: Edge) -> Iterator[Fault]:
    """Yield a fault where the tree isn't that of a kept checkpoint, at its size."""
    if one.checkpoint.size == edge.size and one.checkpoint.root != edge.root():
        expected = f"root {one.checkpoint.root.hex()} of {edge.size} leaves, as in {one.name}"
        yield Fault(None, KEPT, "period_close", "tree_root", expected, edge.root().hex())


def _cosignature_fault(one: cosignatures.Cosignature, note: Note | None) -> str | None:
    """Return what is wrong with a cosignature; None where nothing is."""
    if note is None:
        return "the period has no checkpoint"
    try:
        signature, *more = read_cosignatures(one.line)
        key = read_verifier_key(one.verifier_key) if one.verifier_key else None
    except NoteError as error:
        return str(error)
    made_by = (signature.name, signature.key_id.hex())
    if more or made_by != (one.name, one.key_id) or (key and not key.made(signature)):
        return f"{len(more) + 1} of {'+'.join(made_by)}"
    return f"not signed by {key.text}" if key and not key.verifies(note.text, signature) else None


def _of_close(close: PeriodClose, what: str, field: str, expected: str, found: str) -> Fault:
    key = f"period={close.period} {field}"
    return Fault(close.period, what, "period_close", key, expected, found)


def _of_node(last_leaf: int, level: int, period: str | None, expected: str, found: str) -> Fault:
    return Fault(period, TREE, "tree_node", f"last_leaf={last_leaf} level={level}", expected, found)


def _in_short(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin} {checkpoint.size} {checkpoint.root.hex()}"
