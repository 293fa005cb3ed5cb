"""What can run the pipeline of an ingest, and the splitting of a close."""

from enum import StrEnum


class Runner(StrEnum):
    """A runner of Beam's."""

    EMBEDDED = "embedded"
    """In this process, and so for files and subscriptions alike."""
    DASK = "dask"
    """On the workers of a Dask cluster, for files."""
    PRISM = "prism"
    """Beam's own runner for one machine, in a process beside this one, for files."""


class CloseRunner(StrEnum):
    """What splits the pools of a close."""

    EMBEDDED = "embedded"
    """This process."""
    DASK = "dask"
    """The workers of a Dask cluster."""
