"""Makes large warehouses: events written by SQL and appended as batches, closes by `manyhands`.

What `ingest` checks of events isn't checked again here, and all else is as it would leave it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from bench.measure import Measured, manyhands
from pipelines.ingest.tables import PROCESSOR, refusals_table
from pipelines.lake.connection import connect
from pipelines.lake.log import EVENT_COLUMNS, StagedBatch, append
from pipelines.lake.merging import merge_small_files
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from pipelines.sources.limits import DEFAULT_LIMITS

BATCH: Final = 250_000
MODELS_FILE: Final = "models.ndjson"
_SQL: Final = Path(__file__).with_name("sql")
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Bulk:
    """How many there are of what, from a seed.

    There are as many images a contributor, and contributors a model version, one with the other.
    """

    seed: int
    contributors: int
    images: int
    models: int
    first_period: str = "2026-10"
    one_model: bool = False
    """Whether the licences of a contributor's images hold for one model version, not for all."""
    one_of: int = 0
    """So many generations have one with attributions among them; 0: none has."""

    def __post_init__(self) -> None:
        """Refuse numbers that don't go into each other."""
        if self.images % self.contributors or self.contributors % self.models:
            message = (
                f"{self.images} images of {self.contributors} contributors, of whom {self.models}"
                " model versions have as many: choose numbers that go into each other"
            )
            raise ValueError(message)

    @property
    def starts_at(self) -> datetime:
        """The first instant of the first period, naive in UTC."""
        return Period.parse(self.first_period, Cadence.MONTH).starts_at

    @property
    def manifest_rows(self) -> int:
        """Rows of all manifests."""
        return self.models * self.images * max(self.models // 2, 1) // self.models

    def parameters(self) -> dict[str, Any]:
        """Return what the queries in `bench/sql` are given."""
        # with each of a contributor's images two groups on, half as many images reach all groups
        step = 0 if self.one_model else 2
        return {
            "seed": self.seed,
            "contributors": self.contributors,
            "images": self.images,
            "models": self.models,
            "step": step,
            "one_model": self.one_model,
            "one_of": self.one_of,
        }


def found(folder: Path, bulk: Bulk) -> None:
    """Make `warehouse` in a folder: contributors, licences, terms and trained model versions."""
    first = f"--first-period={bulk.first_period}"
    manyhands("init", first, folder=folder)
    warehouse = Warehouse(folder / "warehouse")
    at = {"starts_at": bulk.starts_at}
    given = bulk.parameters() | at
    append_all(warehouse, "registration", given, range(bulk.contributors), bulk.starts_at)
    append_all(warehouse, "licence", given, range(bulk.images), bulk.starts_at)
    (folder / "manifests").mkdir()
    write_models(folder, bulk)
    ingest_file(folder, MODELS_FILE, bulk.starts_at + timedelta(hours=bulk.models + 1))


def append_all(
    warehouse: Warehouse,
    query: str,
    parameters: Mapping[str, Any],
    numbers: range,
    recorded_at: datetime,
) -> None:
    """Append the events that a query of `bench/sql` has of these numbers, in batches."""
    for number in numbers[::BATCH]:
        events = made(query, parameters, number, min(BATCH, numbers.stop - number))
        refused = refusals_table([], recorded_at)
        batch = StagedBatch(f"bulk-{query}-{number}", recorded_at, events, refused)
        with connect(warehouse) as connection:  # one for all would grow with each commit
            append(connection, warehouse, batch)
            merge_small_files(connection, warehouse, DEFAULT_LIMITS.merge_files)


def made(query: str, parameters: Mapping[str, Any], first: int, count: int) -> pa.Table:
    """Return events of a query of `bench/sql` as a table of EVENT_COLUMNS."""
    part = {"first": first, "count": count}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        text = _text(query)
        given = {
            name: value for name, value in {**parameters, **part}.items() if f"${name}" in text
        }
        connection.execute(f"CREATE TABLE made AS {text}", given)
        written = {"first": first, "processor": PROCESSOR}
        events = connection.execute(_text("received_event"), written).to_arrow_table()
    return events.cast(EVENT_COLUMNS)


def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def add_month(
    folder: Path, bulk: Bulk, period: Period, numbers: range, late: Period | None = None
) -> None:
    """Append the generations of a month, with these numbers, to the warehouse in a folder.

    They are recorded at its end, or at that of a later month.
    """
    given = bulk.parameters() | of_month(period)
    append_all(Warehouse(folder), "generation", given, numbers, (late or period).ends_at)


def of_month(period: Period) -> dict[str, Any]:
    """Return what the query of generations is given of their month."""
    length = period.ends_at - period.starts_at
    return {"starts_at": period.starts_at, "microseconds": length // timedelta(microseconds=1)}


def write_models(folder: Path, bulk: Bulk) -> None:
    """Write the manifests, and the events of terms and of model versions, trained hour by hour."""
    with (folder / MODELS_FILE).open("w", encoding="ascii") as file:
        for number, (kind, at, data) in enumerate(_declared(folder, bulk)):
            event = {"specversion": "1.0", "source": "/bench-models", "id": f"m{number}"}
            json.dump(event | {"type": kind, "time": at.strftime(_TIME), "data": data}, file)
            file.write("\n")


def _declared(folder: Path, bulk: Bulk) -> Iterator[tuple[str, datetime, dict[str, object]]]:
    shares = {"training_share": "0.3", "generation_share": "0.2"}
    scope = {"kind": "platform"}
    since = {"effective_from": bulk.starts_at.strftime(_TIME)}
    threshold = {"payment_threshold": {"USD": "25"}}
    terms: dict[str, object] = {"terms_id": "t", "scope": scope, **since, **shares, **threshold}
    yield "terms-agreed", bulk.starts_at, terms
    for model in range(bulk.models):
        path = folder / "manifests" / f"{model}.parquet"
        manifest = write_manifest(path, bulk, model)
        trained_at = bulk.starts_at + timedelta(hours=model)
        version: dict[str, object] = {
            "model_id": f"m{model}",
            "version": "1",
            "developer_id": "lab",
        }
        fee = {"training_fee": {"amount": "0", "currency": "USD"}}
        yield "model-trained", trained_at, {**version, **fee, "manifest": manifest}


def write_manifest(path: Path, bulk: Bulk, model: int) -> dict[str, object]:
    """Write the manifest of a model version, and return what names it in an event."""
    text = _text("manifest")
    given = bulk.parameters() | {"model": model}
    given = {name: value for name, value in given.items() if f"${name}" in text}
    with duckdb.connect() as connection:
        ((rows,),) = connection.execute(
            f"COPY ({text}) TO $path (FORMAT parquet)", given | {"path": str(path)}
        ).fetchall()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"uri": path.name, "sha256": sha256, "rows": rows}


def ingest_file(folder: Path, name: str, now: datetime) -> Measured:
    """Ingest a file of a folder into its warehouse by the command."""
    roots = {"MANYHANDS_MANIFEST_ROOTS": str(folder / "manifests")}
    return manyhands("ingest", name, f"--as-of={now.isoformat()}Z", folder=folder, settings=roots)


def close(folder: Path, period: Period) -> Measured:
    """Close a period of the warehouse in a folder by the command."""
    words = (f"--period={period.name}", f"--as-of={period.ends_at.isoformat()}Z", "--json")
    return manyhands("close", *words, folder=folder)
