"""The steps as Beam transforms: cut, read, prove, decode, validate, fetch manifests.

Each is thin: what it does is a pure function of the module that it is named after. They stand
apart so that a producer's check, which takes the same functions, starts without Beam.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.ingest.cut import Group, cut
from pipelines.ingest.decode import decode
from pipelines.ingest.manifests import Manifests, fetch_manifest
from pipelines.ingest.outcome import Piece, Record
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.prove import prove
from pipelines.ingest.read import take_over
from pipelines.ingest.unread import received, unread
from pipelines.ingest.validate import validate
from pipelines.sources.limits import Limits
from schemas.record import Decoded, Event, Received

_RECORDS: Final = 500
"""Records of a piece: what is held of them is many times what they are as text."""


@dataclass
class Cut(beam.PTransform[Any, Any]):
    """Cut groups of sources into batches of portions, in a folder."""

    groups: Sequence[Group]
    folder: Path
    limits: Limits

    def expand(self, pipeline: Any) -> Any:  # noqa: ANN401  Beam's
        """Cut each group; there is nothing to hand on."""
        groups = beam.Create(list(self.groups), reshuffle=False)
        return pipeline | groups | beam.Map(cut, folder=self.folder, limits=self.limits)


@dataclass
class Read(beam.PTransform[Any, Any]):
    """Read the portions in files into pieces that nobody looked into."""

    paths: Sequence[Path]

    def expand(self, pipeline: Any) -> Any:  # noqa: ANN401  Beam's
        """Return one piece a portion; its parts go to the folder of its file."""
        paths = beam.Create(list(self.paths), reshuffle=False)
        return pipeline | paths | beam.Map(_read).with_output_types(Piece)


def _read(path: Path) -> Piece:
    return Piece(path.parent, [], unread=unread(take_over(path)))


@dataclass
class Prove(beam.PTransform[PCollection[Piece], PCollection[Piece]]):
    """Prove what can be proven of pieces, and leave the rest as `Received`."""

    now: datetime
    policy: Policy = EVERYONE

    def expand(self, pieces: PCollection[Piece]) -> Any:  # noqa: ANN401  Beam's
        """Return pieces of what is proven, and pieces of a few records of the rest."""
        prove_all = "Prove" >> beam.FlatMap(partial(_prove, self.now, self.policy))
        return pieces | prove_all.with_output_types(Piece)


def _prove(now: datetime, policy: Policy, piece: Piece) -> Iterator[Piece]:
    if piece.unread is None:
        yield piece
        return
    proven = prove(piece.unread.texts, now, policy)
    yield from (Piece(piece.parts, [], events=events) for events in proven.events)
    for start in range(0, len(proven.rest), _RECORDS):
        rows = proven.rest.slice(start, _RECORDS)
        yield Piece(piece.parts, list(received(piece.unread.texts.take(rows))))
    if piece.unread.apart:
        yield Piece(piece.parts, list(piece.unread.apart))


@dataclass
class Decode(beam.PTransform[PCollection[Piece], PCollection[Piece]]):
    """Decode each `Received` to a `Decoded` or a `Rejected`."""

    def expand(self, pieces: PCollection[Piece]) -> Any:  # noqa: ANN401 - Beam's wish
        """Return the same pieces, decoded."""
        return pieces | _each(decode, Received)


@dataclass
class Validate(beam.PTransform[PCollection[Piece], PCollection[Piece]]):
    """Validate each `Decoded` to an `Event` or a `Rejected`."""

    now: datetime | None
    """None: by the clock of the worker, at that moment."""
    policy: Policy = EVERYONE

    def expand(self, pieces: PCollection[Piece]) -> Any:  # noqa: ANN401 - Beam's wish
        """Return the same pieces, validated."""
        return pieces | _each(partial(_validate, self.now, self.policy), Decoded)


def _validate(now: datetime | None, policy: Policy, decoded: Decoded) -> Record:
    return validate(decoded, now or datetime.now(UTC).replace(tzinfo=None), policy)


@dataclass
class FetchManifests(beam.PTransform[PCollection[Piece], PCollection[Piece]]):
    """Fetch the manifests that each `Event` names."""

    manifests: Manifests

    def expand(self, pieces: PCollection[Piece]) -> Any:  # noqa: ANN401  Beam's
        """Return the same pieces, marked."""
        return pieces | _each(partial(fetch_manifest, manifests=self.manifests), Event)


def _each(step: Callable[[Any], Record], kind: type[Record]) -> Any:  # noqa: ANN401  Beam's
    """Return the transform that takes each record of a kind a step further."""
    # Beam takes the hints of a function's arguments, and stumbles over those of this one
    step_all = "Each" >> beam.Map(partial(_step_all, step, kind))
    return step_all.with_output_types(Piece)


def _step_all(step: Callable[[Any], Record], kind: type[Record], piece: Piece) -> Piece:
    records = [step(one) if isinstance(one, kind) else one for one in piece.records]
    return replace(piece, records=records)
