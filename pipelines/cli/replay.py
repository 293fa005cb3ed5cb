"""The command `deadletter replay`: sends what was refused the way of an ingest again."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.deadletter import OptionalIdsArgument, ReasonFlag
from pipelines.cli.event_files import ManifestBytesFlag, ManifestRootsFlag, roots_of
from pipelines.cli.flags import AsOfFlag, Common, SourcePolicyFlag, instant
from pipelines.cli.policy import source_policy as policy_of
from pipelines.cli.printing import print_line, print_rows, print_with_rows
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.errors import ManyhandsError
from pipelines.sources.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.replay import Replayed

_SHOWN = ("id", "origin", "outcome", "reason")
_RECEIVED = ("accepted", "duplicate", "conflict")
_SKIPPED = {"in_part": "kept only in part", "resolved": "resolved before"}


def replay_dead_letters(  # noqa: PLR0913  a flag each
    common: Common,
    *,
    ids: OptionalIdsArgument = None,
    reason: ReasonFlag = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each, and write nothing.")
    ] = False,
    as_of: AsOfFlag = None,
    manifest_roots: ManifestRootsFlag = "",
    manifest_bytes: ManifestBytesFlag = DEFAULT_LIMITS.manifest_size,
    source_policy: SourcePolicyFlag = None,
) -> None:
    """Send what was refused the way of an ingest again, from what is kept of it.

    What is accepted now, or is a duplicate, is resolved; what is refused again stays open with its
    latest reason. Nothing is deleted. What is kept only in part can't be replayed: exit 1, after
    all others.
    """
    if as_of is not None:
        instant(common.warehouse, as_of)
    roots = roots_of(manifest_roots)
    policy = policy_of(source_policy)
    from pipelines.replay import Choice, Replayed, Terms, replay

    choice = Choice(tuple(ids or ()), reason)
    if not dry_run:
        common.invocation.standing = lambda: (
            "what was replayed by then is in the log; run the command again for the rest"
        )
    summary: dict[str, Any] = {"dry_run": dry_run}
    with reporting(common.invocation.ending) as report:
        terms = Terms(
            clock=lambda: instant(common.warehouse, as_of),
            by_clock=as_of is None,
            manifest_roots=tuple(roots),
            policy=policy,
            limits=Limits(manifest_size=manifest_bytes),
            note=report.note,
        )
        with replay(
            common.warehouse, choice, terms, dry_run=dry_run, short_ids=not common.json
        ) as done:
            told = _summed(done, summary, common.invocation.ending.check)
            if common.json:
                print_with_rows("letters", Replayed._fields, told, {"summary": summary})
            else:
                print_rows(common, Replayed._fields, told, shown=_SHOWN)
                _print_summary(summary)
    _refuse_in_part(summary["in_part"])


def _summed(
    done: "Iterable[Replayed]", summary: dict[str, Any], check: "Callable[[], None]"
) -> "Iterator[Replayed]":
    """Yield what became of each letter, and sum it up at the end."""
    outcomes: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for one in done:
        check()
        outcomes[one.outcome] += 1
        if one.outcome == "rejected":
            rejected[str(one.reason)] += 1
        yield one
    skipped = {name: outcomes[name] for name in _SKIPPED}
    summary["received"] = outcomes.total() - sum(skipped.values())
    summary |= {name: outcomes[name] for name in _RECEIVED}
    summary |= {"rejected": dict(sorted(rejected.items()))} | skipped


def _print_summary(summary: dict[str, Any]) -> None:
    print_line()
    if summary["dry_run"]:
        print_line("a dry run: nothing was written")
    for name in ("received", *_RECEIVED):
        print_line(f"{name:9} {summary[name]}")
    print_line(f"rejected  {sum(summary['rejected'].values())}")
    for reason, count in summary["rejected"].items():
        print_line(f"  {reason} {count}")
    for name, words in _SKIPPED.items():
        if summary[name]:
            print_line(f"not replayed: {summary[name]} {words}")


def _refuse_in_part(number: int) -> None:
    if number:
        message = (
            f"{counted(number, 'dead letter')} can't be replayed, since only the first 64 KiB are"
            " kept; send what it was again from its source, and where it stays open, close it"
            " with `manyhands deadletter dismiss`"
        )
        raise ManyhandsError(message)
