"""How large the benchmarks are that measure in rounds: some minutes each, or in full (SPEC §9)."""

from dataclasses import dataclass
from typing import Final

from bench.bulk import Bulk
from bench.months import History

IMAGES_EACH: Final = 10
"""Images of a contributor."""
LATE: Final = 1_000


@dataclass(frozen=True)
class Sizes:
    """How many there are of what."""

    events: int
    """Of an ingest."""
    generations: int
    """Of a large month."""
    contributors: int
    """Who get a part of a large month; each has IMAGES_EACH images."""
    models: int
    months: int
    """Of a history, the last of them open."""
    generations_a_month: int
    contributors_of_history: int

    def bulk(self, scale: float, seed: int, *, one_model: bool) -> Bulk:
        """Return what a large month is of."""
        contributors = self._whole(self.contributors * scale)
        images = IMAGES_EACH * contributors
        return Bulk(seed, contributors, images, self.models, one_model=one_model)

    def history(self, scale: float, seed: int) -> History:
        """Return the history, one of ten of its generations with attributions."""
        contributors = self._whole(self.contributors_of_history * scale)
        bulk = Bulk(
            seed, contributors, IMAGES_EACH * contributors, self.models, "2024-10", one_of=10
        )
        generations = max(1, round(self.generations_a_month * scale))
        return History(bulk, self.months, generations, max(1, round(LATE * scale)))

    def _whole(self, contributors: float) -> int:
        """Return about as many contributors, as many a model version, and three at least."""
        return self.models * max(3, round(contributors / self.models))


SMALL: Final = Sizes(50_000, 200_000, 10_000, 20, 6, 20_000, 1_000)
FULL: Final = Sizes(1_000_000, 50_000_000, 1_000_000, 20, 25, 1_000_000, 100_000)
