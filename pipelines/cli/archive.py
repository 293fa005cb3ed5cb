"""The commands `log export` and `log import`: the log as an archive, and back."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.flags import Common, named_path
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.rebuild import print_made_again, say_unfinished
from pipelines.cli.words import counted


def export_log(
    common: Common,
    *,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", parser=named_path, help="New folder to write."),
    ],
) -> None:
    """Write the log as an archive: Parquet files, and an index with the digest of each.

    `log import` makes the warehouse again from it, with the same digests.
    """
    from pipelines.archive import export_log as job

    with reporting(common.invocation.ending) as report:
        done = job(common.warehouse, out, report)
    index = done.index
    digest = index.closes[-1].digest if index.closes else None
    files = len(index.parts) + len(index.files) + 1
    if common.json:
        print_document(
            {
                "bytes": done.size,
                "closes": len(index.closes),
                "digest": digest,
                "events": index.head,
                "files": files,
                "folder": str(done.folder),
                "index_sha256": index.index_sha256,
            }
        )
        return
    last = f", the last one with the digest {digest}" if digest else ""
    closes = counted(len(index.closes), "close")
    print_line(f"{done.folder}: {counted(index.head, 'event')}, {closes}{last}")
    print_line(f"  {counted(files, 'file')}; the index has the digest {index.index_sha256}")


def import_log(
    common: Common,
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", parser=named_path, help="Folder of an archive.")
    ],
) -> None:
    """Make a new warehouse from an archive that `log export` wrote: the same digests.

    Each close is computed again at its position in the log; where one comes out with another
    digest, the exit code is 4.
    """
    from pipelines.archive import import_log as job

    say_unfinished(common, common.warehouse)
    with reporting(common.invocation.ending) as report:
        done = job(folder, common.warehouse, report)
    print_made_again(common, common.warehouse, done)
