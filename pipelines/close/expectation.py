"""Insists that a close is the one that was reviewed, and says what changed where it isn't."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.close.comparing import Stated, contributor, side_by_side, stated
from pipelines.close.draft import Draft, read_draft
from pipelines.errors import ConflictError, UsageError
from pipelines.lake import reading
from pipelines.lake.closes import PeriodClose
from pipelines.royalties.money import from_micros

NAMES_SHOWN: Final = 10
"""How many contributors a message names."""

_NAME_A_DRAFT: Final = "name the folder of the draft with --draft DIR to see what changed"
_DRAFT_AGAIN: Final = "`manyhands close --period {} --dry-run --out DIR` writes a new draft"

_Sums = dict[str, list[int]]
"""Micros payable and withheld, by currency."""


@dataclass(frozen=True)
class Expectation:
    """The digest that a close has to have, and the draft that it was reviewed as."""

    digest: str
    draft: Draft | None
    """None where only the digest was named."""

    def refuse_unless_met(
        self,
        connection: duckdb.DuckDBPyConnection,
        found: PeriodClose,
        totals: Mapping[str, tuple[int, int]],
        *,
        is_closed: bool = False,
    ) -> None:
        """Raise ConflictError, with both digests and what changed, where a close has another one.

        `connection` reads what is exported of it: the staged statements, or, where the period
        `is_closed` already, those issued.
        """
        if found.digest == self.digest:
            return
        head = (
            f"{found.period} is closed with the digest {found.digest}, not with {self.digest} as"
            " expected:"
            if is_closed
            else f"{found.period} comes to the digest {found.digest}, not to {self.digest} as"
            " expected; nothing was issued:"
        )
        if self.draft is None:
            changed = [*_without_draft(found, totals), _NAME_A_DRAFT]
        else:
            sealed = reading.sealed_statements(connection, found.period)
            changed = [*_since(self.draft, found, sealed)]
            if not is_closed:  # of what is closed there is no draft
                changed.append(_DRAFT_AGAIN.format(found.period))
        raise ConflictError("\n".join([head, *changed]))


def expectation(digest: str, folder: Path | None, period: str) -> Expectation | None:
    """Return what is expected of a close of a period; None where neither part is named.

    Raises UsageError where the draft has another digest or isn't as it was written, NotFoundError
    where it isn't there.
    """
    if folder is None:
        return Expectation(digest, None) if digest else None
    draft = read_draft(folder, period)
    if digest and digest != draft.digest:
        message = f"the draft of {period} in {folder} has the digest {draft.digest}, not {digest}"
        raise UsageError(message)
    return Expectation(draft.digest, draft)


def _without_draft(found: PeriodClose, totals: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    yield f"  log up to {found.log_seq}"
    for currency, (payable, withheld) in sorted(totals.items()):
        amounts = f"{from_micros(payable)} payable, {from_micros(withheld)} withheld"
        yield f"  {currency} {amounts}"


def _since(draft: Draft, found: PeriodClose, sealed: Iterable[bytes]) -> Iterator[str]:
    """Yield what changed since a draft: log positions, statements that differ, sums."""
    drafted: _Sums = {}
    now: _Sums = {}
    differ: dict[str, list[str]] = {"new": [], "gone": [], "changed": []}
    counts = dict.fromkeys(differ, 0)
    for pair in side_by_side(draft.statements(), map(stated, sealed)):
        one, other = pair
        _add(drafted, one)
        _add(now, other)
        if one is not None and other is not None and one.digest == other.digest:
            continue
        kind = "new" if one is None else "gone" if other is None else "changed"
        counts[kind] += 1
        if len(differ[kind]) < NAMES_SHOWN:
            differ[kind].append(contributor(pair))
    yield f"  log up to {found.log_seq}, in the draft up to {draft.log_seq}"
    yield from _names(counts, differ)
    yield from _compared(drafted, now)


def _add(sums: _Sums, one: Stated | None) -> None:
    if one is not None:
        total = sums.setdefault(one.currency, [0, 0])
        total[0] += one.payable_micros
        total[1] += one.withholding_micros


def _names(counts: Mapping[str, int], differ: Mapping[str, list[str]]) -> Iterator[str]:
    for kind, number in counts.items():
        if number:
            more = ", …" if number > len(differ[kind]) else ""
            yield f"  statements {kind}: {number} ({', '.join(differ[kind])}{more})"


def _compared(drafted: _Sums, now: _Sums) -> Iterator[str]:
    for currency in sorted(drafted.keys() | now.keys()):
        before, after = drafted.get(currency, [0, 0]), now.get(currency, [0, 0])
        payable, withheld = (
            f"{from_micros(other)} {what}, in the draft {from_micros(one)}"
            for what, one, other in zip(("payable", "withheld"), before, after, strict=True)
        )
        yield f"  {currency} {payable}; {withheld}"
