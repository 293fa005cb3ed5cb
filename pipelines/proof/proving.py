"""Writes the proof that a statement is in the tree that the last checkpoint is of."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import duckdb

from pipelines.errors import NotFoundError, TryAgainError
from pipelines.lake import closes, cosignatures, reading, tree
from pipelines.lake.catalogs import located
from pipelines.lake.closes import PeriodClose
from pipelines.lake.disk import replacing
from pipelines.lake.warehouse import Warehouse
from pipelines.proof.names import file_stem
from pipelines.transparency.tlog_proof import written
from pipelines.transparency.tree import inclusion

ENDING: Final = ".tlog-proof"


def prove(warehouse: Warehouse, statement_id: str, out: Path) -> Sequence[Path]:
    """Write a statement's proof into the folder `out`, and the statement as sealed beside it.

    Returns the paths of both; they are there whole, or not at all.

    Raises NotFoundError where there is no such statement, or no close is signed, TryAgainError
    where none is signed since the statement's, UsageError where `out` lies in the warehouse.
    """
    located(warehouse).refuse_within(out)
    with reading.connect(warehouse) as connection:
        sealed = reading.sealed_statement(connection, statement_id)
        signed, checkpoint = last_checkpoint(connection)
        leaf = tree.leaf_of(connection, statement_id)
        if signed.tree_size < leaf.close_size:
            message = (
                f"{statement_id} is of a close after {signed.period}, the last one that is signed;"
                " it can be proven once a later one is"
            )
            raise TryAgainError(message)
        ranges = inclusion(leaf.index, signed.tree_size)
        proof = written(leaf.index, tree.range_hashes(connection, ranges), checkpoint)
    stem = file_stem(statement_id)
    files = {out / f"{stem}{ENDING}": proof.encode(), out / f"{stem}.json": sealed}
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        places = {path: stack.enter_context(replacing(path)) for path in files}
        for path, place in places.items():
            place.write_bytes(files[path])
    return tuple(files)


def last_checkpoint(connection: duckdb.DuckDBPyConnection) -> tuple[PeriodClose, str]:
    """Return the last close that was signed, and its checkpoint with what witnesses cosigned.

    Raises NotFoundError where none was signed.
    """
    signed = closes.last_signed(connection)
    if signed is None or signed.checkpoint is None:
        message = (
            "no close is signed yet; make a key with `manyhands keygen NAME`, name it as"
            " signing-key, and the next close has a checkpoint"
        )
        raise NotFoundError(message)
    lines = cosignatures.lines(connection, signed.period)
    return signed, signed.checkpoint + "".join(lines)
