"""Reads Parquet files: the one place that names one to DuckDB, and says what is wrong with one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipelines.lake.literals import quoted
from pipelines.lake.paths import for_engine


def select(path: Path, *columns: str) -> str:
    """Return the SELECT that reads columns, which are SQL, of the one file at `path`.

    Parts of a path like `key=value` would stand in for columns of the file, so a folder's name
    would decide about money.
    """
    literal = quoted(str(for_engine(path)))
    return f"SELECT {', '.join(columns)} FROM read_parquet({literal}, hive_partitioning = false)"


_WHAT_A_FILE_RAISES: Final = (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError)


@contextmanager
def faults_of_the_file(refusal: Callable[[str], Exception]) -> Iterator[None]:
    """Raise a refusal for whatever pyarrow says of a file; what the disk says stays an OSError."""
    try:
        yield
    except _WHAT_A_FILE_RAISES as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        first = str(error).split("\n", 1)[0]
        message = f"it can't be read as Parquet: {first:.200}"
        raise refusal(message) from error
