"""Reads a log to be replayed, and carries over what can't be made again from it.

The log is that of a warehouse, or of an archive that one was exported to.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import duckdb
import pyarrow as pa

from pipelines.lake import manifest, reading, scratch, working_copy
from pipelines.lake.connection import stored_relations
from pipelines.lake.disk import make_folder, replacing
from pipelines.lake.rights import follow
from pipelines.lake.setting import FORMAT
from pipelines.lake.transaction import commit
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Cadence, Period
from schemas.envelope import OWN_SOURCE

CARRIED: Final = (
    "ingest_batch",
    "dead_letter",
    "publication",
    "close_step",
    "close_coverage",
    "cosignature",
)
"""Relations that say what happened, which no log does."""

STATED: Final = ("period_close", "row_sum")
"""Relations that are made again, and compared row by row."""

UNEXPECTED: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a log, or what goes with it, can end in that nobody of ours wrote."""

_OWN: Final = ("head", "setting")
_AT_ONCE: Final = 10_000


@dataclass(frozen=True)
class Logged:
    """An event as the log has it."""

    seq: int
    source: str
    id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    batch_id: str | None
    """None: it is one of our own."""
    content: str
    content_sha256: str
    attributes: str | None
    body: bytes

    def received_attributes(self) -> dict[str, str] | None:
        """Return the attributes of binary mode; none of them where they aren't what is received."""
        if self.attributes is None:
            return None
        try:
            found = json.loads(self.attributes)
        except (ValueError, RecursionError):
            return {}
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            return {}
        return found

    def told(self, cadence: Cadence) -> tuple[Period, int] | None:
        """Return the period of a close and how far it read the log; None where it tells of none."""
        try:
            period = Period.parse(self.id, cadence)
            log_seq = int(json.loads(self.content)["data"]["log_seq"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        is_ours = self.source == OWN_SOURCE and self.recorded_at and 0 <= log_seq < self.seq
        return (period, log_seq) if is_ours else None


class Source(Protocol):
    """What a log is replayed from."""

    @property
    def what(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Reads its setting, head, closes, `row_sum` and CARRIED, in `warehouse`."""
        ...

    def events(self) -> Iterator[Logged]:
        """Yield the log's events in their order."""
        ...

    def place(self, seq: int) -> str:
        """Return what an event is in, for messages."""
        ...

    def rows(self, name: str) -> int:
        """Return how many rows a relation that is made again has."""
        ...

    def manifest(self, sha256: str, made: Path) -> Path | None:
        """Return the copy of a manifest's file as it was received; None where there is none.

        What has to be fetched for it is put into the folder `made`.
        """
        ...

    def verdict(self, period: str, made: Path) -> Path | None:
        """Return what the gate said of a period's close; None where that isn't kept."""
        ...


@dataclass(frozen=True)
class Stored:
    """The log of a warehouse, as it is now."""

    warehouse: Warehouse
    connection: duckdb.DuckDBPyConnection
    what: str = "the warehouse"

    def events(self) -> Iterator[Logged]:
        """Yield the log's events in their order."""
        return logged(self.connection.cursor())

    def place(self, seq: int) -> str:  # noqa: ARG002  wherever in it
        """Return what an event is in, for messages."""
        return "the log"

    def rows(self, name: str) -> int:
        """Return how many rows a relation has."""
        return count_rows(self.connection, name)

    def manifest(self, sha256: str, made: Path) -> Path | None:
        """Return the copy of a manifest's file as it was received; None where there is none."""
        return self._kept(self.warehouse.manifests / sha256, made)

    def verdict(self, period: str, made: Path) -> Path | None:
        """Return what the gate said of a period's close; None where that isn't kept."""
        return self._kept(self.warehouse.gate / f"{period}.json", made)

    def _kept(self, path: Path, made: Path) -> Path | None:
        kept = working_copy.here(self.warehouse, path, made)
        return kept if kept.exists() else None


_COLUMNS: Final = ", ".join(Logged.__dataclass_fields__)


def logged(connection: duckdb.DuckDBPyConnection, seq: int | None = None) -> Iterator[Logged]:
    """Yield the events of the log of `warehouse` in their order, or the one at a position."""
    at = {} if seq is None else {"seq": seq}
    which = "WHERE seq = $seq" if at else ""
    query = f"SELECT {_COLUMNS} FROM warehouse.event {which} ORDER BY seq"
    return (Logged(*row) for row in reading.rows(connection, query, at))


def batches(events: Iterable[Logged]) -> Iterator[tuple[str | None, list[Logged]]]:
    """Yield a log's events in their order, those of one batch at once, our own alone."""
    for batch_id, batch in groupby(events, attrgetter("batch_id")):
        if batch_id is None:
            yield from ((None, [event]) for event in batch)
        else:
            yield batch_id, list(batch)


def closed_at(connection: duckdb.DuckDBPyConnection, period: str) -> datetime:
    """Return when a period was closed."""
    ((when,),) = connection.execute(
        "SELECT closed_at FROM warehouse.period_close WHERE period = $period", {"period": period}
    ).fetchall()
    if not isinstance(when, datetime):
        raise TypeError(when)
    return when


def count_rows(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Return how many rows a relation of `warehouse` has."""
    ((count,),) = connection.execute(f"SELECT count(*) FROM warehouse.{name}").fetchall()
    return int(count)


def kept_manifests(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the SHA-256 of each manifest that the log names and doesn't hold, sorted."""
    found = connection.execute(
        "SELECT DISTINCT manifest_sha256 FROM warehouse.model_trained"
        " WHERE manifest_uri IS NOT NULL ORDER BY manifest_sha256"
    ).fetchall()
    return [sha256 for (sha256,) in found]


def keep_manifest(source: Source, target: Warehouse, sha256: str, rows: int) -> bool:
    """Keep the copy of a manifest that the source has, unless it is kept; return whether it is.

    Raises ManifestError where the copy isn't what its event says.
    """
    if manifest.kept(target, sha256) is not None:
        return True
    with scratch.temporary() as made:
        kept = source.manifest(sha256, made)
        if kept is None:
            return False
        with kept.open("rb") as file:
            manifest.keep(target, file, kept.stat().st_size, sha256, rows)
    return True


def carry_over(
    old: duckdb.DuckDBPyConnection, new: duckdb.DuckDBPyConnection, target: Warehouse
) -> None:
    """Put in one commit what the old warehouse has of what happened, and say that it is whole."""

    def write() -> None:
        for name in CARRIED:
            new.execute(f"DELETE FROM warehouse.{name}")
            copy_rows(old, new, name)
        new.execute("UPDATE warehouse.setting SET format = ?", [FORMAT])

    commit(new, target, write)


def copy_rows(
    old: duckdb.DuckDBPyConnection,
    new: duckdb.DuckDBPyConnection,
    name: str,
    where: str = "true",
    parameters: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Add rows of a relation of one `warehouse` to that of another, some of them in memory."""
    found = old.execute(f"FROM warehouse.{name} WHERE {where}", dict(parameters))
    insert(new, name, found.to_arrow_reader(_AT_ONCE))


def insert(
    connection: duckdb.DuckDBPyConnection, name: str, batches: Iterable[pa.RecordBatch]
) -> None:
    """Add rows to a relation of `warehouse`."""
    for batch in batches:
        connection.register("carried", pa.Table.from_batches([batch]))
        connection.execute(f"INSERT INTO warehouse.{name} BY NAME FROM carried")
        connection.unregister("carried")


def made_again() -> list[str]:
    """Return the names of the relations that are made again from a log."""
    apart = {*_OWN, *CARRIED}
    return [relation.name for relation in stored_relations() if relation.name not in apart]


def differing(source: Source, new: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, int, int]]:
    """Yield relations that don't have as many rows as before, or other ones than were written.

    Manifest weights aren't counted: closes of warehouses before format 8 kept none.
    """
    for name in made_again():
        if name == "manifest_weight":
            continue
        before, after = source.rows(name), count_rows(new, name)
        if before != after:
            yield name, before, after
    for name in (*STATED, "head"):
        query = f"FROM warehouse.{name} ORDER BY ALL"
        rows_before = source.connection.execute(query).fetchall()
        rows_after = new.execute(query).fetchall()
        if rows_before != rows_after:
            yield name, len(rows_before), len(rows_after)


def copy_verdict(source: Source, target: Warehouse, period: str) -> None:
    """Copy what the gate said of a period's close, where that is kept."""
    path = target.gate / f"{period}.json"
    make_folder(path.parent)
    with scratch.temporary() as made:
        kept = source.verdict(period, made)
        if kept is None:
            return
        with replacing(path) as written:
            written.write_bytes(kept.read_bytes())
            follow(written, path.parent)
            working_copy.send(target, written, path)
