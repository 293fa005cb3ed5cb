"""Turns lines of JSON into Parquet by DuckDB, without any check: a limit of what an ingest can do.

`python -m bench.peers.ingest_duckdb EVENTS FOLDER`
"""

import json
import sys
from pathlib import Path

import duckdb

COLUMNS = dict.fromkeys(("specversion", "source", "id", "type", "time"), "VARCHAR")


def main(path: Path, folder: Path) -> None:
    """Write the envelope and the data of each line to a file, and print how many there are."""
    written = str(folder / "events.parquet")
    with duckdb.connect() as connection:
        ((count,),) = connection.execute(
            "COPY (FROM read_json($path, format = 'newline_delimited', columns = $columns))"
            " TO $written (FORMAT parquet)",
            {"path": str(path), "columns": COLUMNS | {"data": "JSON"}, "written": written},
        ).fetchall()
    print(json.dumps({"events": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
