"""Closes periods: computes apart from the warehouse, is gated, commits once (SPEC §6)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.commit import issue, refuse_if_closed
from pipelines.close.compute import AS_THEY_ARE, Instead, compute
from pipelines.close.conditions import NONE, Conditions
from pipelines.close.draft import write_draft
from pipelines.close.expectation import Expectation, expectation
from pipelines.close.reporting import (
    differences_in_words,
    gaps_in_words,
    no_longer_asked,
    refuse_unless_complete,
    who_is_complete,
)
from pipelines.close.seal import refuse_unless_signed_on, seal
from pipelines.close.spreading import Cluster
from pipelines.errors import (
    ConflictError,
    GateError,
    NotFoundError,
    TryAgainError,
)
from pipelines.gate import CheckResult, check, prepare
from pipelines.lake import closes, reading, results
from pipelines.lake.catalogs import located
from pipelines.lake.clock import check_clock
from pipelines.lake.closes import PeriodClose, Progress
from pipelines.lake.connection import connect
from pipelines.lake.coverage import (
    ClosedDifference,
    ClosedGap,
    Coverage,
    closed_differences,
    closed_gaps,
    coverages,
    sources_asked,
)
from pipelines.lake.own_checks import OwnCheck, read_checks
from pipelines.lake.refused import Refused, refused
from pipelines.lake.results import Totals
from pipelines.lake.setting import setting
from pipelines.lake.staging import view_exported
from pipelines.lake.warehouse import Warehouse
from pipelines.royalties.periods import Period
from pipelines.transparency.note import Signer


@dataclass(frozen=True)
class Closed(PeriodClose):
    """A period's close with what it came to."""

    statements: int
    held: int
    totals: dict[str, tuple[int, int]]
    """Micros payable and withheld, by currency."""
    was_closed: bool = False
    """Whether it was closed before; nothing changed then."""
    refused: Refused = field(default_factory=Refused)
    """Open dead letters of a time before the period's end, as they stand now."""
    files: tuple[Path, ...] = ()
    """The files of the draft that was written."""
    warnings: tuple[CheckResult, ...] = ()
    """What the gate found and didn't stop the close for."""
    report_differences: tuple[ClosedDifference, ...] = ()
    report_gaps: tuple[ClosedGap, ...] = ()
    """What reports of periods that were closed before say otherwise than the log."""


@dataclass(frozen=True)
class _Run:
    """What all closes of one command have in common."""

    warehouse: Warehouse
    as_of: datetime
    dry_run: bool
    full: bool
    out: Path | None
    conditions: Conditions
    expected: Expectation | None
    checks: tuple[OwnCheck, ...]
    signer: Signer | None
    instead: Instead
    """Which of its steps run otherwise: on a cluster, if any."""
    note: Callable[[str], None]


def close(  # noqa: PLR0913  two of them only listen
    warehouse: Warehouse,
    *,
    period: str | None,
    as_of: datetime,
    by_clock: bool = False,
    dry_run: bool,
    full: bool = False,
    out: Path | None = None,
    conditions: Conditions = NONE,
    signer: Signer | None = None,
    cluster: Cluster | None = None,
    report: Callable[[str], None],
    note: Callable[[str], None],
) -> Iterator[Closed]:
    """Close one period, or every period that is due where `period` is None, in order.

    A period that was closed before is returned as it was closed; nothing changes.
    A dry run computes and checks the first of them, and leaves the warehouse as it is; into the
    folder `out` it writes a draft.
    It computes only what changed since the close before; with `full` everything, with the same
    result.
    `by_clock` says that `as_of` is what the clock says, and so can be wrong.
    `signer` signs the tree over all closes with each of them, as the closes before were signed.
    The workers of `cluster` split the pools.
    `note` is told which source policy holds, which sources are complete, and what should be looked
    at and stops nothing.

    What the conditions name is read before this returns, and all else is done by the iterator.

    Raises UsageError for a period that isn't one of the cadence, a draft in the warehouse's folder,
    where closes were signed under a name that `signer` hasn't, or Dask is missing, NotFoundError
    before there is any money to close for, TryAgainError where the period isn't over, a source
    hasn't reported all of it, the log speaks against the clock or the cluster isn't there,
    ConflictError where it is out of order, another closer won or it isn't what was expected,
    GateError where a report and the log differ or a check found something, GateNotRunError where
    none did and some could not run, DeadLettersError where dead letters stop it.
    """
    if out:
        located(warehouse).refuse_within(out)
    checks = read_checks(conditions.checks) if conditions.checks else ()
    expected = expectation(conditions.expected_digest, conditions.draft, period or "")
    if cluster:
        cluster.refuse_unless_usable()
    instead = cluster.steps(warehouse.memory_bytes) if cluster else AS_THEY_ARE
    run = _Run(
        warehouse, as_of, dry_run, full, out, conditions, expected, checks, signer, instead, note
    )
    return _close(run, period, report, by_clock=by_clock)


def _close(
    run: _Run, period: str | None, report: Callable[[str], None], *, by_clock: bool
) -> Iterator[Closed]:
    closed = _closed_before(run.warehouse, period) if period else None
    if closed is not None:
        _refuse_if_reviewed_otherwise(run, closed)
        yield closed
        return
    run = replace(run, warehouse=located(run.warehouse))
    with reading.connect(run.warehouse) if run.dry_run else connect(run.warehouse) as connection:
        if not run.dry_run:
            refuse_unless_signed_on(connection, run.signer)
        progress = closes.progress(connection)
        if by_clock:
            check_clock(connection, progress, run.as_of)
        if run.conditions.reporting.policy:
            run.note(f"source policy: {run.conditions.reporting.policy}")
        for chosen, standing in _chosen(connection, progress, period, run.as_of):
            reporting = run.conditions.reporting
            known_seq = 0 if run.full else closes.known_seq(connection, standing.latest)
            closing = Closing(chosen, standing.head, standing.latest, reporting, known_seq)
            report(f"closing {chosen.name}")
            yield _close_one(connection, run, closing)
            if run.dry_run:
                return


