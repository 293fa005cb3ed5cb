"""Says what is wrong with the tree over all closes, and with who signed it, as findings."""

from collections.abc import Iterable, Iterator
from typing import Final

from pipelines.proof.faults import KEPT, Fault
from pipelines.verify.finding import Code, Finding

_CODES: Final = {KEPT: Code.ROLLED_BACK}
"""Of what was kept elsewhere and isn't continued; all else is `signature`."""


def as_findings(faults: Iterable[Fault]) -> Iterator[Finding]:
    """Yield each fault as a finding."""
    for one in faults:
        code = _CODES.get(one.what, Code.SIGNATURE)
        yield Finding(code, one.relation, one.key, one.expected, one.found)
