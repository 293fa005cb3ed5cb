"""Runs every check of sql/checks on a staged close, and stops the close where one doesn't pass.

Checks of the user's own run beside them; what those of the level `warn` find stops nothing.

A staged close is in the connection's own database under the names that the checks read, in plain
tables: what is TEMP, or in a transaction still open, they don't see.
"""

import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module

import duckdb

from pipelines import ahead
from pipelines.errors import GateError, GateNotRunError
from pipelines.gate.verdict import (
    ROWS_SHOWN,
    CheckResult,
    Found,
    Level,
    Outcome,
    Verdict,
)
from pipelines.lake import sql, working_copy
from pipelines.lake.disk import make_folder, replacing
from pipelines.lake.own_checks import OwnCheck
from pipelines.lake.rights import follow
from pipelines.lake.staged import first_rows
from pipelines.lake.warehouse import Warehouse
from pipelines.values import JsonValue, json_value

_AROUND_A_REASON = re.compile(r"\A\([\w.]+\) |\n+LINE \d+: .*", re.DOTALL)

_EXPECTATIONS = "pipelines.gate.expectations"

_VARIABLES = ("HOME", "PYTHONPATH", "PYTHONWARNINGS", "TMPDIR")
"""What libraries read of the environment, and so can be stopped by."""


OF_STORED_ROWS = frozenset(
    {"batch_count", "close_chain", "fact_count", "log_sequence", "row_sum", "sealed_statement"}
)
"""The checks that find what no event can have made: rows that were changed since a commit."""


def prepare() -> None:
    """Begin to import Great Expectations: that takes seconds, in which SQL can work."""
    if _EXPECTATIONS not in sys.modules:
        ahead.begin(partial(import_module, _EXPECTATIONS))


def check(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse | None,
    period: str,
    own: Sequence[OwnCheck] = (),
    sources: Sequence[Mapping[str, JsonValue]] = (),
) -> Verdict:
    """Run the gate on the staged close of a period, and keep what it said in the warehouse.

    `own` are the user's own checks; `sources` is kept beside what is found: how complete each
    source is that has to report. Nothing is kept where there is no warehouse: a dry run leaves the
    warehouse as it is.

    Raises GateError where a check found rows, with the first of them and their count, and
    GateNotRunError where none did but some could not run, with what stopped them.
    """
    built_in = sql.relations("checks")
    verdict = run(connection, period, (*built_in, *own) if built_in else ())
    kept = [] if warehouse is None else [f"All of it is in {keep(verdict, warehouse, sources)}"]
    if not verdict.passed:
        head = f"the gate stopped the close of {period}, and nothing was issued:"
        message = "\n".join(
            [head, *_found_and_advice(verdict), *_not_run_and_advice(verdict), *kept]
        )
        raise (GateError if verdict.found else GateNotRunError)(message)
    return verdict


def _found_and_advice(verdict: Verdict) -> list[str]:
    """Explain what was found; where stored rows were changed, no event mends it."""
    names = {check.name for check in verdict.found}
    advice = (
        "what the warehouse stores was changed: restore it from a backup, and close again"
        if names & OF_STORED_ROWS
        else "reverse the events that made this, or restore what was changed, and close again"
    )
    return [verdict.explain_found(), advice] if verdict.found else []


def _not_run_and_advice(verdict: Verdict) -> list[str]:
    """Explain what couldn't run, without a word on events: nothing is known of them."""
    if not verdict.checks:
        return ["there are no checks to run; install manyhands again, and close again"]
    advice = (
        f"nothing is known of what they check; mend what stopped them, and close again\n{_here()}"
    )
    return [verdict.explain_not_run(), advice] if verdict.not_run else []


def _here() -> str:
    """Return in one line the environment that the checks were to run in."""
    variables = [
        f"{name}={os.environ[name]}" if name in os.environ else f"{name} not set"
        for name in _VARIABLES
    ]
    return f"This is Python {platform.python_version()} with {', '.join(variables)}"


def run(
    connection: duckdb.DuckDBPyConnection, period: str, checks: Sequence[sql.Relation] | None = None
) -> Verdict:
    """Run every check, or those given; the verdict says what failed, and what couldn't run."""
    if checks is None:
        checks = sql.relations("checks")
    found = _validate(connection, checks)
    return Verdict(period, tuple(_result(connection, check, found) for check in checks))


def keep(
    verdict: Verdict, warehouse: Warehouse, sources: Sequence[Mapping[str, JsonValue]] = ()
) -> str:
    """Write a verdict to `gate/<period>.json`, whole or not at all, with what is known of sources.

    Return where it is.

    One that passed is written too: it takes the place of an earlier one that didn't.
    """
    path = warehouse.gate / f"{verdict.period}.json"
    make_folder(path.parent)
    document = {**verdict.as_json(), "sources": list(sources)}
    text = json.dumps(document, ensure_ascii=False, indent=2)
    with replacing(path) as written:
        written.write_text(f"{text}\n", encoding="utf-8")
        follow(written, path.parent)
        working_copy.send(warehouse, written, path)
    return working_copy.shown(warehouse, path)


def _validate(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[sql.Relation]
) -> Mapping[str, Found]:
    try:
        from pipelines.gate.expectations import validate

        return validate(connection, checks)
    except Exception as error:  # noqa: BLE001
        message = f"Great Expectations raised {type(error).__name__}: {error}"
        return {check.name: Found(message=message) for check in checks}


def _result(
    connection: duckdb.DuckDBPyConnection, check: sql.Relation, found: Mapping[str, Found]
) -> CheckResult:
    warns = isinstance(check, OwnCheck) and check.warns
    result = partial(
        CheckResult, check.name, check.meaning, level=Level.WARN if warns else Level.STOP
    )
    if check.name not in found:
        return result(Outcome.ERROR, message="Great Expectations gave no result of it")
    said = found[check.name]
    if said.message:
        return result(Outcome.ERROR, message=_in_one_line(said.message))
    if said.count == 0:
        return result(Outcome.PASSED)
    try:
        rows = _first_rows(connection, check)
    except duckdb.Error as error:  # a count needn't compute what the rows hold
        return result(Outcome.ERROR, message=_in_one_line(str(error)))
    return result(Outcome.FAILED, said.count, rows)


def _in_one_line(message: str) -> str:
    """Return the engine's reason, without its Python class and the query that it points into."""
    return " ".join(_AROUND_A_REASON.sub("", message).split())


def _first_rows(
    connection: duckdb.DuckDBPyConnection, check: sql.Relation
) -> tuple[dict[str, JsonValue], ...]:
    rows = first_rows(connection, check, ROWS_SHOWN)
    return tuple({name: json_value(value) for name, value in row.items()} for row in rows)