def _closed_before(warehouse: Warehouse, period: str) -> Closed | None:
    """Return the close of a period that was closed before, read without a right to write."""
    with reading.connect(warehouse) as connection:
        named = closes.named_period(period, setting(connection).cadence)
        stored = closes.find_close(connection, named.name)
        if stored is None:
            return None
        closed = _closed(stored, results.stored_totals(connection, named.name), was_closed=True)
        return replace(closed, refused=refused(connection, named.ends_at))


def _refuse_if_reviewed_otherwise(run: _Run, closed: Closed) -> None:
    """Raise ConflictError where a period was closed as another than expected, or is to be drafted.

    Nothing is computed of a closed period, so there is no draft of it.
    """
    if run.expected:
        with reading.connect(run.warehouse) as connection:
            run.expected.refuse_unless_met(connection, closed, closed.totals, is_closed=True)
    if run.dry_run and run.out:
        message = (
            f"{closed.period} is closed, so there is no draft of it; `manyhands statements export"
            f" --period {closed.period}` writes its statements"
        )
        raise ConflictError(message)


def _chosen(
    connection: duckdb.DuckDBPyConnection, progress: Progress, period: str | None, as_of: datetime
) -> Iterator[tuple[Period, Progress]]:
    """Yield the periods to close, each with the reading of the warehouse that it was chosen by."""
    if period is not None:
        named = closes.named_period(period, progress.setting.cadence)
        _refuse_unless_next(connection, progress, named, as_of)
        yield named, progress
        return
    while due := closes.due_periods(connection, progress, as_of):
        yield due[0], progress
        progress = closes.progress(connection)


def _close_one(connection: duckdb.DuckDBPyConnection, run: _Run, closing: Closing) -> Closed:
    prepare()  # the gate, while what it is to check is computed
    left_out = refused(connection, closing.period.ends_at)
    run.conditions.refuse_dead_letters(left_out, closing.period.name)
    compute(connection, closing, run.instead)
    covered = coverages(connection)
    differing, gaps = tuple(closed_differences(connection)), tuple(closed_gaps(connection))
    for warning in (*_warnings(connection, closing, differing), *gaps_in_words(gaps)):
        run.note(warning)
    refuse_unless_complete(closing.period.name, covered)
    run.note(who_is_complete(closing.period.name, covered))
    with closing.times.of("gate"):
        warnings = _pass_gate(connection, run, closing, covered)
    with closing.times.of("seal"):
        sealed = seal(connection, closing)
        if run.signer and not run.dry_run:
            sealed = sealed.signed(run.signer)
    new = PeriodClose(closing.period.name, closing.log_seq, **asdict(sealed))
    came_to = results.staged_totals(connection)
    if run.expected or run.out:
        view_exported(connection, staged=True)
    if run.expected:
        run.expected.refuse_unless_met(connection, new, came_to.amounts)
    files = write_draft(connection, new, run.out) if run.dry_run and run.out else ()
    if not run.dry_run:
        issue(connection, run.warehouse, closing, sealed, run.as_of)
    closed = _closed(new, came_to, was_closed=False)
    return replace(
        closed,
        refused=left_out,
        files=files,
        warnings=warnings,
        report_differences=differing,
        report_gaps=gaps,
    )


def _warnings(
    connection: duckdb.DuckDBPyConnection,
    closing: Closing,
    differing: Iterable[ClosedDifference],
) -> Iterator[str]:
    """Yield what finance should know before a period closes, and what doesn't stop it."""
    if closing.previous is not None:
        last = closing.previous.period
        yield from no_longer_asked(last, sources_asked(connection, last), closing.reporting)
    yield from differences_in_words(differing)


def _refuse_unless_next(
    connection: duckdb.DuckDBPyConnection, progress: Progress, period: Period, as_of: datetime
) -> None:
    expected = closes.next_period(connection, progress)
    if expected is None:
        message = "no period can be closed yet: the log has no paid event; ingest events first"
        raise NotFoundError(message)
    if period != expected:
        refuse_if_closed(connection, Closing(period, progress.head, progress.latest))
        message = f"{period.name} is out of order: the next period to close is {expected.name}"
        raise ConflictError(message)
    closable_at = closes.closable_at(period, progress.setting.grace_days)
    if as_of < closable_at:
        message = f"{period.name} can't close before {closable_at.isoformat()}Z; try again then"
        raise TryAgainError(message)


def _pass_gate(
    connection: duckdb.DuckDBPyConnection,
    run: _Run,
    closing: Closing,
    covered: Sequence[Coverage],
) -> tuple[CheckResult, ...]:
    """Return what the gate warns of, where it lets the close go on."""
    kept_in = None if run.dry_run else run.warehouse
    sources = [coverage.as_json() for coverage in covered]
    try:
        return check(connection, kept_in, closing.period.name, run.checks, sources).warned
    except GateError:
        # what another closer committed meanwhile can fail a check: then say that instead
        refuse_if_closed(connection, closing)
        raise


def _closed(period_close: PeriodClose, came_to: Totals, *, was_closed: bool) -> Closed:
    return Closed(
        **asdict(period_close),
        statements=came_to.statements,
        held=came_to.held,
        totals=came_to.amounts,
        was_closed=was_closed,
    )
