"""Reads the source policy that a setting names (SPEC §3.4)."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.settings import FILE

if TYPE_CHECKING:
    from pipelines.ingest.policy import Policy


def source_policy(named: str | None) -> "Policy":
    """Return the policy of a file, which may be that of the settings; None names none.

    Raises UsageError where it is missing, or isn't a policy.
    """
    from pipelines.ingest.policy import EVERYONE
    from pipelines.ingest.policy_file import read_policy

    if named is None:
        return EVERYONE
    return read_policy(named, among_settings=Path(named).name == FILE)
