"""Makes and reads the key that checkpoints are signed by: a file that only its owner may read."""

import os
import stat
from pathlib import Path
from typing import Final

from pipelines.errors import ConflictError, ManyhandsError, NotFoundError, UsageError
from pipelines.lake.disk import added
from pipelines.transparency.note import (
    PRIVATE,
    NoteError,
    Signer,
    VerifierKey,
    generated,
    read_signer,
    read_verifier_key,
)

_MODE: Final = 0o600
_MOST_BYTES: Final = 4_096


def make_key(name: str, path: Path) -> VerifierKey:
    """Write a new key to a file that isn't there yet, whole or not at all.

    Returns what others verify by.

    Raises UsageError where a key can't have the name, ConflictError where something is there,
    ManyhandsError where the file can't be written.
    """
    try:
        signer = generated(name)
    except NoteError as error:
        raise UsageError(str(error)) from error
    try:
        with added(path) as written:
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, _MODE)
                file.write(signer.key_file)
    except FileExistsError as error:
        message = (
            f"{path} is there already, and a key is never written over; name another file with"
            " --signing-key FILE"
        )
        raise ConflictError(message) from error
    except OSError as error:
        message = (
            f"{path}: the key can't be written ({error.strerror}), and nothing of it is left; mend"
            " that, or name another file with --signing-key FILE"
        )
        raise ManyhandsError(message) from error
    return signer.verifier_key


def read_key(path: Path) -> Signer:
    """Read the key that checkpoints are signed by.

    Raises NotFoundError where it isn't there, ManyhandsError where others than its owner may do
    anything with it, or it is no key. What it holds is never shown.
    """
    if PRIVATE in str(path):
        message = "a key's file has to be named, and not the key, which nobody else may see"
        raise UsageError(message)
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            written = file.read(_MOST_BYTES)
    except FileNotFoundError as error:
        message = f"{path}: no such key; make one with `manyhands keygen NAME`"
        raise NotFoundError(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}; let this user read the key that --signing-key names"
        raise ManyhandsError(message) from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & ~_MODE:
        message = (
            f"{path} has the mode {mode:04o}, and a key has to be its owner's alone; `chmod 600`"
            " it, and make another where somebody else could have read it"
        )
        raise ManyhandsError(message)
    try:
        return read_signer(written.decode())
    except (NoteError, UnicodeDecodeError):
        message = f"{path}: not a key as `manyhands keygen` writes it; name another file"
        raise ManyhandsError(message) from None


def verifier_key(text: str) -> VerifierKey:
    """Read a key that others verify by.

    Raises UsageError where it isn't one.
    """
    try:
        return read_verifier_key(text)
    except NoteError as error:
        raise UsageError(str(error)) from error
