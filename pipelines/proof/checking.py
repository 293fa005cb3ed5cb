"""Checks a statement's proof by the keys that somebody trusts; it needs no warehouse."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from pipelines.errors import ManyhandsError, NotFoundError, ProofError, UsageError
from pipelines.transparency.checkpoint import Checkpoint
from pipelines.transparency.leaves import statement_leaf
from pipelines.transparency.note import COSIGNER, MOST_BYTES, PLAIN, Note, NoteError, VerifierKey
from pipelines.transparency.tlog_proof import read_proof

_MOST_STATEMENT: Final = 1 << 30


@dataclass(frozen=True)
class Cosigned:
    """A witness that was named, and when it cosigned."""

    name: str
    seconds: int
    """Since 1970, as the witness says."""


@dataclass(frozen=True)
class Signed:
    """Who signed a checkpoint, of those that are trusted."""

    keys: tuple[str, ...]
    """The log's keys, as names and ids; none where no key was named."""
    cosigned: tuple[Cosigned, ...]


@dataclass(frozen=True)
class Checked:
    """What a proof was found to prove."""

    statement_id: str
    digest: str
    """The statement's SHA-256, in hex."""
    index: int
    checkpoint: Checkpoint
    signed: Signed


def check_proof(proof: Path, statement: Path, keys: Sequence[VerifierKey]) -> Checked:
    """Check that a statement is in the tree of a proof's checkpoint, and who signed that.

    One of the log's keys that are named has to have signed it, and each witness whose key is named;
    without keys nobody's signature is looked at.

    Raises NotFoundError where a file isn't there, ProofError where something doesn't hold,
    UsageError where only keys of witnesses are named.
    """
    sealed = _read(statement, _MOST_STATEMENT).removesuffix(b"\n").removesuffix(b"\r")
    statement_id, digest = _statement_id(statement, sealed), sha256(sealed).hexdigest()
    text = read_text(proof)
    try:
        found = read_proof(text)
        found.refuse_unless_of(statement_leaf(statement_id, digest))
        signed = signed_by(found.note, found.checkpoint, keys)
    except NoteError as error:
        message = f"{proof}: {error}"
        raise ProofError(message) from error
    return Checked(statement_id, digest, found.index, found.checkpoint, signed)


def signed_by(note: Note, checkpoint: Checkpoint, keys: Sequence[VerifierKey]) -> Signed:
    """Return who signed a checkpoint, of the keys that are trusted.

    Raises NoteError where none of the log's signed it, or a witness that is named didn't,
    UsageError where no key of a log is named.
    """
    if not keys:
        return Signed((), ())
    of_logs = [key for key in keys if key.kind == PLAIN]
    if not of_logs:
        message = "the keys named are of witnesses; name the log's with --key too"
        raise UsageError(message)
    named = [key for key in of_logs if key.name == checkpoint.origin]
    made = {key.text: signature for key, signature in note.signed_by([*named, *_witnesses(keys)])}
    if not any(key.text in made for key in named):
        message = (
            f"the checkpoint of {checkpoint.origin} isn't signed by a key that was named"
            f" ({', '.join(map(_in_short, of_logs))})"
        )
        raise NoteError(message)
    for key in _witnesses(keys):
        if key.text not in made:
            message = f"the checkpoint isn't cosigned by {_in_short(key)}"
            raise NoteError(message)
    return Signed(
        tuple(_in_short(key) for key in named if key.text in made),
        tuple(Cosigned(key.name, made[key.text].cosigned_at) for key in _witnesses(keys)),
    )


def read_text(path: Path) -> str:
    """Read a proof, or a checkpoint.

    Raises NotFoundError where it isn't there, ProofError where it can't be one.
    """
    try:
        return _read(path, MOST_BYTES).decode()
    except UnicodeDecodeError as error:
        message = f"{path}: not text"
        raise ProofError(message) from error


def _witnesses(keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    return [key for key in keys if key.kind == COSIGNER]


def _in_short(key: VerifierKey) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            read = file.read(most + 1)
    except FileNotFoundError as error:
        message = f"{path}: no such file"
        raise NotFoundError(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise ManyhandsError(message) from error
    if len(read) > most:
        message = f"{path}: too large to be what it should be"
        raise ProofError(message)
    return read


def _statement_id(path: Path, sealed: bytes) -> str:
    try:
        statement_id = json.loads(sealed)["statement_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        statement_id = None
    if not isinstance(statement_id, str) or not statement_id.isascii():
        message = f"{path}: not a statement as it was sealed"
        raise ProofError(message)
    return statement_id
