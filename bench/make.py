"""Makes a warehouse of any size to try things on: `python -m bench.make months --into FOLDER`.

`month` leaves the generations of a month for its close, and the rows that peers read; `months`
leaves the last of several months, the others closed by real closes; `log` leaves a log.
"""

import argparse
from pathlib import Path

from bench import growth, month, months
from bench.bulk import Bulk
from bench.room import refuse_unless_room
from pipelines.errors import ManyhandsError


def main() -> None:
    """Make what the arguments say, where there is room for it."""
    parser = _arguments()
    chosen = parser.parse_args()
    try:
        bulk = Bulk(
            seed=chosen.seed,
            contributors=chosen.contributors,
            images=chosen.images,
            models=chosen.models,
            first_period=chosen.first_period,
            one_model=chosen.one_model,
            one_of=chosen.one_of,
        )
        _make(chosen, bulk)
    except (ManyhandsError, ValueError, FileExistsError) as error:
        parser.error(str(error))


def _make(chosen: argparse.Namespace, bulk: Bulk) -> None:
    if chosen.what == "months":
        history = months.History(bulk, chosen.months, chosen.generations, chosen.late)
        months.make(history, _folder(chosen, history.size))
    elif chosen.what == "log":
        logs = growth.Logs(bulk, [chosen.generations])
        growth.make(logs, _folder(chosen, logs.size))
    else:
        made = month.Month(bulk, chosen.generations, chosen.known)
        month.make(made, _folder(chosen, made.size))


def _folder(chosen: argparse.Namespace, size: int) -> Path:
    """Make the folder, where there is room for what comes into it."""
    folder: Path = chosen.into
    refuse_unless_room(chosen.what, size, folder.absolute().parent)
    folder.mkdir()
    return folder


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.make",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("what", choices=["month", "months", "log"])
    add("--into", type=Path, required=True, metavar="FOLDER", help="new folder to make it in")
    add("--seed", type=int, default=2026)
    add("--contributors", type=int, default=1_000, help="a multiple of the models")
    add("--images", type=int, default=10_000, help="a multiple of the contributors")
    add("--models", type=int, default=20, help="model versions; each has half of the images")
    add("--generations", type=int, default=20_000, help="in all, or of each month")
    add("--one-of", type=int, default=0, help="one of so many generations has attributions")
    add("--one-model", action="store_true", help="a contributor's licences hold for one model")
    add("--known", action="store_true", help="of a month: models were closed a month before")
    add("--months", type=int, default=25, help="of months: how many, the last one open")
    add("--late", type=int, default=1_000, help="of months: generations of earlier months")
    add("--first-period", default="2024-10")
    return parser


if __name__ == "__main__":
    main()
