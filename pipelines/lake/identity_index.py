"""Finds out which identities of a batch the log may have, without reading all of the log (SPEC §4).

The last events of the log are read; for those before there are the runs of `identity_runs`, which
say where in the log an identity with an event's hash is. Whether it is the event's own, the log
says.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.lake import identity_runs
from pipelines.lake.identity_runs import Numbers, Run
from pipelines.lake.warehouse import Warehouse

STEP: Final = 250_000
"""So many events, or up to a batch more, become a run; fewer are read."""

_STEPS_AT_ONCE: Final = 16
"""So much of a log that has no runs is read for them before a commit."""

_FAR: Final = STEP
_MOST_PARTS: Final = 64


def keep_up(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, steps: int = _STEPS_AT_ONCE
) -> None:
    """Write runs of what was appended since the last one; where that fails, only time is lost."""
    folder = _folder(warehouse)
    if folder is None:
        return
    try:
        for _ in range(steps):
            some = _of_this_log(connection, folder)
            identity_runs.remove_others(folder, some)
            if not _add_run(connection, folder, some[-1].last if some else 0):
                return
            identity_runs.merge(folder)
    except OSError:
        """A full disk, or a folder of somebody else: the log is read instead."""


def view_known(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Make `stored.event` the events of the log that can be those of `received_event`."""
    parts = [f"FROM warehouse.event WHERE {where}" for where in _wheres(connection, warehouse)]
    connection.execute(f"CREATE OR REPLACE VIEW stored.event AS {' UNION ALL '.join(parts)}")


def _wheres(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> Iterator[str]:
    folder = _folder(warehouse)
    some = _of_this_log(connection, folder) if folder else []
    if not folder or not some:
        yield "true"
        return
    try:
        found = identity_runs.find(folder, some, _hashes(connection)).astype(np.int64)
    except OSError:  # another process has merged them since
        yield "true"
        return
    yield f"seq > {some[-1].last}"
    connection.register("known_seq", pa.table({"seq": found}))
    for part in _near(found):
        yield f"seq BETWEEN {part[0]} AND {part[-1]} AND seq IN (SELECT seq FROM known_seq)"


def _near(found: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """Divide positions where they are far from each other, so that little between them is read."""
    ends = np.flatnonzero(np.diff(found) > _FAR) + 1
    parts = np.split(found, ends) if len(ends) < _MOST_PARTS else [found]
    return [part for part in parts if len(part)]


def _of_this_log(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Run]:
    """Return the first runs up to one that is of another log: an older one was restored, say."""
    some = identity_runs.runs(folder)
    if not some:
        return []
    query = "SELECT head, batch_id FROM warehouse.ingest_batch WHERE list_contains($heads, head)"
    found = connection.execute(query, {"heads": [run.last for run in some]}).fetchall()
    batches = {(head, batch_id) for head, batch_id in found}
    return list(takewhile(lambda run: (run.last, run.batch_id) in batches, some))


def _add_run(connection: duckdb.DuckDBPyConnection, folder: Path, after: int) -> bool:
    """Write the run of what is after a position, and return whether there was enough for one."""
    found = connection.execute(
        "SELECT head, batch_id FROM warehouse.ingest_batch WHERE head >= $least"
        " ORDER BY head, batch_id LIMIT 1",
        {"least": after + STEP},
    ).fetchone()
    if found is None:
        return False
    last, batch_id = found
    rows = connection.execute(
        "SELECT identity_hash(source, id) AS hash, CAST(seq AS UBIGINT) AS seq"
        f" FROM warehouse.event WHERE seq BETWEEN {int(after) + 1} AND {int(last)}"
    ).to_arrow_table()
    run = Run(after + 1, last, batch_id, 0, 0)
    if len(rows) != run.count:
        return False
    identity_runs.write(folder, run, rows["hash"].to_numpy(), rows["seq"].to_numpy())
    return True


def _hashes(connection: duckdb.DuckDBPyConnection) -> Numbers:
    query = "SELECT DISTINCT identity_hash(source, id) AS hash FROM received_event"
    hashes: Numbers = connection.execute(query).to_arrow_table()["hash"].to_numpy()
    return hashes


def _folder(warehouse: Warehouse) -> Path | None:
    """Return where the runs are; None where a warehouse's files are in an object store."""
    return None if warehouse.place else warehouse.identities
