"""The command `statements diff`: compares a draft with the close before it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.flags import Common, DraftFlag, bounded
from pipelines.cli.printing import print_document, print_line, print_table
from pipelines.royalties.money import from_micros

if TYPE_CHECKING:
    from pipelines.close.comparing import Change, Changes, Pair
    from pipelines.statements import Compared

_SUMS: Final = ("currency", "new", "gone", "changed", "unchanged", "payable before", "payable now")
_LARGEST: Final = (
    "contributor",
    "currency",
    "",
    "earned before",
    "earned now",
    "payable before",
    "payable now",
)


def compare_draft(
    common: Common,
    *,
    period: Annotated[
        str, typer.Argument(metavar="P", help="The period of the draft, such as 2026-10.")
    ],
    draft: DraftFlag,
    most: Annotated[
        int, bounded(1, 10_000, "N", "How many of the largest changes of each kind to show.")
    ] = 10,
) -> None:
    """Compare a draft with the statements of the close before it: new, gone, the largest changes.

    Amounts are earned (royalties and adjustments) and payable, by currency.
    """
    from pipelines.statements import compare_draft as job

    compared = job(common.warehouse, period, draft, most)
    if common.json:
        print_document(_described(compared))
        return
    against = f"the statements of {compared.before}" if compared.before else "no close before it"
    print_line(
        f"draft of {compared.draft.period}, digest {compared.draft.digest},"
        f" log up to {compared.draft.log_seq}, beside {against}"
    )
    print_line()
    print_table(_SUMS, (_sums(currency, one) for currency, one in compared.currencies.items()))
    rows = list(_largest(compared.currencies))
    if rows:
        print_line()
        print_table(_LARGEST, rows)


def _kinds(changes: "Changes") -> "dict[str, Change]":
    return {"new": changes.new, "gone": changes.gone, "changed": changes.changed}


def _sums(currency: str, changes: "Changes") -> tuple[object, ...]:
    counts = (change.statements for change in _kinds(changes).values())
    sums = (changes.before_micros, changes.now_micros)
    return currency, *counts, changes.unchanged, *map(from_micros, sums)


def _largest(currencies: "dict[str, Changes]") -> Iterator[tuple[object, ...]]:
    for currency, changes in currencies.items():
        for kind, change in _kinds(changes).items():
            for pair in change.largest:
                shown = _pair(pair)
                contributor_id = shown.pop("contributor_id")
                yield contributor_id, currency, kind, *shown.values()


def _pair(pair: "Pair") -> dict[str, str | None]:
    """Return a contributor with what was earned and payable before and now."""
    contributor_id = next(one.contributor_id for one in pair if one)
    earned = [from_micros(one.earned_micros) if one else None for one in pair]
    payable = [from_micros(one.payable_micros) if one else None for one in pair]
    return {
        "contributor_id": contributor_id,
        "earned_before": earned[0],
        "earned_now": earned[1],
        "payable_before": payable[0],
        "payable_now": payable[1],
    }


def _described(compared: "Compared") -> dict[str, Any]:
    return {
        "period": compared.draft.period,
        "digest": compared.draft.digest,
        "log_seq": compared.draft.log_seq,
        "before": compared.before,
        "currencies": {
            currency: {
                "payable_before": from_micros(changes.before_micros),
                "payable_now": from_micros(changes.now_micros),
                "unchanged": changes.unchanged,
                **{
                    kind: {
                        "statements": change.statements,
                        "largest": [_pair(pair) for pair in change.largest],
                    }
                    for kind, change in _kinds(changes).items()
                },
            }
            for currency, changes in compared.currencies.items()
        },
    }
