"""How large the benchmarks are that measure in rounds: some minutes each, or in full (SPEC §9)."""

from dataclasses import dataclass
from typing import Final

from bench.bulk import Bulk
from bench.growth import Logs
from bench.month import Month
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
    logs: tuple[int, ...]
    """Generations of each log."""

    def month(self, scale: float, seed: int, *, known: bool) -> Month:
        """Return the large month, of contributors with images in one model version each."""
        contributors = self._whole(self.contributors * scale)
        images = IMAGES_EACH * contributors
        bulk = Bulk(seed, contributors, images, self.models, one_model=True)
        return Month(bulk, round(self.generations * scale), known)

    def history(self, scale: float, seed: int) -> History:
        """Return the history, one of ten of its generations with attributions."""
        contributors = self._whole(self.contributors_of_history * scale)
        bulk = Bulk(
            seed, contributors, IMAGES_EACH * contributors, self.models, "2024-10", one_of=10
        )
        generations = max(1, round(self.generations_a_month * scale))
        return History(bulk, self.months, generations, max(1, round(LATE * scale)))

    def grown(self, scale: float, seed: int) -> Logs:
        """Return the logs that grow."""
        contributors = self._whole(self.contributors_of_history * scale)
        bulk = Bulk(seed, contributors, IMAGES_EACH * contributors, self.models)
        return Logs(bulk, [round(size * scale) for size in self.logs])

    def _whole(self, contributors: float) -> int:
        """Return about as many contributors, as many a model version, and three at least."""
        return self.models * max(3, round(contributors / self.models))


SMALL: Final = Sizes(
    events=50_000,
    generations=200_000,
    contributors=10_000,
    models=20,
    months=6,
    generations_a_month=20_000,
    contributors_of_history=1_000,
    logs=(10_000, 100_000, 500_000),
)
FULL: Final = Sizes(
    events=1_000_000,
    generations=50_000_000,
    contributors=1_000_000,
    models=20,
    months=25,
    generations_a_month=1_000_000,
    contributors_of_history=10_000,
    logs=(1_000_000, 10_000_000, 100_000_000),
)
