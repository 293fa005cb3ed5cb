"""The steps of the pipeline: a pure function first, a thin Beam transform after it.

Elements are lists of about a MiB, because an element costs a runner more than an event does.
"""

from typing import Final

REJECTED: Final = "rejected"
"""The tag of the output that carries what a step refused, as lists of `Rejected`."""
