"""Verifies a warehouse (SPEC §7.3, §8): read-only, beside whoever writes it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import duckdb

from pipelines.errors import ManyhandsError
from pipelines.lake import cataloged, closes, log, reading, scratch, verifying
from pipelines.lake.catalogs import located
from pipelines.lake.connection import opened
from pipelines.lake.creation import create
from pipelines.lake.rebuilding import UNEXPECTED, Stored
from pipelines.lake.setting import UNFINISHED, refuse_other_format, setting
from pipelines.lake.staging import view_stored
from pipelines.lake.warehouse import SETTING, Warehouse
from pipelines.proof.faults import faults
from pipelines.transparency.note import VerifierKey
from pipelines.verify import comparing, files
from pipelines.verify.finding import Code, Coverage, Finding
from pipelines.verify.replaying import Replay, Report
from pipelines.verify.signatures import as_findings

_FAULTS: Final[tuple[tuple[str, Code, tuple[str, ...]], ...]] = (
    ("sequence_fault", Code.SEQUENCE, ("event",)),
    ("batch_fault", Code.COUNTS, ("event", "ingest_batch")),
    ("letter_fault", Code.CONTENT, ("dead_letter", "ingest_batch")),
    ("chain_fault", Code.CHAIN, ("event", "period_close")),
    ("sealed_fault", Code.SEAL, ("statement",)),
    ("publication_fault", Code.PUBLICATION, ("publication", "statement")),
)
"""Queries of `sql/verify`, what they find, and the relations that they read."""

_FAILURES: Final = (ManyhandsError, duckdb.Error, OSError, *UNEXPECTED)
"""What reading something that nobody of ours wrote can end in."""

_OF_TREE: Final = ("cosignature", "period_close", "statement", "tree_node")

_UNDERIVED: Final = (
    "what the log doesn't give (when things were recorded, batches, dead letters, settings,"
    " publications) is as its files were written; who rewrites files and catalog alike isn't found"
)


@dataclass(frozen=True)
class Asked:
    """What is to be verified."""

    since: str | None = None
    """The first period whose close is computed again; None: all are."""
    digest: str | None = None
    """What the last close's has to be; None: it isn't said."""
    keys: tuple[VerifierKey, ...] = ()
    """Those that checkpoints have to be signed by; none: by the keys that are stored with them."""


@dataclass
class Verification:
    """A warehouse that is being verified."""

    warehouse: Warehouse
    asked: Asked
    report: Report
    coverage: Coverage = field(default_factory=Coverage)
    """Complete once all findings were taken."""
    number: int = 0
    """Of findings so far."""
    failures: list[Exception] = field(default_factory=list)
    """What kept it from looking any further somewhere."""

    def findings(self) -> Iterator[Finding]:
        """Yield what isn't as it should be.

        Raises NotFoundError where there is no warehouse, or the period to begin with isn't closed,
        ManyhandsError where it can't be verified though nothing was found.
        """
        for finding in self._findings():
            self.number += 1
            yield finding
        if self.failures and not self.number:
            raise self.failures[0]

    def _findings(self) -> Iterator[Finding]:
        began_at = time.time()
        warehouse = located(self.warehouse)
        with reading.connect(warehouse, of_any_format=True) as connection:
            kept = files.Files(warehouse, connection, self.coverage, set())
            if not self._has_lost_setting(kept):
                refuse_other_format(connection, warehouse)
                reading.closed_period(connection, self.asked.since)
            self.report("comparing the data files with their digests")
            lost = kept.unreadable
            yield from self._guarded("files", kept.faults())
            yield from self._guarded("what is stored", self._at_rest(connection, lost))
            yield from self._guarded(
                "closes that were made", self._rolled_back(warehouse, connection, lost)
            )
            yield from self._guarded("signatures", self._signed(connection, lost))
            yield from self._guarded("the log", self._replayed(warehouse, connection, lost))
            yield from self._guarded("files that nobody names", kept.unknown_faults(began_at))
        self.coverage.unchecked.append(_UNDERIVED)

    def _has_lost_setting(self, kept: files.Files) -> bool:
        """Return whether nobody can say of which format the warehouse is, which is a finding."""
        try:
            return kept.has_lost(SETTING)
        except duckdb.InterruptException:
            raise
        except _FAILURES:  # of the catalog, which is said where its files are compared
            return False

    def _guarded(self, what: str, findings: Iterator[Finding]) -> Iterator[Finding]:
        """Yield findings; where looking for them fails, say so and let the others be looked for.

        What stands in an edited warehouse can be anything, and must not hide the rest.
        """
        try:
            yield from findings
        except duckdb.InterruptException:
            raise
        except _FAILURES as error:
            self.failures.append(error)
            self.coverage.unchecked.append(f"{what} couldn't be verified to the end: {error}")

    def _at_rest(
        self, connection: duckdb.DuckDBPyConnection, unreadable: set[str]
    ) -> Iterator[Finding]:
        """Yield what doesn't agree among what is stored."""
        self.report("comparing what is stored with itself")
        view_stored(connection)
        for name, code, read in _FAULTS:
            if lost := unreadable.intersection(read):
                self._leave_out(f"{name} wasn't looked for", lost)
                continue
            yield from self._guarded(name, _found(connection, name, code))

    def _rolled_back(
        self,
        warehouse: Warehouse,
        connection: duckdb.DuckDBPyConnection,
        unreadable: set[str],
    ) -> Iterator[Finding]:
        """Yield closes of which something tells, and that aren't there."""
        if lost := unreadable.intersection({"period_close"}):
            self._leave_out("closes that are gone weren't looked for", lost)
            return
        for verdict in verifying.verdicts(warehouse):
            period = str(verdict.get("period"))
            if verdict.get("passed") is True and closes.find_close(connection, period) is None:
                key = f"period={verifying.shown(period)}"
                yield Finding(Code.ROLLED_BACK, "period_close", key, "a close", "its verdict alone")
        if self.asked.digest is not None:
            last = closes.last_close(connection)
            found = last.digest if last else "no close"
            if found != self.asked.digest:
                key = f"period={last.period}" if last else ""
                yield Finding(Code.ROLLED_BACK, "period_close", key, self.asked.digest, found)

    def _signed(
        self, connection: duckdb.DuckDBPyConnection, unreadable: set[str]
    ) -> Iterator[Finding]:
        """Yield what is wrong with the tree over all closes, and who signed it."""
        if lost := unreadable.intersection(_OF_TREE):
            self._leave_out("signatures weren't checked", lost)
            return
        yield from as_findings(faults(connection, self.asked.keys, report=self.report))
        last = closes.last_close(connection)
        if self.asked.keys and last and last.checkpoint is None:
            key = f"period={last.period} checkpoint"
            yield Finding(Code.SIGNATURE, "period_close", key, "one by a key of --key", "none")
        self.coverage.signed = sum(
            close.checkpoint is not None for close in closes.all_closes(connection)
        )
        if not self.coverage.signed:
            self.coverage.unchecked.append(
                "no close is signed, so a warehouse that was rewritten as a whole isn't found"
            )
        elif not self.asked.keys:
            self.coverage.unchecked.append(
                "checkpoints are signed by the keys that are stored with them; name the key that"
                " you trust with --key"
            )

    def _replayed(
        self,
        warehouse: Warehouse,
        connection: duckdb.DuckDBPyConnection,
        unreadable: set[str],
    ) -> Iterator[Finding]:
        """Make the warehouse again from its log, and yield how it differs."""
        if lost := unreadable.intersection({"event", SETTING}):
            self._leave_out("the log wasn't replayed", lost)
            return
        how = setting(connection)
        with scratch.temporary() as folder:
            target = replace(warehouse, folder=folder / "again", server=None, place=None)
            create(target, how, number=UNFINISHED)
            with opened(target) as new:
                replay = Replay(
                    Stored(warehouse, connection),
                    target,
                    new,
                    how,
                    self.asked.since,
                    self.coverage,
                    self.report,
                )
                yield from self._guarded("the log", replay.run())
                self._say_where_it_stopped(replay, connection)
            verifying.attach_again(connection, target)
            for kind, name, expected, found in cataloged.made_otherwise(
                connection, warehouse, target
            ):
                yield Finding(Code.RESULT, kind, name, expected, found)
            for name in verifying.KEYS:
                if name in unreadable:
                    self._leave_out(f"{name} wasn't compared", {name})
                    continue
                self.report(f"comparing {name} with the log")
                yield from comparing.differing(name, replay)
                self.coverage.relations.append(name)
            verifying.detach_again(connection)
        if self.asked.since is not None:
            self.coverage.unchecked.append(
                f"closes before {self.asked.since} weren't computed again (--since)"
            )

    def _say_where_it_stopped(self, replay: Replay, connection: duckdb.DuckDBPyConnection) -> None:
        reached, head = replay.bounds.head, log.head(connection)
        if reached < head:
            text = f"the log was replayed up to event {reached} only, of {head}"
            self.coverage.unchecked.append(text)

    def _leave_out(self, what: str, lost: set[str]) -> None:
        names = ", ".join(sorted(lost))
        self.coverage.unchecked.append(f"{what}: files of {names} are missing or changed")


def _found(connection: duckdb.DuckDBPyConnection, name: str, code: Code) -> Iterator[Finding]:
    """Yield what a query of `sql/verify` finds."""
    for relation, key, expected, found in verifying.faults(connection, name):
        yield Finding(code, relation, key, expected, found)
