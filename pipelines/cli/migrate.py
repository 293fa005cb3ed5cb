"""The command `migrate`: brings a warehouse of an earlier format to that of this program."""

from dataclasses import asdict

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line


def migrate(common: Common) -> None:
    """Bring a warehouse of an earlier format to this program's.

    Each step keeps the catalog of before. Stop what writes to the warehouse first, and take a
    backup.
    """
    from pipelines.migrate import migrate as job

    common.invocation.standing = lambda: "the same command goes on where it stopped"
    steps = list(job(common.warehouse))
    if common.json:
        print_document({"steps": [asdict(step) for step in steps]})
        return
    for step in steps:
        print_line(f"format {step.before} to {step.after}; the catalog of before is {step.kept}")
    if not steps:
        print_line(f"{common.warehouse.name} has this program's format; nothing was done")
