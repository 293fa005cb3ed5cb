"""The command that takes events in: `ingest`."""

from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.flags import AsOfFlag, Common, instant
from pipelines.cli.printing import print_document
from pipelines.cli.progress import reporting
from pipelines.errors import UsageError
from pipelines.sources.limits import DEFAULT_LIMITS, MOST, Limits


def ingest(  # noqa: PLR0913  a flag each
    common: Common,
    *,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="NDJSON files, as they are or compressed with gzip or zstd; folders; or `-`.",
        ),
    ],
    as_of: AsOfFlag = None,
    manifest_roots: Annotated[
        str,
        typer.Option(
            metavar="FOLDERS",
            help="Where manifests by uri are looked for, separated by commas. [default: nowhere]",
        ),
    ] = "",
    batch_lines: Annotated[
        int,
        typer.Option(min=1, max=MOST.lines, metavar="N", help="Lines of one batch, at most."),
    ] = DEFAULT_LIMITS.lines,
    batch_bytes: Annotated[
        int,
        typer.Option(min=1, max=MOST.size, metavar="N", help="Bytes of one batch, at most."),
    ] = DEFAULT_LIMITS.size,
    manifest_bytes: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST.manifest_size,
            metavar="N",
            help="Bytes of one manifest's file, at most.",
        ),
    ] = DEFAULT_LIMITS.manifest_size,
) -> None:
    """Take events into the log.

    A rejected event is no failure: it is kept as a dead letter.
    Exit 0 means that every line of every source is in the log, or a duplicate, or a dead letter.
    """
    if as_of is not None:
        instant(as_of)
    roots = _roots(manifest_roots)
    from pipelines.ingest.job import ingest as job

    with reporting() as report:
        batches = job(
            common.warehouse,
            sources,
            clock=lambda: instant(as_of),
            by_clock=as_of is None,
            manifest_roots=roots,
            note=report.note,
            limits=Limits(batch_lines, batch_bytes, manifest_bytes),
        )
        for counts in accumulate(batches):
            report(f"{counts.received} events received, the log is at {counts.head}")
    _print_counts(common, vars(counts))


def _roots(manifest_roots: str) -> list[Path]:
    roots = [root.strip() for root in manifest_roots.split(",") if root.strip()]
    for root in roots:
        if "://" in root:
            message = f"manifest root {root}: only local folders in this version"
            raise UsageError(message)
    return [Path(root) for root in roots]


def _print_counts(common: Common, counts: dict[str, Any]) -> None:
    if common.json:
        print_document(counts)
        return
    for name in ("received", "accepted", "duplicate", "conflict"):
        typer.echo(f"{name:9} {counts[name]}")
    typer.echo(f"rejected  {sum(counts['rejected'].values())}")
    for reason, count in sorted(counts["rejected"].items()):
        typer.echo(f"  {reason} {count}")
    typer.echo(f"head      {counts['head']}")
