"""Closes a month after many closed ones, and after late events, beside the second (SPEC §9)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench import environment
from bench.bulk import Bulk, add_month, close, found
from bench.measure import Measured, apart
from bench.month import MANIFEST_ROW_BYTES, copied, copy_of
from bench.report import Compared, Figure, Section
from bench.room import EVENT_BYTES, Data
from bench.rounds import Contestant, Found, Taken, in_turns, part
from pipelines.royalties.periods import Cadence, Period

LATE_MONTHS: Final = 5
"""So many months before the last one late generations belong to."""
MOST: Final = 130
"""What the last close may take of the second, in percent."""
CLOSES: Final = "closes.json"


@dataclass(frozen=True)
class History:
    """Months with so many generations each, of which all but the last one are closed."""

    bulk: Bulk
    months: int
    generations: int
    late: int
    """Generations of earlier months, in one more warehouse."""

    @property
    def periods(self) -> list[Period]:
        """The months, in order."""
        first = Period.parse(self.bulk.first_period, Cadence.MONTH)
        return [first.plus(number) for number in range(self.months)]

    @property
    def size(self) -> int:
        """Bytes that it takes, about: files of batches stand beside the merged ones."""
        events = self.bulk.contributors + self.bulk.images + self.months * self.generations
        return 2 * events * EVENT_BYTES + self.bulk.manifest_rows * MANIFEST_ROW_BYTES


def months(history: History, rounds: int | None = None) -> Section:
    """Close the second month, the last one, and the last one after late events, in turns."""
    made = Data("months", asdict(history), history.size, partial(apart, make, history))
    with made.there() as folder:
        closes = json.loads((folder / CLOSES).read_text(encoding="utf-8"))
        taken = in_turns(_contestants(folder, history), rounds)
    return _section(history, taken, closes)


def make(history: History, folder: Path) -> None:
    """Make the warehouses `second`, `last` and `late` in a folder, and say what each close took.

    The first has one closed month, the others all but the last one; in `late` there are
    generations of earlier months too. Closes are real ones.
    """
    found(folder, history.bulk)
    closes = []
    for number, period in enumerate(history.periods):
        first = number * history.generations
        numbers = range(first, first + history.generations)
        add_month(folder / "warehouse", history.bulk, period, numbers)
        if number == 1:
            copy_of(folder / "warehouse", folder / "second")
        if period != history.periods[-1]:
            closes.append(vars(close(folder, period)) | {"period": period.name, "stdout": ""})
    (folder / CLOSES).write_text(json.dumps(closes), encoding="utf-8")
    copy_of(folder / "warehouse", folder / "late")
    (folder / "warehouse").rename(folder / "last")
    _add_late(folder / "late", history)


def _add_late(warehouse: Path, history: History) -> None:
    earlier = history.periods[:-1][-LATE_MONTHS:]
    first = history.months * history.generations
    for number, period in enumerate(earlier):
        share = (number + 1) * history.late // len(earlier) - number * history.late // len(earlier)
        numbers, last = range(first, first + share), history.periods[-1]
        add_month(warehouse, history.bulk, period, numbers, last)
        first += share


def _contestants(folder: Path, history: History) -> list[Contestant]:
    second, last = history.periods[1], history.periods[-1]
    closes = {
        f"the close of month {history.months}": ("last", last),
        "the same after late generations": ("late", last),
        "the close of month 2": ("second", second),
    }
    return [
        Contestant(name, partial(_close, folder, place, period), lambda *_: True)
        for name, (place, period) in closes.items()
    ]


def _close(folder: Path, place: str, period: Period) -> tuple[Measured, Found]:
    with copied(folder / place, folder / "out") as out:
        took = close(out, period)
    (closed,) = json.loads(took.stdout)["closes"]
    return took, {"statements": closed["statements"]}


def _section(
    history: History, taken: Sequence[Taken], closes: Sequence[dict[str, float]]
) -> Section:
    last, late, second = taken
    bulk = history.bulk
    plot = [("seconds", number + 1, one["seconds"]) for number, one in enumerate(closes)]
    title = f"Each close with {history.generations:,} generations"
    return Section(
        "Closes as history grows",
        f"{history.months} months of {history.generations:,} generations from seed {bulk.seed},"
        f" {bulk.models} model versions, {bulk.images:,} images of {bulk.contributors:,}"
        f" contributors; all but the last month are closed.\n{history.late:,} late generations"
        f" are spread over the {LATE_MONTHS} months before. {len(last.seconds)} rounds, in turns,"
        f" each on a copy.\nThe last close issued {last.found['statements']:,} statements.",
        ["manyhands close --period=…"],
        [
            Figure("the last over the second", part(second, last), "%", MOST),
            Figure("the same, processor time", part(second, last, "work_median"), "%"),
            Figure("the last after late events", part(second, late), "%", MOST),
            Figure("the same, processor time", part(second, late, "work_median"), "%"),
            Figure("the last, memory", last.peak_mib, "MiB"),
        ],
        [
            Compared(one.name, one.seconds, "s", one.peak_mib, one.median / last.median)
            for one in taken
        ],
        {"closes.svg": environment.drawn(title, "month", "seconds", plot)},
    )
