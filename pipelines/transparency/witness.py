"""What a log asks of a witness, and what it answers (c2sp.org/tlog-witness)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pipelines.transparency.note import (
    COSIGNER,
    Note,
    NoteError,
    Signature,
    VerifierKey,
    read_cosignatures,
    read_verifier_key,
)

ADD_CHECKPOINT: Final = "add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"

_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,18})\n?")


MOST_LINES: Final = 4
"""So many keys may a witness have at a time whose key nobody named."""


@dataclass(frozen=True)
class Witness:
    """Where a witness is asked."""

    url: str
    """What `add-checkpoint` is appended to."""
    key: VerifierKey | None
    """The key that it cosigns by; None where nobody named it."""


def read_witness(text: str) -> Witness:
    """Read `URL` or `URL#VKEY`.

    Raises NoteError where it is neither.
    """
    url, has_key, key = text.strip().partition("#")
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not url.isascii() or not url.isprintable() or " " in url:
        message = f"{text}: a witness is http://… or https://…, with #VKEY behind where it is known"
        raise NoteError(message)
    if parts.query or parts.username or parts.password:
        message = f"{parts.hostname}: the URL of a witness has no user, password or query"
        raise NoteError(message)
    read = read_verifier_key(key) if has_key else None
    if read and read.kind != COSIGNER:
        message = f"{key}: a key of a log; a witness has one of type 4"
        raise NoteError(message)
    return Witness(url.rstrip("/"), read)


def request(old: int, proof: Sequence[bytes], checkpoint: str) -> bytes:
    """Return what a witness is sent; the proof is from the size `old` to the checkpoint's."""
    hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{hashes}\n{checkpoint}".encode()


def read_size(body: bytes) -> int | None:
    """Return the size that a witness says it cosigned last; None where it says none."""
    matched = _SIZE.fullmatch(body.decode("ascii", "replace"))
    return int(matched[1]) if matched else None


def cosigned(witness: Witness, note: Note, origin: str, body: bytes) -> list[Signature]:
    """Return the cosignatures in a witness's answer, by its key where that is known.

    Raises NoteError where there is none, or one that its key should have made doesn't verify.
    """
    try:
        found = read_cosignatures(body.decode())
    except UnicodeDecodeError as error:
        message = "its answer isn't text"
        raise NoteError(message) from error
    if witness.key is None:
        kept = [signature for signature in found if signature.name != origin]
        if len(kept) > MOST_LINES:
            message = f"its answer has {len(kept)} lines, and a witness has at most {MOST_LINES}"
            raise NoteError(message)
    else:
        signed = Note(note.text, tuple(found)).signed_by([witness.key])
        kept = [signature for _, signature in signed]
    if not kept or any(not signature.cosigned_at for signature in kept):
        message = "its answer has no cosignature by the key that is named"
        raise NoteError(message)
    return kept
