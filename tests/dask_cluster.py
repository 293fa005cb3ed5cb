"""A Dask cluster on this machine: a scheduler and two worker processes."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import LocalCluster


def start(workers: int = 2) -> "LocalCluster":
    """Start a cluster; a worker that is killed is replaced."""
    from distributed import LocalCluster

    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
    )


@pytest.fixture(scope="session")
def dask_cluster() -> "Iterator[LocalCluster]":
    """Run a cluster for all tests of a worker."""
    with start() as cluster:
        yield cluster
