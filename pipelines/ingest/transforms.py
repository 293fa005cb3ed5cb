"""The steps as Beam transforms: read, decode, validate, fetch manifests.

Each is thin: what it does is a pure function of the module that it is named after. They stand
apart so that a producer's check, which takes the same functions, starts without Beam.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import DoOutputsTuple, PCollection

from pipelines.ingest.decode import decode
from pipelines.ingest.manifests import Manifests, fetch_manifests
from pipelines.ingest.outcome import REJECTED, Refusals, apart
from pipelines.ingest.policy import EVERYONE, Policy
from pipelines.ingest.read import take_over
from pipelines.ingest.validate import validate
from schemas.record import Decoded, Event, Received


@dataclass
class Read(beam.PTransform[Any, Any]):
    """Read the portions in files into lists of `Received`."""

    paths: Sequence[Path]

    def expand(self, pipeline: Any) -> Any:  # noqa: ANN401  Beam's
        """Return one list a portion."""
        paths = beam.Create(list(self.paths), reshuffle=False)
        return pipeline | paths | beam.Map(take_over).with_output_types(list[Received])


@dataclass
class Decode(beam.PTransform[PCollection[list[Received]], DoOutputsTuple]):
    """Decode lists of `Received` into lists of `Decoded`, and of `Rejected` under `REJECTED`."""

    def expand(self, received: PCollection[list[Received]]) -> Any:  # noqa: ANN401 - Beam's wish
        """Tag what failed, batch by batch."""
        return received | beam.FlatMap(_decode_all).with_outputs(REJECTED, main="decoded")


def _decode_all(batch: list[Received]) -> Iterator[list[Decoded] | Refusals]:
    return apart(map(decode, batch))


@dataclass
class Validate(beam.PTransform[PCollection[list[Decoded]], DoOutputsTuple]):
    """Validate lists of `Decoded` into lists of `Event`, and of `Rejected` under `REJECTED`."""

    now: datetime
    policy: Policy = EVERYONE

    def expand(self, decoded: PCollection[list[Decoded]]) -> Any:  # noqa: ANN401 - Beam's wish
        """Tag what failed, batch by batch."""
        validate_all = beam.FlatMap(_validate_all, now=self.now, policy=self.policy)
        return decoded | validate_all.with_outputs(REJECTED, main="events")


def _validate_all(
    batch: list[Decoded], now: datetime, policy: Policy
) -> Iterator[list[Event] | Refusals]:
    return apart(validate(decoded, now, policy) for decoded in batch)


@dataclass
class FetchManifests(beam.PTransform[Any, Any]):
    """Fetch the manifests of lists of `Event`."""

    manifests: Manifests

    def expand(self, events: Any) -> Any:  # noqa: ANN401  Beam's
        """Return the same lists, marked."""
        return events | beam.Map(fetch_manifests, manifests=self.manifests)
