"""Reads Parquet files: the one place that names one to DuckDB, which makes much of a path.

It takes a path for a pattern, and `key=value` parts of it for columns, which then stand in for
those of the file: a folder's name would decide about money.
"""

import glob
from pathlib import Path


def select(path: Path, *columns: str) -> str:
    """Return the SELECT that reads columns, which are SQL, of the one file at `path`."""
    literal = glob.escape(str(path)).replace("'", "''")
    return f"SELECT {', '.join(columns)} FROM read_parquet('{literal}', hive_partitioning = false)"
