"""Reads Parquet files: the one place that names one to DuckDB."""

from pathlib import Path

from pipelines.lake.literals import quoted
from pipelines.lake.paths import for_engine


def select(path: Path, *columns: str) -> str:
    """Return the SELECT that reads columns, which are SQL, of the one file at `path`.

    Parts of a path like `key=value` would stand in for columns of the file, so a folder's name
    would decide about money.
    """
    literal = quoted(str(for_engine(path)))
    return f"SELECT {', '.join(columns)} FROM read_parquet({literal}, hive_partitioning = false)"
