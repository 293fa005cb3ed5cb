"""Adds files of rows to a relation as they are, in a commit: nothing is read or written again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb

from pipelines.lake.disk import name_too
from pipelines.lake.paths import for_engine
from pipelines.lake.transaction import LostRaceError
from pipelines.lake.warehouse import SCHEMA, Warehouse

_ADD: Final = (
    "CALL ducklake_add_data_files"
    f"('warehouse', $relation, $path, schema => '{SCHEMA}', hive_partitioning => false)"
)


@contextmanager
def adding(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> Iterator[Callable[[str, Path], None]]:
    """Yield what adds a file to a relation, within one transaction that the context is around.

    The file gets a second name among the data files. It loses it where the transaction isn't
    committed; where nobody can say whether it was, `maintain` does that once nobody needs it.
    """
    added: list[Path] = []

    def add(relation: str, file: Path) -> None:
        path = warehouse.data / SCHEMA / relation / f"{uuid4()}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        added.append(path)
        name_too(file, path)
        connection.execute(_ADD, {"relation": relation, "path": str(for_engine(path))}).fetchall()

    try:
        yield add
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, LostRaceError):
        for path in added:
            path.unlink(missing_ok=True)
        raise
