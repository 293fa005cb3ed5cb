"""Validates events one by one in Beam: `python -m bench.peers.ingest_beam EVENTS FOLDER`.

By our pydantic models, in the way of Beam's own examples: an element an event, each (source, id)
once by a GroupByKey, and Parquet.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from schemas.envelope import Envelope
from schemas.events import EVENT_TYPES

COLUMNS = pa.schema([(name, pa.string()) for name in ("source", "id", "type", "time", "data")])


def validate(line: str) -> tuple[tuple[str, str], dict[str, str]]:
    """Return an event's identity, and its columns."""
    event = Envelope.model_validate_json(line)
    data = EVENT_TYPES[event.type].model_validate(event.data)
    columns = {
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "time": event.time,
        "data": data.model_dump_json(),
    }
    return (event.source, event.id), columns


def first(grouped: tuple[object, Iterable[dict[str, str]]]) -> dict[str, str]:
    """Return one of the events of one identity."""
    return next(iter(grouped[1]))


def main(path: Path, folder: Path) -> None:
    """Write the events of a file as Parquet, and print how many there are."""
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
        lines = pipeline | beam.io.ReadFromText(str(path))
        events = lines | beam.Map(validate) | beam.GroupByKey() | beam.Map(first)
        events | beam.io.WriteToParquet(
            str(folder / "events"), COLUMNS, file_name_suffix=".parquet"
        )
    written = [pq.read_metadata(part).num_rows for part in folder.glob("events*.parquet")]
    print(json.dumps({"events": sum(written)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
