"""The command `maintain`: keeps a warehouse small."""

from dataclasses import asdict

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted


def maintain(common: Common) -> None:
    """Merge small files, drop old snapshots, and remove data files that nobody reads.

    It changes no row, and may run beside ingests and closes; run it once a day. What isn't needed
    any more is kept for a day, for whoever still reads it.
    """
    from pipelines.maintain import maintain as job

    common.invocation.standing = lambda: "the same command goes on where it stopped"
    with reporting(common.invocation.ending) as report:
        done = job(common.warehouse, report)
    if common.json:
        print_document(asdict(done))
        return
    print_line(f"merged the small files of {counted(len(done.merged), 'relation')}")
    print_line(f"dropped {counted(done.snapshots, 'snapshot')}")
    print_line(f"removed {counted(done.removed, 'file')} that no snapshot names any more")
    print_line(f"removed {counted(len(done.orphans), 'file')} that no commit came to name")
    for path in done.kept:
        print_line(f"kept {path}: see `manyhands verify` for what it is")
