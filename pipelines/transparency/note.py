"""Signed notes and their keys (c2sp.org/signed-note), by Ed25519.

Cosignatures are those of c2sp.org/tlog-cosignature. What signs and verifies is `cryptography`.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

PLAIN: Final = 1
"""The type of a key that signs the text of a note: a log's."""
COSIGNER: Final = 4
"""The type of a key that signs the text and a time: a witness's."""

MOST_BYTES: Final = 1 << 20
MOST_SIGNATURES: Final = 100
_DASH: Final = "\N{EM DASH}"
_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_TIME_BYTES: Final = 8
PRIVATE: Final = "PRIVATE+KEY+"
_WITNESS_SIGNATURES: Final = (_TIME_BYTES + 64, _TIME_BYTES + 2_420)
"""How long a cosignature is: one by Ed25519, or by ML-DSA-44."""


class NoteError(Exception):
    """A note, a signature or a key isn't what it has to be; the message says why."""


@dataclass(frozen=True)
class Signature:
    """A line below a note."""

    name: str
    key_id: bytes
    signed: bytes
    """What the key made: of a cosignature the time, then the signature."""

    @property
    def line(self) -> str:
        """The line, with its end."""
        return f"{_DASH} {self.name} {_base64(self.key_id + self.signed)}\n"

    @property
    def cosigned_at(self) -> int:
        """Of a cosignature: when it was made, in seconds since 1970."""
        return int.from_bytes(self.signed[:_TIME_BYTES])


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name that it signs under."""

    name: str
    kind: int
    """PLAIN or COSIGNER."""
    public: bytes

    @property
    def key_id(self) -> bytes:
        """What a signature names its key by, beside the name."""
        return _key_id(self.name, self.kind, self.public)

    @property
    def text(self) -> str:
        """The key as it is written: `name+id+key`."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def made(self, signature: Signature) -> bool:
        """Return whether a signature says that this key made it."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verifies(self, text: str, signature: Signature) -> bool:
        """Return whether this key signed a note's text so."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        signed, message = signature.signed, text.encode()
        if self.kind == COSIGNER:
            signed = signed[_TIME_BYTES:]
            message = f"cosignature/v1\ntime {signature.cosigned_at}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signed, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key with the name that it signs under; it is never shown."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier_key(self) -> VerifierKey:
        """The public key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, PLAIN, private.public_key().public_bytes_raw())

    @property
    def key_file(self) -> str:
        """The private key as it is written to a file."""
        key_id = self.verifier_key.key_id.hex()
        return f"{PRIVATE}{self.name}+{key_id}+{_base64(bytes([PLAIN]) + self.seed)}\n"

    def signed(self, text: str) -> str:
        """Return a note of a text, with one signature."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        made = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n{Signature(self.name, self.verifier_key.key_id, made).line}"


@dataclass(frozen=True)
class Note:
    """A text, and the signatures below it."""

    text: str
    """With the end of its last line."""
    signatures: tuple[Signature, ...]

    def signed_by(self, keys: Iterable[VerifierKey]) -> Iterator[tuple[VerifierKey, Signature]]:
        """Yield the signatures that keys of ours made, each with its key.

        Raises NoteError where one says that it is, and isn't.
        """
        for key in keys:
            for signature in self.signatures:
                if key.made(signature):
                    if not key.verifies(self.text, signature):
                        message = f"the signature of {_named(key)} doesn't fit"
                        raise NoteError(message)
                    yield key, signature
                    break


def generated(name: str) -> Signer:
    """Return a new key.

    Raises NoteError where the name can't be one.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    refuse_unless_name(name)
    return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw())


def read_signer(text: str) -> Signer:
    """Read a private key.

    Raises NoteError, which says nothing of what was read, where it isn't one.
    """
    message = "not a private key as `manyhands keygen` writes it"
    name, key_id, key = _parts(text.removesuffix("\n").removeprefix(PRIVATE), message)
    if not text.startswith(PRIVATE) or len(key) != 1 + _KEY_BYTES or key[0] != PLAIN:
        raise NoteError(message)
    signer = Signer(name, key[1:])
    if signer.verifier_key.key_id.hex() != key_id:
        raise NoteError(message)
    return signer


def read_verifier_key(text: str) -> VerifierKey:
    """Read a public key.

    Raises NoteError where it isn't one, or of another kind than Ed25519.
    """
    if text.strip().startswith(PRIVATE):
        message = "that is a private key, which nobody else may see; name its verifier key"
        raise NoteError(message)
    message = f"{text}: not a verifier key, which is NAME+ID+KEY"
    name, key_id, key = _parts(text.strip(), message)
    if not key or _key_id(name, key[0], key[1:]).hex() != key_id:
        raise NoteError(message)
    if key[0] not in {PLAIN, COSIGNER} or len(key) != 1 + _KEY_BYTES:
        message = f"{text}: a key of another kind than Ed25519 (types 1 and 4)"
        raise NoteError(message)
    return VerifierKey(name, key[0], key[1:])


def read_note(written: str) -> Note:
    """Read a note.

    Raises NoteError where it isn't one.
    """
    if len(written) > MOST_BYTES or any(letter < " " and letter != "\n" for letter in written):
        message = "not a signed note: too long, or with control characters"
        raise NoteError(message)
    text, blank, below = written.rpartition("\n\n")
    if not blank or not text:
        message = "not a signed note: no empty line before its signatures"
        raise NoteError(message)
    return Note(text + "\n", tuple(read_signatures(below)))


def read_signatures(written: str) -> Sequence[Signature]:
    """Read lines of signatures.

    Raises NoteError where there are none, or too many, or one is none.
    """
    if not written.endswith("\n") or written.count("\n") > MOST_SIGNATURES:
        message = "no lines of signatures"
        raise NoteError(message)
    return [_read_signature(line) for line in written[:-1].split("\n")]


def read_cosignatures(written: str) -> Sequence[Signature]:
    """Read lines of cosignatures.

    Raises NoteError where there are none, or one can't be a cosignature.
    """
    found = read_signatures(written)
    for signature in found:
        if len(signature.signed) not in _WITNESS_SIGNATURES:
            message = f"the signature of {signature.name} is no cosignature"
            raise NoteError(message)
    return found


def refuse_unless_name(name: str) -> None:
    """Raise NoteError where a key can't have a name."""
    if not name or "+" in name or any(one.isspace() or not one.isprintable() for one in name):
        message = f"{name!r} can't be a key's name: such as royalties.example/manyhands, without +"
        raise NoteError(message)


def exact_base64(text: str) -> bytes:
    """Return what a text in base64 means.

    Raises NoteError where it isn't base64 as it would be written again.
    """
    try:
        meant = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        meant = b""
    if not meant or _base64(meant) != text:
        message = f"{text[:100]!r} isn't base64"
        raise NoteError(message)
    return meant


def _read_signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, signed = rest.partition(" ")
    if dash != _DASH:
        message = f"{line[:100]!r} is no line of a signature"
        raise NoteError(message)
    refuse_unless_name(name)
    meant = exact_base64(signed)
    if len(meant) <= _ID_BYTES:
        message = f"the signature of {name} is too short"
        raise NoteError(message)
    return Signature(name, meant[:_ID_BYTES], meant[_ID_BYTES:])


def _parts(text: str, message: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, key = rest.partition("+")
    try:
        refuse_unless_name(name)
        return name, key_id, exact_base64(key)
    except NoteError:
        raise NoteError(message) from None


def _key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:_ID_BYTES]


def _named(key: VerifierKey) -> str:
    return f"{key.name} (key {key.key_id.hex()})"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
