"""Writes and reads drafts: the files of a close that was computed and not issued."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic import ValidationError

from pipelines.close.comparing import Stated, stated
from pipelines.close.seal import close_digest
from pipelines.errors import NotFoundError, UsageError
from pipelines.lake.closes import PeriodClose
from pipelines.lake.disk import replacing, sha256_of
from pipelines.outputs.documents import dumps
from pipelines.outputs.exports import sealed_path, write_statements
from pipelines.outputs.formats import Format
from schemas.canonical import canonical_json, content_sha256
from schemas.model import Strict
from schemas.scalars import Sha256

_MOST_BYTES: Final = 4_096
"""More than the file of a draft has."""


class _DraftFile(Strict):
    """The file that says what a draft is of."""

    digest: Sha256
    draft_sha256: Sha256
    """Of the other fields as they were written: of their canonical JSON."""
    files: dict[str, Sha256]
    """SHA-256 of each file beside it, by name."""
    log_seq: int
    period: str
    previous_digest: Sha256

    def sha256(self) -> str:
        """Return what `draft_sha256` has to be."""
        return content_sha256(canonical_json(self.model_dump(exclude={"draft_sha256"})))


@dataclass(frozen=True)
class Draft:
    """A close that was computed and not issued, in a folder."""

    folder: Path
    period: str
    digest: str
    """What the close would have been sealed with."""
    log_seq: int
    """How far it read the log."""

    def statements(self) -> Iterator[Stated]:
        """Read its statements, by `contributor_id`.

        Raises UsageError where a line is no statement.
        """
        path = sealed_path(self.folder, self.period)
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield stated(line.removesuffix(b"\n"))
                except ValidationError as error:
                    message = f"{path}: line {number} is no statement; make the draft again"
                    raise UsageError(message) from error


def draft_path(folder: Path, period: str) -> Path:
    """Return the path of the file that says what a draft is of."""
    return folder / f"draft-{period}.json"


def write_draft(
    connection: duckdb.DuckDBPyConnection, computed: PeriodClose, out: Path
) -> tuple[Path, ...]:
    """Write the exported statements into the folder `out` in all formats, all files or none.

    They are those that `view_exported` made so: the staged ones.

    Returns the paths; that of the file that says what the draft is of is the last.
    """
    period, path = computed.period, draft_path(out, computed.period)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        # the first on the stack appears last, and so speaks of files that are there
        place = stack.enter_context(replacing(path))
        written = [
            one for form in Format for one in write_statements(stack, connection, period, form, out)
        ]
        described: dict[str, Any] = {
            "digest": computed.digest,
            "files": {one.path.name: sha256_of(one.place) for one in written},
            "log_seq": computed.log_seq,
            "period": period,
            "previous_digest": computed.previous_digest,
        }
        described["draft_sha256"] = content_sha256(canonical_json(described))
        place.write_text(dumps(described) + "\n", encoding="utf-8")
    return (*(one.path for one in written), path)


def read_draft(folder: Path, period: str) -> Draft:
    """Read the draft of a period from a folder, and each of its files once, for their digests.

    Raises NotFoundError where a file isn't there, UsageError where one isn't as it was written.
    """
    path = draft_path(folder, period)
    described = _described(path)
    if described.period != period:
        message = f"{path}: this is the draft of {described.period}; name one of {period}"
        raise UsageError(message)
    if described.sha256() != described.draft_sha256:
        raise _changed(path)
    draft = Draft(folder, period, described.digest, described.log_seq)
    digest = _digest(draft, described.previous_digest)
    if digest != draft.digest:
        message = (
            f"{sealed_path(folder, period)} was changed since it was written: its statements have"
            f" the digest {digest}, but {path.name} has {draft.digest}; make the draft again"
        )
        raise UsageError(message)
    for name, sha256 in described.files.items():
        _refuse_unless_as_written(folder / name, sha256)
    return draft


def _described(path: Path) -> _DraftFile:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES)
        return _DraftFile.model_validate_json(text)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except ValidationError as error:
        message = f"{path}: this doesn't say what a draft is of; make the draft again"
        raise UsageError(message) from error


def _refuse_unless_as_written(path: Path, sha256: str) -> None:
    """Refuse a file of a draft that somebody may have read otherwise than it was computed."""
    try:
        found = sha256_of(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    if found != sha256:
        raise _changed(path)


def _changed(path: Path) -> UsageError:
    return UsageError(f"{path} was changed since it was written; make the draft again")


def _digest(draft: Draft, previous_digest: str) -> str:
    try:
        statements = ((one.contributor_id, one.digest) for one in draft.statements())
        return close_digest(previous_digest, draft.period, statements)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(sealed_path(draft.folder, draft.period)) from error


def _missing(path: Path) -> NotFoundError:
    return NotFoundError(
        f"{path}: not there; `manyhands close --dry-run --out DIR` writes a draft into DIR"
    )
