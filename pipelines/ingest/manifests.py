"""Fetch the manifests that events name: copy, hash and check them before the commit (SPEC §3.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines.lake.manifest import Manifests
from pipelines.lake.manifest_rows import ManifestError
from schemas.record import Event


def fetch_manifests(events: Iterable[Event], manifests: Manifests) -> list[Event]:
    """Mark events whose manifest can't be used; the commit tells for which of them it counts."""
    marked = list(events)
    for event in marked:
        if event.manifest is not None:
            try:
                manifests.fetch(*event.manifest)
            except ManifestError as error:
                event.fault = (error.reason.value, error.message)
    return marked


@dataclass
class FetchManifests(beam.PTransform[Any, Any]):
    """Fetch the manifests of lists of `Event`."""

    manifests: Manifests

    def expand(self, events: Any) -> Any:  # noqa: ANN401  Beam's
        """Give the same lists, marked."""
        return events | beam.Map(fetch_manifests, manifests=self.manifests)
