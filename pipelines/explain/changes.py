"""Explains an adjustment: which events changed what is owed since it was last stated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import duckdb

from pipelines.close.closing import Closing
from pipelines.explain.nodes import Log, money
from pipelines.lake import explained
from schemas.explanation import Explanation


@dataclass
class Step:
    """Events of one type that follow one another, and what they changed."""

    type: str
    seqs: list[int]
    before: int
    """What was owed before them, in micros."""
    after: int


def steps(  # noqa: PLR0913  one of them only listens
    connection: duckdb.DuckDBPyConnection,
    closing: Closing,
    since_seq: int,
    compute: Callable[[duckdb.DuckDBPyConnection, Closing], None],
    *,
    each: bool,
    report: Callable[[str], None],
) -> list[Step]:
    """Return what changed the entitlement whose key is staged, in the order of the log.

    An event's part is what is owed after it less what was owed before it, by a close that has read
    the log so far, whose `entitlement` is staged by `compute`.
    With `each`, events are taken one by one. Events that changed nothing are left out.
    """

    def owed_at(log_seq: int) -> int:
        if not log_seq:
            return 0
        compute(connection, replace(closing, log_seq=log_seq))
        return explained.entitled(connection)

    last = owed_at(closing.log_seq)
    groups = list(_groups(explained.changes(connection), each=each))
    found: list[Step] = []
    owed = owed_at(since_seq)
    for number, (kind, seqs) in enumerate(groups, start=1):
        report(f"computing what was owed after {number} of {len(groups)} steps")
        is_last = number == len(groups)
        after = last if is_last else owed_at(seqs[-1])
        if after != owed:
            _add(found, Step(kind, seqs, owed, after), each=each)
        owed = after
    return found


def _groups(changes: list[tuple[int, str]], *, each: bool) -> Iterator[tuple[str, list[int]]]:
    if each:
        yield from ((kind, [seq]) for seq, kind in changes)
        return
    for kind, run in groupby(changes, key=lambda change: change[1]):
        yield kind, [seq for seq, _ in run]


def _add(found: list[Step], step: Step, *, each: bool) -> None:
    """Add a step, to the one before where that is of the same type."""
    if found and not each and found[-1].type == step.type:
        found[-1].seqs += step.seqs
        found[-1].after = step.after
    else:
        found.append(step)


def as_node(found: list[Step], currency: str, log: Log) -> Explanation:
    """Return steps as a node, whose parts add up to what changed."""
    return Explanation(
        code="changes",
        amount=money(sum(step.after - step.before for step in found)),
        currency=currency,
        parts=[
            Explanation(
                code="change",
                amount=money(step.after - step.before),
                currency=currency,
                values={
                    "type": step.type,
                    "before": money(step.before),
                    "after": money(step.after),
                },
                events=log.events(step.seqs),
            )
            for step in found
        ],
    )
