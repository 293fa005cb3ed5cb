"""Great Expectations on a staged close; importing it takes seconds, so only a run does."""

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, ClassVar

import duckdb
from sqlalchemy.pool import NullPool

from pipelines.gate.engine import creator
from pipelines.gate.library import (
    Batch,
    DataContextConfig,
    ExpectationValidationResult,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
    UnexpectedRowsExpectation,
    great_expectations,
    validator,
)
from pipelines.gate.verdict import Found
from pipelines.lake import sql

logging.getLogger("great_expectations").setLevel(logging.ERROR)  # the verdict tells all

_COUNT = "unexpected_rows_query.row_count"
_ONE_AT_A_TIME = Lock()
"""Great Expectations keeps its current context for the whole process, whichever thread made it."""


class NoOffendingRows(UnexpectedRowsExpectation):
    """Expects a query to give no rows, by their count alone.

    The expectation as it comes runs its query twice, once for the rows; here those are read once
    they are wanted, and as exact values.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = (_COUNT,)

    @validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:  # noqa: N805  a class method once decorated
        """Take the query as it is; the parent's of this name prints where it lacks `{batch}`."""
        return query

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002  the parent's
        execution_engine: Any = None,  # noqa: ANN401, ARG002  the parent's
    ) -> dict[str, Any]:
        count = metrics[_COUNT]
        return {"success": count == 0, "result": {"observed_value": count}}


def validate(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[sql.Relation]
) -> dict[str, Found]:
    """Run the checks, one thread's at a time, and return by name what each found.

    A check of which Great Expectations says nothing is missing from what this returns.
    """
    with _ONE_AT_A_TIME:
        batch = _batch(connection)
        # all at once: an expectation that is added is compared with all before it
        suite = great_expectations.ExpectationSuite(
            name="gate", expectations=[_expectation(check) for check in checks]
        )
        results = batch.validate(suite).results
    return {_name(result): _found(result) for result in results}


def _expectation(check: sql.Relation) -> NoOffendingRows:
    return NoOffendingRows(unexpected_rows_query=check.query, meta={"check": check.name})


def _batch(connection: duckdb.DuckDBPyConnection) -> Batch:
    context = great_expectations.get_context(mode="ephemeral", project_config=_configuration())
    source = context.data_sources.add_sql(  # type: ignore[call-arg]  # its stub lacks kwargs
        "close",
        connection_string="duckdb://",
        create_temp_table=False,
        kwargs={"creator": creator(connection), "poolclass": NullPool},
    )
    # Great Expectations takes queries as text, and a batch has to be of something; the checks name
    # their own relations. This is the one query outside lake/ and sql/.
    asset = source.add_query_asset("staged", "SELECT period FROM close_input")
    return asset.add_batch_definition_whole_table("whole").get_batch()


def _configuration() -> DataContextConfig:
    """Return one that writes nothing anywhere: no docs, no progress bars."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
    )


def _name(result: ExpectationValidationResult) -> str:
    configuration = result.expectation_config
    meta = configuration.meta if configuration else None
    return str((meta or {}).get("check", ""))


def _found(result: ExpectationValidationResult) -> Found:
    messages = _exception_messages(result.exception_info or {})
    if messages:
        return Found(message="; ".join(messages))
    count = result.result.get("observed_value")
    if not isinstance(count, int) or result.success != (count == 0):
        return Found(message=f"Great Expectations gave no count of rows but {count!r}")
    return Found(count=count)


def _exception_messages(info: Mapping[str, Any]) -> list[str]:
    """Return the messages of what was raised, whether told once or by each metric."""
    parts = [info] if "raised_exception" in info else list(info.values())
    raised = [str(part["exception_message"]) for part in parts if part["raised_exception"]]
    return sorted({message.partition("\n[SQL: ")[0] for message in raised})
