"""What `verify` prints of a statement's proof and of a checkpoint that was kept elsewhere."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.flags import Common, named_path
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.progress import reporting
from pipelines.cli.words import counted
from pipelines.errors import ProofError

if TYPE_CHECKING:
    from pipelines.proof.checking import Signed

ProofFlag = Annotated[
    Path | None,
    typer.Option(
        "--proof",
        metavar="FILE",
        parser=named_path,
        help="Check this proof of a statement, which `statements proof` wrote; no warehouse is"
        " needed.",
    ),
]
StatementFlag = Annotated[
    Path | None,
    typer.Option(
        "--statement", metavar="FILE", parser=named_path, help="The statement that it is of."
    ),
]
KeyFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="VKEY",
        help="A verifier key that is trusted: the log's, or a witness's; for several, again."
        " [default: none]",
        show_default=False,
    ),
]


CheckpointFlag = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        parser=named_path,
        help="Check that the warehouse continues this checkpoint, which was kept elsewhere.",
    ),
]


def verify_proof(common: Common, proof: Path, statement: Path, keys: Sequence[str]) -> None:
    """Check a statement's proof, and print what it proves."""
    from pipelines.proof.checking import check_proof
    from pipelines.proof.keys import verifier_key

    checked = check_proof(proof, statement, [verifier_key(key) for key in keys])
    checkpoint, signed = checked.checkpoint, checked.signed
    if common.json:
        print_document(
            {
                "statement_id": checked.statement_id,
                "digest": checked.digest,
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "index": checked.index,
                **describe_signed(signed),
            }
        )
        return
    where = f"{checked.statement_id}: leaf {checked.index} (from 0) of {checkpoint.size}"
    if not signed.keys:
        print_line(f"{where}, consistent with root {checkpoint.root_text}; not authenticated")
        return
    print_line(f"{where}, in the log of {checkpoint.origin} with root {checkpoint.root_text}")
    print_signed(signed)


def verify_continued(common: Common, path: Path, keys: Sequence[str]) -> None:
    """Check that the warehouse continues a checkpoint that was kept, and print what is wrong.

    Raises ProofError where something is.
    """
    from pipelines.proof.checkpoints import check_continued
    from pipelines.proof.keys import verifier_key
    from pipelines.verify.signatures import as_findings

    trusted = [verifier_key(key) for key in keys]
    with reporting(common.invocation.ending) as report:
        found = check_continued(common.warehouse, path, trusted, report)
    checkpoint = found.checkpoint
    findings = list(as_findings(found.faults))
    where = f"{checkpoint.origin} with {counted(checkpoint.size, 'leaf', 'leaves')}"
    if common.json:
        print_document(
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                **describe_signed(found.signed),
                "findings": [asdict(finding) for finding in findings],
            }
        )
    else:
        for finding in findings:
            print_line(finding.line)
    if findings:
        message = f"{common.warehouse.name} doesn't continue {where}, or isn't whole"
        raise ProofError(message)
    if not common.json:
        print_line(f"continues {where} and root {checkpoint.root_text}")
        print_signed(found.signed)


def describe_signed(signed: "Signed") -> dict[str, Any]:
    """Return who signed a checkpoint as JSON shows it."""
    return {
        "authenticated": bool(signed.keys),
        "signed_by": list(signed.keys),
        "cosigned_by": [
            {"name": one.name, "cosigned_at": _instant(one.seconds)} for one in signed.cosigned
        ],
    }


def print_signed(signed: "Signed") -> None:
    """Print who signed a checkpoint."""
    for key in signed.keys:
        print_line(f"  signed by {key}")
    for one in signed.cosigned:
        print_line(f"  cosigned by {one.name} at {_instant(one.seconds)}")


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds after 1970"
