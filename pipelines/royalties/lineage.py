"""Shares a pool between a model version and the ones that it was built on (SPEC §5.2, Lineage)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

LONGEST_WAY = 16
"""Versions on a way, the pool's own being the first."""

PPM = 1_000_000

LINEAGE_UNRESOLVED = "lineage_unresolved"
UNKNOWN_MODEL = "unknown_model"

Version = tuple[str, str]
"""`model_id`, `version`."""

Versions = Mapping[Version, tuple[datetime, Sequence[tuple[Version, int]]]]
"""Of each declared version: when it was trained, and its bases with their shares in ppm."""


@dataclass(frozen=True)
class Claim:
    """What a version, or what is held, weighs in a split."""

    version: Version | None
    held: str | None
    """Why it is held; None where it comes to a version's manifest."""
    weight: int


def claims(own: Version, versions: Versions) -> list[Claim]:
    """Return who shares a pool of `own`, in the order of the split, with exact weights.

    A version's weight is what comes to it by all ways, over one common denominator.
    """
    kept: dict[Version, int] = defaultdict(int)
    held = {LINEAGE_UNRESOLVED: 0, UNKNOWN_MODEL: 0}
    arrived: dict[Version, int] = {own: 1}
    for place in range(1, LONGEST_WAY + 1):
        scale = PPM ** (LONGEST_WAY - place)
        passed_on: dict[Version, int] = defaultdict(int)
        for version, mass in arrived.items():
            trained_at, bases = versions[version]
            kept[version] += mass * (PPM - sum(share for _, share in bases)) * scale
            for base, share in bases:
                if base not in versions:
                    held[UNKNOWN_MODEL] += mass * share * scale
                elif versions[base][0] >= trained_at or place == LONGEST_WAY:
                    held[LINEAGE_UNRESOLVED] += mass * share * scale
                else:
                    passed_on[base] += mass * share
        arrived = passed_on
    others = sorted(version for version in kept if version != own)
    return [
        *(Claim(version, None, kept[version]) for version in (own, *others)),
        *(Claim(None, reason, weight) for reason, weight in held.items()),
    ]
