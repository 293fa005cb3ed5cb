"""Explains a statement or one of its lines: computed again from the log, and compared."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import duckdb

from pipelines.close.closing import Closing
from pipelines.close.compute import compute, compute_entitlements
from pipelines.errors import UsageError
from pipelines.explain.changes import as_node, steps
from pipelines.explain.computing import compute_line, stage_rates
from pipelines.explain.line import explain_conversion, explain_line
from pipelines.explain.nodes import Log, money
from pipelines.explain.standing import FIRST_EVENTS, Report, closing_of
from pipelines.explain.statement import explain_statement
from pipelines.lake import explained, reading
from pipelines.lake.warehouse import Warehouse
from schemas.explanation import Explained, Explanation

_KEY: Final = ("basis", "reference", "origin_period", "currency")

_compute_line_by_log: Final = partial(compute_line, by_kept_weights=False)


def explain(  # noqa: PLR0913  one of them only listens
    warehouse: Warehouse,
    statement_id: str,
    *,
    line: int | None,
    everything: bool,
    full: bool = False,
    report: Report,
) -> Explained:
    """Explain a statement, or its line of a number from 1, by the log as its close read it.

    With `everything` all events are named, and each change of what was owed is taken alone. With
    `full` a line's whole close is computed again, as a statement's is.

    Raises NotFoundError where no such statement was issued, UsageError where it has no such line.
    """
    with explaining(
        warehouse, statement_id, everything=everything, full=full, report=report
    ) as close:
        return close.explain(statement_id, line)


@contextmanager
def explaining(
    warehouse: Warehouse, statement_id: str, *, everything: bool, full: bool = False, report: Report
) -> Iterator["ExplainedClose"]:
    """Return what explains the statements of a close: that which issued a statement.

    Raises NotFoundError where no such statement was issued.
    """
    with reading.connect(warehouse) as connection:
        reading.sealed_statement(connection, statement_id)
        closing = closing_of(connection, statement_id.partition("/")[0])
        log = Log(connection, None if everything else FIRST_EVENTS)
        yield ExplainedClose(connection, closing, log, full, report)


@dataclass
class ExplainedClose:
    """A close whose statements are explained."""

    connection: duckdb.DuckDBPyConnection
    closing: Closing
    log: Log
    full: bool
    """Whether the whole close is computed again for a line too."""
    report: Report
    _is_staged: bool = field(default=False, init=False)
    """Whether the close is staged as it was computed."""

    def explain(self, statement_id: str, line: int | None = None) -> Explained:
        """Explain a statement of the close, or its line of a number from 1.

        Raises NotFoundError where no such statement was issued, UsageError where it has no such
        line.
        """
        sealed = reading.sealed_statement(self.connection, statement_id)
        stated = json.loads(sealed)
        root, is_equal = self._statement(stated) if line is None else self._line(stated, line)
        if self._is_staged:
            is_equal = is_equal and explained.sealed_again(self.connection, statement_id) == sealed
        return Explained(
            statement_id=statement_id,
            line=line,
            digest=hashlib.sha256(sealed).hexdigest(),
            log_seq=self.closing.log_seq,
            is_equal=is_equal,
            explanation=root,
        )

    def _statement(self, stated: dict[str, Any]) -> tuple[Explanation, bool]:
        self._stage()
        return explain_statement(self.connection, stated, self.log)

    def _line(self, stated: dict[str, Any], number: int) -> tuple[Explanation, bool]:
        line = _line_of(stated, number)
        contributor_id, currency = stated["contributor_id"], stated["currency"]
        key = explained.Key(contributor_id, *(line[name] for name in _KEY))
        since, carried = explained.stated_before(self.connection, key, stated["period"])
        explained.ask(self.connection, key, since)
        parts, holds = [], money(carried) == line["original"]
        if line["kind"] == "adjustment":
            changed = self._changed(line, since)
            parts, holds = [changed], holds and changed.amount == line["delta"]
        if self.full or "credited" in (line["fx"] or {}):
            self._stage()
        else:
            self._stage_line()
        owed, adds_up = explain_line(self.connection, line, self.log)
        converted, comes_out = explain_conversion(self.connection, line, currency, self.log)
        values = {name: line[name] for name in ("kind", *_KEY, "original", "corrected", "delta")}
        root = Explanation(
            code="line",
            amount=line["amount"],
            currency=currency,
            values={"contributor_id": contributor_id, **values},
            parts=[*parts, owed, converted],
        )
        return root, holds and adds_up and comes_out

    def _stage(self) -> None:
        if not self._is_staged:
            self.report(f"computing the close of {self.closing.period.name} again")
            compute(self.connection, self.closing)
            self._is_staged = True

    def _stage_line(self) -> None:
        self._is_staged = False
        compute_line(self.connection, self.closing, by_kept_weights=True)
        stage_rates(self.connection)

    def _changed(self, line: dict[str, Any], since: int) -> Explanation:
        self._is_staged = False
        each = self.log.most is None
        compute = compute_entitlements if self.full else _compute_line_by_log
        found = steps(self.connection, self.closing, since, compute, each=each, report=self.report)
        return as_node(found, line["currency"], self.log)


def _line_of(stated: dict[str, Any], number: int) -> dict[str, Any]:
    lines = stated["lines"]
    if not 1 <= number <= len(lines):
        has = f"lines 1 to {len(lines)}" if lines else "no lines"
        message = f"{stated['statement_id']} has no line {number}; it has {has}"
        raise UsageError(message)
    found: dict[str, Any] = lines[number - 1]
    return found
