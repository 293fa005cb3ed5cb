"""Merges events into DuckDB by dlt: `ingest_dlt.py EVENTS FOLDER`; a table for each type."""

import json
import sys
from pathlib import Path

import dlt
from dlt.sources.filesystem import filesystem, read_jsonl

IDENTITY = ("source", "id")


def main(path: Path, folder: Path) -> None:
    """Load the events of a file, each (source, id) once, and print how many rows there are."""
    pipeline = dlt.pipeline(
        "events",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "merged.duckdb")),
        dataset_name="events",
    )
    events = filesystem(bucket_url=str(path.parent), file_glob=path.name) | read_jsonl()
    events.apply_hints(
        table_name=lambda event: event["type"], primary_key=IDENTITY, write_disposition="merge"
    )
    pipeline.run(events)
    tables = pipeline.default_schema.data_table_names() if path.stat().st_size else []
    with pipeline.sql_client() as client:
        rows = [
            client.execute_sql(f"SELECT count(*) FROM {client.make_qualified_table_name(table)}")
            for table in tables
            if "parent" not in pipeline.default_schema.get_table(table)
        ]
    print(json.dumps({"events": sum(count for ((count,),) in rows)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
