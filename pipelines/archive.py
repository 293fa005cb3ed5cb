"""Exports the log of a warehouse to an archive, and makes a warehouse again from one."""

from pathlib import Path

from pipelines.lake import archived, archiving, reading
from pipelines.lake.archiving import Exported
from pipelines.lake.catalogs import located
from pipelines.lake.rebuilding import Stored
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.places import refuse_unless_free
from pipelines.rebuild import Rebuilt, Report, make_again

__all__ = ["Exported", "Rebuilt", "export_log", "import_log"]


def export_log(warehouse: Warehouse, out: Path, report: Report) -> Exported:
    """Write the log, and what can't be made again from it, into the folder `out`.

    It is the log as it is now, and there whole or not at all.

    Raises UsageError where the folder is in the warehouse's, ConflictError where it isn't empty,
    ManyhandsError where the log has a gap, or a manifest isn't kept as it was.
    """
    warehouse = located(warehouse)
    warehouse.refuse_within(out)
    refuse_unless_free(out)
    with reading.connect(warehouse) as connection:
        out.resolve().parent.mkdir(parents=True, exist_ok=True)
        return archiving.export(Stored(warehouse, connection), out.resolve(), report)


def import_log(folder: Path, target: Warehouse, report: Report) -> Rebuilt:
    """Make a warehouse from an archive, in a place where there is none, as a rebuild does.

    Every file is compared with its digest before anything is made.

    Raises NotFoundError where there is no archive, ManyhandsError where a file of it is missing,
    was changed or added, and as `make_again` does.
    """
    report("checking the files of the archive")
    with archived.opened(folder, target.memory_bytes) as source:
        return make_again(source, target, report)
