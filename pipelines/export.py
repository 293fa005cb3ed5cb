"""Exports the statements of a close as files: CSV, JSON or Parquet (SPEC §7.3)."""

from contextlib import ExitStack
from pathlib import Path

from pipelines.errors import NotFoundError
from pipelines.lake import reading
from pipelines.lake.catalogs import located
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.exports import write_statements
from pipelines.outputs.formats import Format


def export(warehouse: Warehouse, *, period: str | None, form: Format, out: Path) -> list[Path]:
    """Write the statements of a close, the last one where none is named, into the folder `out`.

    Returns the files' paths: `statements-<period>` and, but for JSON, `statement_lines-<period>`.

    Raises UsageError where the folder is in the warehouse's, NotFoundError where there is no such
    close, or none yet.
    """
    located(warehouse).refuse_within(out)
    with reading.connect(warehouse) as connection:
        closed = reading.closed_period(connection, period)
        if closed is None:
            message = "no period is closed yet; `manyhands status` shows which is next"
            raise NotFoundError(message)
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            written = write_statements(stack, connection, closed, form, out)
            return [one.path for one in written]
