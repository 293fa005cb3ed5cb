"""The command `verify`: whether a warehouse is what its log says."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.flags import Common
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.proofs import (
    CheckpointFlag,
    KeyFlag,
    ProofFlag,
    StatementFlag,
    verify_continued,
    verify_proof,
)
from pipelines.cli.words import counted
from pipelines.errors import FindingsError, UsageError
from pipelines.outputs.documents import dumps, whole_or_nothing, write_list

if TYPE_CHECKING:
    from pipelines.verify.job import Verification


def verify(  # noqa: PLR0913  a flag each
    common: Common,
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="P", help="Compute closes again from this period on."),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="DIGEST", help="What the last close's digest has to be."),
    ] = None,
    proof: ProofFlag = None,
    statement: StatementFlag = None,
    checkpoint: CheckpointFlag = None,
    key: KeyFlag = None,
    remove_orphans: Annotated[
        bool,
        typer.Option(
            "--remove-orphans",
            help="Verify nothing; remove data files that no commit names and that hold nothing.",
        ),
    ] = False,
) -> None:
    """Verify a warehouse: the log against what was received, all else against the log.

    Nothing on stdout where all is true; else one line a finding, and exit code 4.
    With --proof and --statement, a statement's proof, for which no warehouse is needed; with
    --checkpoint, that the warehouse continues one that was kept.
    """
    kinds = [proof or statement, checkpoint, remove_orphans or None, since or expect]
    if len([kind for kind in kinds if kind is not None]) > 1 or (proof is None) != (
        statement is None
    ):
        message = (
            "verify takes either --proof FILE and --statement FILE, or --checkpoint FILE, or"
            " --remove-orphans, or what there is for a whole warehouse"
        )
        raise UsageError(message)
    if expect == "":
        message = "--expect needs a digest; `manyhands status` shows the last close's"
        raise UsageError(message)
    if proof is not None and statement is not None:
        verify_proof(common, proof, statement, key or ())
    elif checkpoint is not None:
        verify_continued(common, checkpoint, key or ())
    elif remove_orphans:
        _remove_orphans(common)
    else:
        _verify(common, since, expect, key or ())


def _verify(common: Common, since: str | None, expect: str | None, keys: Sequence[str]) -> None:
    """Verify a whole warehouse, and raise FindingsError where anything is found."""
    from pipelines.proof.keys import verifier_key
    from pipelines.verify.job import Asked, Verification

    asked = Asked(since, expect, tuple(verifier_key(key) for key in keys))
    with reporting(common.invocation.ending) as report:
        verification = Verification(common.warehouse, asked, report)
        if common.json:
            _print_as_json(verification)
        else:
            for finding in verification.findings():
                print_line(finding.line)
        for text in verification.coverage.unchecked:
            report.note(f"not verified: {text}")
    if verification.number:
        message = (
            f"{counted(verification.number, 'finding')}; docs/verify.md says what each code means,"
            " and what to do: most often to restore a backup"
        )
        raise FindingsError(message)


def _print_as_json(verification: "Verification") -> None:
    """Print one document; nothing where reading fails."""
    with whole_or_nothing(sys.stdout) as stream:
        write_list(stream, map(asdict, verification.findings()))
        stream.write("}\n")
        # it is complete once the findings were taken, and sorts before them
        sys.stdout.write(f'{{"coverage": {dumps(asdict(verification.coverage))}, "findings": ')


def _remove_orphans(common: Common) -> None:
    from pipelines.verify.files import remove_orphans

    removed, kept = remove_orphans(common.warehouse)
    if common.json:
        print_document({"kept": kept, "removed": removed})
        return
    for path in removed:
        print_line(f"removed {path}")
    for path in kept:
        print_line(f"kept {path}: see `manyhands verify` for what it is")
