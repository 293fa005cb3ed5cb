"""Asks witnesses to cosign the last checkpoint, and keeps what they sign."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import duckdb

from pipelines.errors import NotFoundError, UsageError
from pipelines.lake import cosignatures, reading, tree
from pipelines.lake.catalogs import located
from pipelines.lake.connection import connect
from pipelines.lake.cosignatures import Cosignature
from pipelines.lake.warehouse import Warehouse
from pipelines.outputs.witnesses import SECONDS, Answer, ask_all
from pipelines.proof.proving import last_checkpoint
from pipelines.transparency.checkpoint import Checkpoint, read_checkpoint
from pipelines.transparency.note import Note, NoteError, Signature
from pipelines.transparency.tree import consistency
from pipelines.transparency.witness import (
    ADD_CHECKPOINT,
    SIZE_TYPE,
    Witness,
    cosigned,
    read_size,
    read_witness,
    request,
)

_OK: Final = 200
_CONFLICT: Final = 409
_SINCE: Final = datetime(1970, 1, 1)  # noqa: DTZ001  naive is UTC here
_REFUSALS: Final = {
    400: "it says that the request is wrong",
    403: "it doesn't know the key, or the signature doesn't fit; give it the log's verifier key",
    404: "it doesn't know the log; give it the log's origin and verifier key",
    422: "it says that this tree doesn't continue the one that it cosigned",
    429: "it was asked too often",
}


class Outcome(StrEnum):
    """What came of asking a witness."""

    COSIGNED = "cosigned"
    ALREADY = "already"
    FAILED = "failed"


@dataclass(frozen=True)
class Asked:
    """A witness, and what came of asking it."""

    url: str
    outcome: Outcome
    message: str
    """Of one that cosigned: by which keys."""


def witnesses_of(texts: Sequence[str]) -> list[Witness]:
    """Read witnesses as they are named: `URL` or `URL#VKEY`.

    Raises UsageError where one isn't.
    """
    try:
        return list({one.url: one for one in map(read_witness, texts)}.values())
    except NoteError as error:
        raise UsageError(str(error)) from error


def ask_witnesses(
    warehouse: Warehouse, witnesses: Sequence[Witness], seconds: float = SECONDS
) -> list[Asked]:
    """Have witnesses cosign the last checkpoint, and keep what they sign; nothing they do raises.

    Each is sent the proof that the tree continues the one that it cosigned before: what is stored
    says which, else the witness itself. They are waited for twice `seconds` at most.

    Raises NotFoundError where no close is signed.
    """
    warehouse = located(warehouse)
    with reading.connect(warehouse) as connection:
        asking = _Asking(connection, *_signed(connection))
        asked = list(asking.ask(witnesses, seconds))
    if asking.new:
        with connect(warehouse) as connection:
            cosignatures.keep(connection, warehouse, asking.new)
    return asked


def _signed(connection: duckdb.DuckDBPyConnection) -> tuple[str, str, Checkpoint, Note]:
    signed, _ = last_checkpoint(connection)
    if signed.checkpoint is None:
        message = f"{signed.period} isn't signed"
        raise NotFoundError(message)
    return signed.period, signed.checkpoint, *read_checkpoint(signed.checkpoint)


class _Asking:
    """One checkpoint, and what witnesses signed of it."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        period: str,
        written: str,
        checkpoint: Checkpoint,
        note: Note,
    ) -> None:
        self.connection = connection
        self.period, self.written, self.checkpoint, self.note = period, written, checkpoint, note
        self.new: list[Cosignature] = []

    def ask(self, witnesses: Sequence[Witness], seconds: float) -> Iterator[Asked]:
        """Ask all at once, and those that know another size again."""
        sizes = {one: cosignatures.cosigned_size(self.connection, one.url) for one in witnesses}
        for one in witnesses:
            if sizes[one] == self.checkpoint.size:
                message = f"cosigned the checkpoint of {self.period} before"
                yield Asked(one.url, Outcome.ALREADY, message)
        first = {one: size for one, size in sizes.items() if size != self.checkpoint.size}
        again: dict[Witness, int] = {}
        for one, answer in self._send(first, seconds):
            size = read_size(answer.body) if answer.type == SIZE_TYPE else None
            if answer.status == _CONFLICT and size is not None and size <= self.checkpoint.size:
                again[one] = size
            else:
                yield self._judged(one, answer, size)
        for one, answer in self._send(again, seconds):
            yield self._judged(one, answer, None)

    def _send(
        self, sizes: Mapping[Witness, int], seconds: float
    ) -> Iterator[tuple[Witness, Answer]]:
        requests = {
            f"{one.url}/{ADD_CHECKPOINT}": request(
                size,
                tree.range_hashes(self.connection, consistency(size, self.checkpoint.size)),
                self.written,
            )
            for one, size in sizes.items()
        }
        answers = ask_all(requests, seconds)
        return ((one, answers[f"{one.url}/{ADD_CHECKPOINT}"]) for one in sizes)

    def _judged(self, witness: Witness, answer: Answer, size: int | None) -> Asked:
        failed = Asked(witness.url, Outcome.FAILED, "")
        if size is not None:
            message = (
                f"it cosigned {size} leaves of {self.checkpoint.origin}, and this tree has"
                f" {self.checkpoint.size}: was this warehouse put back to an earlier state?"
            )
            return replace(failed, message=message)
        if answer.status != _OK:
            message = _REFUSALS.get(answer.status, f"it answered {answer.status}")
            return replace(failed, message=answer.fault or message)
        try:
            made = cosigned(witness, self.note, self.checkpoint.origin, answer.body)
            self.new.extend([self._kept(witness, signature) for signature in made])
        except (NoteError, OverflowError) as error:
            return replace(failed, message=str(error))
        names = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in made)
        return Asked(witness.url, Outcome.COSIGNED, names)

    def _kept(self, witness: Witness, signature: Signature) -> Cosignature:
        return Cosignature(
            self.period,
            witness.url,
            signature.name,
            signature.key_id.hex(),
            signature.line,
            witness.key.text if witness.key else None,
            _SINCE + timedelta(seconds=signature.cosigned_at),
        )
