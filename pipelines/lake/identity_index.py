"""Finds out which identities of a batch the log may have, without reading all of the log (SPEC §4).

The last events of the log are read; for those before there are the runs of `identity_runs`, which
say where in the log an identity with an event's hash is. Whether it is the event's own, the log
says.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice, takewhile
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.lake import identity_runs
from pipelines.lake.identity_runs import MERGED, Numbers, Run
from pipelines.lake.scratch import is_locked_by_us
from pipelines.lake.warehouse import Warehouse

STEP: Final = 250_000
"""So many events become a run; fewer are read."""

_RUNS_AT_ONCE: Final = 2
"""So many are written before a commit, of a log that has none, say."""

_FAR: Final = STEP
_MOST_PARTS: Final = 64


def keep_up(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, most: int | None = _RUNS_AT_ONCE
) -> None:
    """Write so many runs of what was appended since the last one, or all where that is None.

    Where it fails, only time is lost.
    """
    folder = _folder(warehouse)
    if folder is None:
        return
    try:
        with _alone(warehouse.data) as is_alone:
            for _ in islice(count(), most if is_alone else 0):
                some = _of_this_log(connection, folder)
                identity_runs.remove_others(folder, some)
                if not _add_run(connection, folder, some[-1].last if some else 0):
                    return
                identity_runs.merge(folder)
    except duckdb.InterruptException:
        raise
    except (OSError, duckdb.Error):
        """A full disk, a folder of somebody else, a file that is gone: who needs it says so."""


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Lock a folder for as long as the context lasts; False: another process has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield is_locked_by_us(descriptor)
    finally:
        os.close(descriptor)


def view_known(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Make `stored.event` the identities of the log that can be those of `received_event`."""
    columns = "source, id, content_sha256"
    last = _stage_known(connection, warehouse)
    after = f"WHERE seq > {last} UNION ALL SELECT {columns} FROM known_event" if last else ""
    connection.execute(
        f"CREATE OR REPLACE VIEW stored.event AS SELECT {columns} FROM warehouse.event {after}"
    )


def _stage_known(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> int:
    """Stage `known_event`: what of the log has a hash of the batch, up to the position returned.

    Nothing is staged where that is 0: all of the log is to be read.
    """
    folder = _folder(warehouse)
    some = _of_this_log(connection, folder) if folder else []
    if not folder or not some:
        return 0
    try:
        found = identity_runs.find(folder, some, _asked(connection)).astype(np.int64)
        if _read_known(connection, found) != len(found):
            # the runs are of a log that has other events in these places
            identity_runs.remove_others(folder, [])
            return 0
    except OSError:  # another process has merged them since, or one is damaged
        return 0
    return some[-1].last


def _asked(connection: duckdb.DuckDBPyConnection) -> Numbers:
    """Stage `asked_hash`, what the identities of the batch have for hashes, and return them."""
    connection.execute(
        "CREATE OR REPLACE TABLE asked_hash AS"
        " SELECT DISTINCT identity_hash(source, id) AS hash FROM received_event"
    )
    hashes: Numbers = connection.execute("FROM asked_hash").to_arrow_table()["hash"].to_numpy()
    return hashes


def _read_known(connection: duckdb.DuckDBPyConnection, found: NDArray[np.int64]) -> int:
    """Stage the events at some positions, and return how many have a hash that is asked for."""
    connection.register("known_seq", pa.table({"seq": found}))
    parts = [f"seq BETWEEN {part[0]} AND {part[-1]}" for part in _near(found)] or ["false"]
    reads = (
        "SELECT source, id, content_sha256 FROM warehouse.event"
        f" WHERE {part} AND seq IN (SELECT seq FROM known_seq)"
        for part in parts
    )
    connection.execute(f"CREATE OR REPLACE TABLE known_event AS {' UNION ALL '.join(reads)}")
    connection.unregister("known_seq")
    ((right,),) = connection.execute(
        "SELECT count(*) FROM known_event SEMI JOIN asked_hash ON identity_hash(source, id) = hash"
    ).fetchall()
    return int(right)


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
    found = connection.execute(query, {"heads": [run.head for run in some]}).fetchall()
    batches = {(head, batch_id) for head, batch_id in found}
    return list(takewhile(lambda run: (run.head, run.batch_id) in batches, some))


def _add_run(connection: duckdb.DuckDBPyConnection, folder: Path, after: int) -> bool:
    """Write the run of what is after a position, and return whether there was enough for one."""
    run = next(filter(None, (_run(connection, after, level) for level in (1, 0))), None)
    if run is None:
        return False
    rows = connection.execute(
        "SELECT identity_hash(source, id) AS hash, CAST(seq AS UBIGINT) AS seq"
        f" FROM warehouse.event WHERE seq BETWEEN {run.first} AND {run.last}"
    ).to_arrow_table()
    if len(rows) != run.count:
        return False
    identity_runs.write(folder, run, rows["hash"].to_numpy(), rows["seq"].to_numpy())
    return True


def _run(connection: duckdb.DuckDBPyConnection, after: int, level: int) -> Run | None:
    """Return the run after a position, of the size that a level has; None: the log ends in it."""
    last = after + STEP * MERGED**level
    found = connection.execute(
        "SELECT head, batch_id FROM warehouse.ingest_batch WHERE head >= $last"
        " ORDER BY head, batch_id LIMIT 1",
        {"last": last},
    ).fetchone()
    if found is None:
        return None
    head, batch_id = found
    return Run(after + 1, last, head, batch_id, level)


def _folder(warehouse: Warehouse) -> Path | None:
    """Return where the runs are; None where a warehouse's files are in an object store."""
    return None if warehouse.place else warehouse.identities
