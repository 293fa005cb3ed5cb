"""Workers of a cluster that don't do as they are asked to."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.close.spreading import split_here
from pipelines.lake.splitting import Pools


@dataclass(frozen=True)
class Mortal:
    """Splits pools, but dies over the first while a file is there, which it removes."""

    alive: Path

    def __call__(self, pools: Pools, memory_bytes: int, versions: tuple[str, str]) -> bytes:
        """Die, or split."""
        if self.alive.exists():
            self.alive.unlink()
            os._exit(1)
        return split_here(pools, memory_bytes, versions)


def always_die(*_: object) -> bytes:
    """Die whatever is asked for."""
    os._exit(1)


def move_a_micro(pools: Pools, memory_bytes: int, versions: tuple[str, str]) -> bytes:
    """Give the first claim a micro more than is its share."""
    shares = pq.read_table(io.BytesIO(split_here(pools, memory_bytes, versions)))
    amounts = shares.column("amount_micros").to_pylist()
    return _with(shares, [amounts[0] + 1, *amounts[1:]])


def leave_out_a_claim(pools: Pools, memory_bytes: int, versions: tuple[str, str]) -> bytes:
    """Give the share of the last claim of a part to its first one."""
    shares = pq.read_table(io.BytesIO(split_here(pools, memory_bytes, versions)))
    amounts = shares.column("amount_micros").to_pylist()
    moved = [amounts[0] + amounts[-1], *amounts[1:-1]]
    return _with(shares.slice(0, len(moved)), moved)


def _with(shares: pa.Table, amounts: list[object]) -> bytes:
    field = shares.schema.get_field_index("amount_micros")
    column = pc.cast(pa.array(amounts), shares.schema.field(field).type)
    out = io.BytesIO()
    pq.write_table(shares.set_column(field, "amount_micros", column), out)
    return out.getvalue()
