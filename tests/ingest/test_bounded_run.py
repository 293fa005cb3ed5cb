"""Runs of a pipeline in one process: as many as there are batches, and none leaves anything."""

import gc
import weakref

import apache_beam as beam

from pipelines.ingest.bounded_run import bounded_run


class _Cycle:
    """Something that only the collector removes, as runs leave it behind."""

    def __init__(self) -> None:
        self.itself = self


def test_what_one_run_leaves_behind_is_collected_in_the_next() -> None:
    """Only what was there before the first run is kept from the collector."""
    with bounded_run() as pipeline:
        _ = pipeline | beam.Create([1])
    left = weakref.ref(_Cycle())

    with bounded_run() as pipeline:
        _ = pipeline | beam.Create([1])
        gc.collect()
        assert left() is None
