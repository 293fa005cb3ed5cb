"""The command line: `manyhands` (SPEC §7.3).

Nothing heavy is imported here or at the top of any module below, so that `--help` is quick:
commands import what they need when they run.
"""

from pipelines.cli.entry import main

__all__ = ["main"]
